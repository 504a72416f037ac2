package repo

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// recordQuery is a query in SQL.
type recordQuery model.RecordQuery

// Records returns the records that q selects, raw, in the order of model.Position, and
// where to continue: nil where these are the last ones. What is stored or moved
// while somebody reads page by page may or may not be among them, everything
// else comes exactly once. Error: model.ErrUnavailable.
func (r reader) Records(ctx context.Context, q model.RecordQuery) ([]model.Record, *model.Position, error) {
	ctx, cancel := r.db.deadline(ctx)
	defer cancel()
	found, next, err := r.db.reads().recordPage(ctx, q)
	if err == nil {
		err = r.learnContents(ctx, unknown(found))
	}
	if err != nil {
		return nil, nil, r.db.fail(ctx, "read records", err)
	}
	return plain(found), next, nil
}

// recordPage reads the records of a page.
func (b bulk) recordPage(ctx context.Context, q model.RecordQuery) ([]*storedRecord, *model.Position, error) {
	ids, next, err := b.page(ctx, "playlog", "log_source", "played_at", q)
	if err != nil {
		return nil, nil, err
	}
	found, err := numberedRows(ids, func(where string) ([]*storedRecord, error) { return b.records(ctx, recordColumns+where, "") })
	slices.SortFunc(found, func(a, b *storedRecord) int {
		return cmp.Or(a.playedAt.Compare(b.playedAt), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	return found, next, err
}

// numberedRows reads the rows of those numbers, in any order.
func numberedRows[T any](ids []int64, read func(where string) ([]T, error)) ([]T, error) {
	var found []T
	for part := range slices.Chunk(ids, maxList) {
		some, err := read("WHERE " + inNumbers("id", part))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// page looks up in the index alone which rows a page has, and where the next one
// begins. Asked for the rows themselves, MariaDB would read the index from the
// beginning of the source instead of from the position, so each page would take
// longer than the one before.
func (b bulk) page(ctx context.Context, table, source, at string, q model.RecordQuery) (ids []int64, next *model.Position, err error) {
	where, args := recordQuery(q).where(source, at)
	rows, err := b.query(ctx, "SELECT "+at+", id FROM "+table+" "+where, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var when dbTime
	var id int64
	for rows.Next() {
		if err := rows.Scan(&when, &id); err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	if len(ids) == recordQuery(q).limit() {
		next = &model.Position{PlayedAt: when.Time, ID: id}
	}
	return ids, next, nil
}

// HealthRecords is Records for health statuses; PlayedAt of a position is then
// the log time.
func (r reader) HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	ctx, cancel := r.db.deadline(ctx)
	defer cancel()
	found, next, err := r.db.reads().healthPage(ctx, q)
	return found, next, r.db.fail(ctx, "read health records", err)
}

// healthPage reads the statuses of a page.
func (b bulk) healthPage(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error) {
	ids, next, err := b.page(ctx, "health", "source", "log_time", q)
	if err != nil {
		return nil, nil, err
	}
	found, err := numberedRows(ids, func(where string) ([]model.Health, error) { return b.healths(ctx, where) })
	slices.SortFunc(found, func(a, b model.Health) int {
		return cmp.Or(a.LogTime.Compare(b.LogTime), cmp.Compare(a.ID, b.ID))
	})
	return found, next, err
}

func (q recordQuery) limit() int {
	if q.Limit == 0 {
		return math.MaxInt32
	}
	return q.Limit
}

// where is the query from its WHERE to its end.
func (q recordQuery) where(source, at string) (where string, args []any) {
	from := q.From
	if q.After != nil && from.Before(q.After.PlayedAt) {
		from = q.After.PlayedAt // the bound of the range, as in model.EntryQuery
	}
	where, args = between(source, at, q.Source, from, q.To)
	if q.After != nil {
		where += " AND (" + at + " > ? OR id > ?)"
		args = append(args, dbTime{q.After.PlayedAt}, q.After.ID)
	}
	return where + " ORDER BY " + at + ", id LIMIT ?", append(args, q.limit())
}

// between selects what a source did in [from, to); zero is open.
func between(sourceColumn, atColumn string, source int, from, to time.Time) (where string, args []any) {
	where, args = "WHERE "+sourceColumn+" = ?", []any{source}
	if !from.IsZero() {
		where += " AND " + atColumn + " >= ?"
		args = append(args, dbTime{roundUp(from)})
	}
	if !to.IsZero() {
		where += " AND " + atColumn + " < ?"
		args = append(args, dbTime{roundUp(to)})
	}
	return where, args
}
