package repo

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// correctionRow is a correction as table correction keeps it.
type correctionRow struct {
	ID       int64     `gorm:"primaryKey"`
	UID      sqldb.UID `gorm:"column:uid"`
	Entry    sqldb.UID
	Kind     string
	MadeAt   sqldb.Time
	MadeBy   string
	Reason   string
	Changes  string // JSON
	Replaced string // JSON
	IsSynced bool
}

// TableName implements gorm's schema.Tabler.
func (correctionRow) TableName() string { return "correction" }

func newCorrectionRow(c model.Correction) (correctionRow, error) {
	changes, err := json.Marshal(c.Changes)
	if err != nil {
		return correctionRow{}, err
	}
	replaced, err := json.Marshal(c.Before)
	if err != nil {
		return correctionRow{}, err
	}
	return correctionRow{
		UID:      sqldb.UID(c.UID()),
		Entry:    sqldb.UID(c.Entry),
		Kind:     c.Kind,
		MadeAt:   sqldb.At(c.At),
		MadeBy:   c.By,
		Reason:   c.Reason,
		Changes:  string(changes),
		Replaced: string(replaced),
		IsSynced: c.Synced,
	}, nil
}

func (r *correctionRow) correction() (model.Correction, error) {
	c := model.Correction{
		ID:     r.ID,
		Entry:  model.Fingerprint(r.Entry),
		Kind:   r.Kind,
		At:     r.MadeAt.Time,
		By:     r.MadeBy,
		Reason: r.Reason,
		Synced: r.IsSynced,
	}
	if err := json.Unmarshal([]byte(r.Changes), &c.Changes); err != nil {
		return model.Correction{}, fmt.Errorf("changes of correction %d: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Replaced), &c.Before); err != nil {
		return model.Correction{}, fmt.Errorf("replaced values of correction %d: %w", r.ID, err)
	}
	return c, nil
}

// Corrections returns the corrections of an entry, oldest first. Error:
// model.ErrNotFound if there is no such entry.
func (r reader) Corrections(ctx context.Context, entryID int64) ([]model.Correction, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	read := r.db.Read.WithContext(ctx)
	var entry entryRow
	err := read.Select("fingerprint").Take(&entry, entryID).Error
	if err != nil {
		return nil, r.db.Fail(ctx, "read corrections", err)
	}
	corrections, err := correctionsOf(read, entry.Fingerprint)
	return corrections, r.db.Fail(ctx, "read corrections", err)
}

// Correct stores the correction that build makes from an entry and its earlier
// corrections, and applies it, all in one transaction. Storing a correction
// again changes nothing and returns the stored one. build returns the
// correction normalized, except for its Entry, which is filled in here. build
// may be called more than once, so it must have no effects. An error of build
// is returned. Errors: *model.InvalidError if the entry would move to a time whose
// plays are gone by a purge; model.ErrNotFound, model.ErrUnavailable.
func (w *writer) Correct(ctx context.Context, entryID int64, build func(e model.Entry, earlier []model.Correction) (model.Correction, error)) (stored model.Correction, _ error) {
	err := w.commit(ctx, "correct entry", func(ctx context.Context, tx *writing) error {
		entry, err := lockEntry(tx.gorm(ctx).Where("id = ?", entryID))
		if err != nil {
			return err
		}
		stored, err = tx.correct(ctx, entry, build)
		return err
	})
	return stored, err
}

// LogMissed stores an entry that a person logged, or merges it with the stored
// copy. In the same transaction it stores the correction that says who logged
// it and why. Both are normalized; the correction's Entry is filled in here. An
// entry that an engine sent stays the engine's. Errors: *model.InvalidError if
// the entry has too many corrections or its play is gone by a purge, and then nothing
// is stored; model.ErrUnavailable.
func (w *writer) LogMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, stored model.Correction, _ error) {
	e.Manual = true
	c.Entry = e.Fingerprint()
	err := w.commit(ctx, "log missed entry", func(ctx context.Context, tx *writing) (err error) {
		entryID, stored, err = tx.logMissed(ctx, e, c)
		return err
	})
	return entryID, stored, err
}

func (tx *writing) logMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, stored model.Correction, _ error) {
	theEntry := func() *gorm.DB { return tx.gorm(ctx).Where("fingerprint = ?", sqldb.UID(c.Entry)) }
	if _, err := lockEntry(theEntry()); err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return 0, stored, err
	}
	earlier, err := correctionsOf(tx.gorm(ctx), sqldb.UID(c.Entry))
	if err != nil {
		return 0, stored, err
	}
	c = once(c, earlier)
	if err := room(c, earlier); err != nil {
		return 0, stored, err
	}
	record := model.Record{Entry: e, Corrections: []model.Correction{c}}
	record.Entry.Overlay = model.Fold(record.Corrections)
	if err := tx.refusePurged(ctx, &record.Entry); err != nil {
		return 0, stored, err
	}
	if _, err := tx.absorb(ctx, []model.Record{record}, false); err != nil {
		return 0, stored, err
	}
	var entry entryRow
	if err := theEntry().Select("id").Take(&entry).Error; err != nil {
		return 0, stored, err
	}
	var row correctionRow
	if err := tx.gorm(ctx).Where("uid = ?", sqldb.UID(c.UID())).Take(&row).Error; err != nil {
		return 0, stored, err
	}
	stored, err = row.correction()
	return entry.ID, stored, err
}

// once is c, or the earlier correction that c repeats.
func once(c model.Correction, earlier []model.Correction) model.Correction {
	if i := slices.IndexFunc(earlier, c.Repeats); i >= 0 {
		return earlier[i]
	}
	return c
}

// room refuses c if the entry already has too many corrections. A correction
// that is already stored is not refused.
func room(c model.Correction, earlier []model.Correction) error {
	uid := c.UID()
	if slices.ContainsFunc(earlier, func(known model.Correction) bool { return known.UID() == uid }) {
		return nil
	}
	return c.Room(len(earlier))
}

// lockEntry reads the entry and keeps others from correcting it until the
// transaction ends.
func lockEntry(query *gorm.DB) (entryRow, error) {
	return takeRow[entryRow](locking(query.Model(&entryRow{})))
}

// correct stores a correction of a locked entry, and the net effect of all its
// corrections.
func (tx *writing) correct(ctx context.Context, row entryRow, build func(model.Entry, []model.Correction) (model.Correction, error)) (model.Correction, error) {
	entry, err := row.entry()
	if err != nil {
		return model.Correction{}, err
	}
	corrections, err := correctionsOf(tx.gorm(ctx), row.Fingerprint)
	if err != nil {
		return model.Correction{}, err
	}
	c, err := build(entry, corrections)
	if err != nil {
		return model.Correction{}, err
	}
	c.Entry = model.Fingerprint(row.Fingerprint)
	uid := c.UID()
	for _, earlier := range corrections {
		if earlier.UID() == uid {
			return earlier, nil
		}
	}
	added, err := newCorrectionRow(c)
	if err != nil {
		return model.Correction{}, err
	}
	if err := tx.gorm(ctx).Create(&added).Error; err != nil {
		return model.Correction{}, err
	}
	c.ID = added.ID
	corrected := model.Record{Entry: entry, Corrections: append(corrections, c)}
	corrected.Entry.Overlay = model.Fold(corrected.Corrections)
	if err := tx.refusePurged(ctx, &corrected.Entry); err != nil {
		return model.Correction{}, err
	}
	tx.touchEntry(c.Entry, &entry, &corrected.Entry)
	return c, tx.storeCorrected(ctx, corrected)
}

// storeCorrected writes the values that follow from a record's corrections.
func (tx *writing) storeCorrected(ctx context.Context, r model.Record) error {
	overlay, err := overlayText(r.Entry.Overlay)
	if err != nil {
		return err
	}
	return tx.gorm(ctx).Model(&entryRow{}).Where("id = ?", r.Entry.ID).Updates(map[string]any{
		"overlay":   overlay,
		"played_at": sqldb.At(r.Entry.PlayedAt()),
		"is_void":   r.Entry.Overlay.Void,
		"is_synced": tx.onStation,
		"content":   contentOf(r.Content()).Base, // corrections don't change the supplement
	}).Error
}

// overlayText is an overlay as table playlog keeps it: JSON, or NULL if there
// is none.
func overlayText(o model.Overlay) (sql.NullString, error) {
	if o.IsEmpty() {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(o)
	return sql.NullString{String: string(text), Valid: true}, err
}

func correctionsOf(g *gorm.DB, entry sqldb.UID) ([]model.Correction, error) {
	var rows []correctionRow
	if err := g.Where("entry = ?", entry).Order("made_at, uid").Find(&rows).Error; err != nil {
		return nil, err
	}
	corrections := make([]model.Correction, len(rows))
	for i := range rows {
		var err error
		if corrections[i], err = rows[i].correction(); err != nil {
			return nil, err
		}
	}
	return corrections, nil
}
