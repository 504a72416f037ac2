package repo

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// writeTest is the name of the note that Writable writes.
const writeTest = "write test"

// largeNote is a note that needs as much room as an entry with all that is
// derived from it: on a full disk a small note may still fit.
var largeNote = `"` + strings.Repeat("x", 64<<10) + `"`

// Writable tells what a write would meet now: nil, or why it would fail. That
// is how the last write ended. If there was none lately, Writable writes a note,
// and a large one if the last write failed.
// It returns when ctx ends, even if the disk hangs. Error: model.ErrUnavailable; also ErrFileGone.
func (d *DB) Writable(ctx context.Context) error {
	if err := d.InPlace(); err != nil {
		return err
	}
	ctx, cancel := d.db.Deadline(ctx)
	defer cancel()
	known, err := d.db.LastWrite()
	if !known {
		body := "{}"
		if err != nil {
			body = largeNote
		}
		err = d.tryWrite(ctx, body)
	}
	return d.db.Fail(ctx, "write to the database", err)
}

// tryWrite writes a note, unless somebody else does so now: then it returns how
// that write ended.
func (d *DB) tryWrite(ctx context.Context, body string) error {
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
		row := noteRow{Name: writeTest, Body: body, WrittenAt: sqldb.At(time.Now())}
		err := d.db.Write.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
		return d.db.Wrote(ctx, err)
	})
}
