package repo

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/status"
)

// healthRow is a health status as table health keeps it.
type healthRow struct {
	ID        int64     `gorm:"primaryKey"`
	UID       sqldb.UID `gorm:"column:uid"`
	Source    int
	LogTime   sqldb.Time
	IsHealthy bool
	Details   string
	IsSynced  bool
}

// TableName implements gorm's schema.Tabler.
func (healthRow) TableName() string { return "health" }

func (r *healthRow) health() model.Health {
	return model.Health{ID: r.ID, Source: r.Source, LogTime: r.LogTime.Time, Healthy: r.IsHealthy, Details: r.Details}
}

// StoreHealth stores a health status as the rule says, given the latest status
// of the source; storing the same one again changes nothing. rule may be called
// more than once, so it must have no effects. Error: model.ErrUnavailable.
func (w *writer) StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error {
	return w.commit(ctx, "store health", func(ctx context.Context, tx *writing) error {
		last, err := firstRow[healthRow](locking(newestHealth(tx.gorm(ctx), h.Source)))
		if err != nil {
			return err
		}
		return tx.absorbHealths(ctx, []model.Health{rule(h, last.health())}, false)
	})
}

// AbsorbHealths stores statuses that come from another node, all or none.
// Copies of stored statuses change nothing. synced says that the sync node has
// them. Error: model.ErrUnavailable.
func (w *writer) AbsorbHealths(ctx context.Context, healths []model.Health, synced bool) error {
	return w.commit(ctx, "absorb health", func(ctx context.Context, tx *writing) error {
		return tx.absorbHealths(ctx, healths, synced)
	})
}

func (tx *writing) absorbHealths(ctx context.Context, healths []model.Health, synced bool) error {
	synced = synced || tx.onStation
	const row = "(?, ?, ?, ?, ?, ?)"
	err := tx.InParts(ctx, len(healths), tx.Dialect.RowsPerInsert(), func(rows int) string {
		return "INSERT INTO health (uid, source, log_time, is_healthy, details, is_synced) VALUES " +
			row + strings.Repeat(", "+row, rows-1) + confirmHealth[tx.Dialect.Kind()]
	}, func(i int, to []any) []any {
		h := &healths[i]
		return append(to, sqldb.UID(h.UID()), h.Source, sqldb.At(h.LogTime), h.Healthy, h.Details, synced)
	})
	if err != nil || !synced {
		return err
	}
	uids := make([]model.Fingerprint, len(healths))
	for i := range healths {
		uids[i] = healths[i].UID()
	}
	return tx.unpark(ctx, model.KindHealth, uids)
}

// confirmHealth extends an INSERT of health statuses. For a status that is
// already stored, the only possible change is that it becomes synced.
var confirmHealth = map[sqldb.Kind]string{
	sqldb.SQLite: " ON CONFLICT (uid) DO UPDATE SET is_synced = 1 WHERE excluded.is_synced > health.is_synced",
	sqldb.MySQL:  " ON DUPLICATE KEY UPDATE is_synced = is_synced OR VALUES(is_synced)",
}

const healthColumns = "SELECT id, source, log_time, is_healthy, details FROM health "

// healths reads the statuses that a condition selects.
func (b bulk) healths(ctx context.Context, where string, args ...any) ([]model.Health, error) {
	rows, err := b.Query(ctx, healthColumns+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []model.Health
	for rows.Next() {
		var r healthRow
		if err := rows.Scan(&r.ID, &r.Source, &r.LogTime, &r.IsHealthy, &r.Details); err != nil {
			return nil, err
		}
		all = append(all, r.health())
	}
	return all, rows.Err()
}

// LatestHealth returns the status with the latest log time of a source. Of
// several at the same instant it returns the one stored last. Error:
// model.ErrNotFound.
func (r reader) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var row healthRow
	err := newestHealth(r.db.Read.WithContext(ctx), source).Take(&row).Error
	return row.health(), r.db.Fail(ctx, "read latest health", err)
}

// HealthHistory returns the statuses of a source since from, newest first, at
// most limit.
func (r reader) HealthHistory(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []healthRow
	err := newestHealth(r.db.Read.WithContext(ctx), source).
		Where("log_time >= ?", sqldb.At(sqldb.RoundUp(from))).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, r.db.Fail(ctx, "read health history", err)
	}
	history := make([]model.Health, len(rows))
	for i := range rows {
		history[i] = rows[i].health()
	}
	return history, nil
}

func newestHealth(g *gorm.DB, source int) *gorm.DB {
	return g.Where("source = ?", source).Order("log_time DESC, id DESC")
}
