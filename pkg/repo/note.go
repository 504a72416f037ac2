package repo

import (
	"context"
	"encoding/json"
	"errors"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// noteRow is a note as table note keeps it.
type noteRow struct {
	Name      string `gorm:"primaryKey"`
	Body      string
	WrittenAt sqldb.Time
}

// TableName implements gorm's schema.Tabler.
func (noteRow) TableName() string { return "note" }

func (r *noteRow) note() model.Note {
	return model.Note{Name: r.Name, Body: json.RawMessage(r.Body), WrittenAt: r.WrittenAt.Time}
}

// StoreNote stores a note and replaces the earlier one of that name. It returns
// when ctx ends, even if the disk hangs: then the note may be stored
// nevertheless. Error: model.ErrUnavailable.
func (w *writer) StoreNote(ctx context.Context, n model.Note) error {
	n.Normalize()
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	err := within(ctx, func() error {
		return writeAside(ctx, w.db, func(ctx context.Context, tx *writing) error {
			row := noteRow{Name: n.Name, Body: string(n.Body), WrittenAt: sqldb.At(n.WrittenAt)}
			return storeNote(tx.gorm(ctx), row)
		})
	})
	return w.db.Fail(ctx, "store note", err)
}

// Note returns the last note of a name. Errors: model.ErrNotFound,
// model.ErrUnavailable.
//
// Before there was table note, notes were kept as deliveries of a channel of
// that name. A program of that age that runs again keeps its own notes there.
// So the one of the two that was written later counts.
func (r reader) Note(ctx context.Context, name string) (model.Note, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []noteRow
	if err := r.db.Read.WithContext(ctx).Where("name = ?", name).Find(&rows).Error; err != nil {
		return model.Note{}, r.db.Fail(ctx, "read note", err)
	}
	older, err := r.LatestDelivery(ctx, name)
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
