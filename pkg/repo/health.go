package repo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// healthRow is a state of a source as table health keeps it.
type healthRow struct {
	model.Health
	Synced bool
}

// healthStored are the columns of table health but its number.
var healthStored = []string{
	"uid", "source", "log_time", "is_healthy", "details", "is_synced",
	"received_at", "last_at", "last_received_at", "last_details", "signs", "doubts",
}

var selectHealth = "SELECT id, " + strings.Join(healthStored[1:], ", ") + " FROM health "

// targets are the destinations for the values of selectHealth.
func (r *healthRow) targets() []any {
	return []any{
		&r.ID, &r.Source, (*sqldb.Moment)(&r.LogTime), &r.Healthy, &r.Details, &r.Synced,
		(*sqldb.Moment)(&r.ReceivedAt), (*sqldb.Moment)(&r.Last.LogTime), (*sqldb.Moment)(&r.Last.ReceivedAt), &r.Last.Details, &r.Signs, &r.Doubts,
	}
}

// identity are the values of the first columns of healthStored, by which a state
// is known.
func (r *healthRow) identity(to []any) []any {
	return append(to, sqldb.UID(r.UID()), r.Source, sqldb.At(r.LogTime), r.Healthy, r.Details)
}

// rest are the values of the columns that may change.
func (r *healthRow) rest(to []any) []any {
	return append(to, r.Synced, sqldb.AtOrNull(r.ReceivedAt), sqldb.AtOrNull(r.Last.LogTime), sqldb.AtOrNull(r.Last.ReceivedAt),
		r.Last.Details, string(r.Signs), string(r.Doubts))
}

// healthRows reads the rows that a condition selects.
func (b bulk) healthRows(ctx context.Context, where string, args ...any) ([]healthRow, error) {
	rows, err := b.Query(ctx, selectHealth+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []healthRow
	for rows.Next() {
		var r healthRow
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// healths reads the states that a condition selects.
func (b bulk) healths(ctx context.Context, where string, args ...any) ([]model.Health, error) {
	rows, err := b.healthRows(ctx, where, args...)
	if err != nil {
		return nil, err
	}
	all := make([]model.Health, len(rows))
	for i := range rows {
		all[i] = rows[i].Health
	}
	return all, nil
}

// newestHealth selects the latest states of a source. Of several at one instant
// the one stored last comes first.
const newestHealth = "WHERE source = ?%s ORDER BY log_time DESC, id DESC LIMIT ?"

// LatestHealth returns the state of a source that began last. Error:
// model.ErrNotFound.
func (r reader) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	latest, err := r.reads().healths(ctx, fmt.Sprintf(newestHealth, ""), source, 1)
	if err == nil && len(latest) == 0 {
		err = model.ErrNotFound
	}
	if err != nil {
		return model.Health{}, r.db.Fail(ctx, "read latest health", err)
	}
	return latest[0], nil
}

// HealthHistory returns the states of a source that began or lasted since from,
// newest first, at most limit.
func (r reader) HealthHistory(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	at := sqldb.At(sqldb.RoundUp(from))
	history, err := r.reads().healths(ctx, fmt.Sprintf(newestHealth, " AND log_time >= ?"), source, at, limit)
	if err == nil && len(history) < limit {
		var before []model.Health
		before, err = r.reads().healths(ctx, fmt.Sprintf(newestHealth, " AND log_time < ?"), source, at, 1)
		if len(before) > 0 && !before[0].Last.LogTime.Before(at.Time) {
			history = append(history, before...)
		}
	}
	return history, r.db.Fail(ctx, "read health history", err)
}
