package repo

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// writeTest is the name of the note that Writable writes.
const writeTest = "write test"

// Writable tells what a write would meet now: nil, or why it would fail. That
// is how the last write ended. If there was none lately, Writable writes a note.
// It returns when ctx ends, even if the disk hangs. Error: model.ErrUnavailable; also ErrFileGone.
func (d *DB) Writable(ctx context.Context) error {
	if err := d.InPlace(); err != nil {
		return err
	}
	ctx, cancel := d.db.Deadline(ctx)
	defer cancel()
	known, err := d.db.LastWrite()
	if !known {
		err = d.tryWrite(ctx)
	}
	return d.db.Fail(ctx, "write to the database", err)
}

// tryWrite writes a note, unless somebody else does so now: then it returns how
// that write ended.
func (d *DB) tryWrite(ctx context.Context) error {
	select {
	case d.trying <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	return within(ctx, func() error {
		defer func() { <-d.trying }()
		if known, err := d.db.LastWrite(); known {
			return err
		}
		// It is not repeated: a probe wants to know what is now.
		row := noteRow{Name: writeTest, Body: "{}", WrittenAt: sqldb.At(time.Now())}
		err := d.db.Write.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
		return d.db.Wrote(ctx, err)
	})
}
