package repo

import (
	"context"
	"encoding/json"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
)

// noteRow is a note as table note keeps it.
type noteRow struct {
	Name      string `gorm:"primaryKey"`
	Body      string
	WrittenAt dbTime
}

// TableName implements gorm's schema.Tabler.
func (noteRow) TableName() string { return "note" }

func (r *noteRow) note() model.Note {
	return model.Note{Name: r.Name, Body: json.RawMessage(r.Body), WrittenAt: r.WrittenAt.Time}
}

// StoreNote keeps a note in place of the one of that name. It returns when ctx
// ends, whatever the disk does: then it may be stored nevertheless. Error:
// model.ErrUnavailable.
func (db *DB) StoreNote(ctx context.Context, n model.Note) error {
	n.Normalize()
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	err := within(ctx, func() error {
		return db.autocommit(ctx, func(write *gorm.DB) error {
			row := noteRow{Name: n.Name, Body: string(n.Body), WrittenAt: dbTime{n.WrittenAt}}
			return write.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
		})
	})
	return db.fail(ctx, "store note", err)
}

// Note returns the last note of a name. Errors: model.ErrNotFound,
// model.ErrUnavailable.
//
// Before there was table note, notes were kept as deliveries of a channel of that
// name, and a program of that age that runs again keeps its own there. So
// whichever was written later counts.
func (db *DB) Note(ctx context.Context, name string) (model.Note, error) {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	var rows []noteRow
	if err := db.read.WithContext(ctx).Where("name = ?", name).Find(&rows).Error; err != nil {
		return model.Note{}, db.fail(ctx, "read note", err)
	}
	older, err := db.LatestDelivery(ctx, name)
	switch {
	case err != nil && !errors.Is(err, model.ErrNotFound):
		return model.Note{}, err
	case len(rows) > 0 && !older.CreatedAt.After(rows[0].WrittenAt.Time):
		return rows[0].note(), nil
	case err != nil:
		return model.Note{}, err
	}
	return model.Note{Name: name, Body: older.Body, WrittenAt: older.CreatedAt}, nil
}
