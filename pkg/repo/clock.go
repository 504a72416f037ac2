package repo

import (
	"context"
	"encoding/json"

	"aura.radio/engine/pkg/model"
)

// clockRow is a studio clock as table clock keeps it.
type clockRow struct {
	Source int `gorm:"primaryKey;autoIncrement:false"`
	SentAt dbTime
	Body   string
}

// TableName implements gorm's schema.Tabler.
func (clockRow) TableName() string { return "clock" }

// StoreClock keeps the clock of a source, unless a later one is there already.
// Error: model.ErrUnavailable.
func (db *DB) StoreClock(ctx context.Context, c model.Clock) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.retry(ctx, func() error {
		return db.write.WithContext(ctx).Exec(db.dialect.storeClock(), c.Source, dbTime{c.SentAt}, string(c.Body)).Error
	})
	return db.fail(ctx, "store clock", err)
}

// Clock returns the clock that a source sent last. Error: model.ErrNotFound.
func (db *DB) Clock(ctx context.Context, source int) (model.Clock, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var row clockRow
	if err := db.read.WithContext(ctx).Where("source = ?", source).Take(&row).Error; err != nil {
		return model.Clock{}, db.fail(ctx, "read clock", err)
	}
	return model.Clock{Source: row.Source, SentAt: row.SentAt.Time, Body: json.RawMessage(row.Body)}, nil
}
