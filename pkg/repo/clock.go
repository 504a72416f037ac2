package repo

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// clockRow is a studio clock as table clock keeps it.
type clockRow struct {
	Source   int `gorm:"primaryKey;autoIncrement:false"`
	SentAt   dbTime
	Body     string
	IsSynced bool
}

// TableName implements gorm's schema.Tabler.
func (clockRow) TableName() string { return "clock" }

func (r *clockRow) clock() model.Clock {
	return model.Clock{Source: r.Source, SentAt: r.SentAt.Time, Body: json.RawMessage(r.Body)}
}

// StoreClock keeps the clock of a source, unless a later one is there already, as
// status.Later says. Error: model.ErrUnavailable.
func (db *DB) StoreClock(ctx context.Context, c model.Clock) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.autocommit(ctx, func(write *gorm.DB) error { return db.absorbClocks(write, []model.Clock{c}, false) })
	return db.fail(ctx, "store clock", err)
}

// AbsorbClocks keeps clocks that come from another node, as StoreClock does.
// synced says that the sync node has them. Error: model.ErrUnavailable.
func (db *DB) AbsorbClocks(ctx context.Context, clocks []model.Clock, synced bool) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.transaction(ctx, func(tx *gorm.DB) error { return db.absorbClocks(tx, clocks, synced) })
	return db.fail(ctx, "absorb clocks", err)
}

// absorbClocks is AbsorbClocks within a transaction.
func (db *DB) absorbClocks(tx *gorm.DB, clocks []model.Clock, synced bool) error {
	for _, c := range clocks {
		err := tx.Exec(db.dialect.storeClock(), c.Source, dbTime{c.SentAt}, string(c.Body), synced || db.isSyncNode).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// UnsyncedClocks returns the clocks that the sync node does not have. Error:
// model.ErrUnavailable.
func (db *DB) UnsyncedClocks(ctx context.Context) ([]model.Clock, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var rows []clockRow
	err := db.read.WithContext(ctx).Where("is_synced = 0").Order("source").Find(&rows).Error
	if err != nil {
		return nil, db.fail(ctx, "read unsynced clocks", err)
	}
	clocks := make([]model.Clock, len(rows))
	for i := range rows {
		clocks[i] = rows[i].clock()
	}
	return clocks, nil
}

// MarkClocksSynced notes that the sync node has these clocks. Where a later one
// came meanwhile, that stays unsynced. Error: model.ErrUnavailable.
func (db *DB) MarkClocksSynced(ctx context.Context, clocks []model.Clock) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := db.transaction(ctx, func(tx *gorm.DB) error {
		for _, c := range clocks {
			err := tx.Model(&clockRow{}).Where("source = ? AND sent_at = ?", c.Source, dbTime{c.SentAt}).Update("is_synced", true).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return db.fail(ctx, "mark clocks synced", err)
}

// Clock returns the clock that a source sent last. Error: model.ErrNotFound.
func (db *DB) Clock(ctx context.Context, source int) (model.Clock, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var row clockRow
	if err := db.read.WithContext(ctx).Where("source = ?", source).Take(&row).Error; err != nil {
		return model.Clock{}, db.fail(ctx, "read clock", err)
	}
	return row.clock(), nil
}
