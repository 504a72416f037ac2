package repo

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
)

// healthRow is a health status as table health keeps it.
type healthRow struct {
	ID        int64 `gorm:"primaryKey"`
	UID       dbUID `gorm:"column:uid"`
	Source    int
	LogTime   dbTime
	IsHealthy bool
	Details   string
	IsSynced  bool
}

// TableName implements gorm's schema.Tabler.
func (healthRow) TableName() string { return "health" }

func (r *healthRow) health() model.Health {
	return model.Health{ID: r.ID, Source: r.Source, LogTime: r.LogTime.Time, Healthy: r.IsHealthy, Details: r.Details}
}

// StoreHealth stores a health status; storing the same one again changes
// nothing. Error: model.ErrUnavailable.
func (db *DB) StoreHealth(ctx context.Context, h model.Health) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	row := healthRow{
		UID:       dbUID(h.UID()),
		Source:    h.Source,
		LogTime:   dbTime{h.LogTime},
		IsHealthy: h.Healthy,
		Details:   h.Details,
	}
	err := db.retry(ctx, func() error {
		return db.write.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
	return db.fail(ctx, "store health", err)
}

// LatestHealth returns the status with the latest log time of a source; of
// several at one instant the one stored last. Error: model.ErrNotFound.
func (db *DB) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var row healthRow
	err := newestHealth(db.read.WithContext(ctx), source).Take(&row).Error
	return row.health(), db.fail(ctx, "read latest health", err)
}

// HealthHistory returns the statuses of a source since from, newest first, at
// most limit.
func (db *DB) HealthHistory(ctx context.Context, source int, from time.Time, limit int) ([]model.Health, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var rows []healthRow
	err := newestHealth(db.read.WithContext(ctx), source).
		Where("log_time >= ?", dbTime{roundUp(from)}).Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, db.fail(ctx, "read health history", err)
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
