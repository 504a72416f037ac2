package repo

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// entryRow is an entry as table playlog keeps it. Its columns are entryColumns,
// which gorm does not know; scanRows reads them.
type entryRow struct {
	ID          int64       `gorm:"primaryKey"`
	Entry       model.Entry `gorm:"-"` // without ID, Overlay and Air
	Fingerprint sqldb.UID
	PlayedAt    sqldb.Time
	IsVoid      bool
	Overlay     sql.NullString
	Content     dbContent `gorm:"-"`
}

// TableName implements gorm's schema.Tabler.
func (entryRow) TableName() string { return "playlog" }

// newEntryRow makes the row of an entry without corrections.
func newEntryRow(e model.Entry) entryRow {
	id, content := e.Hashes()
	return entryRowOf(e, id, content)
}

// entryRowOf makes the row of an entry, without the columns that follow from
// corrections.
func entryRowOf(e model.Entry, id model.Fingerprint, content model.Content) entryRow {
	return entryRow{Entry: e, Fingerprint: sqldb.UID(id), PlayedAt: sqldb.At(e.PlayedAt()), Content: contentOf(content)}
}

func (r *entryRow) entry() (model.Entry, error) {
	e := r.Entry
	e.ID = r.ID
	if r.Overlay.Valid {
		if err := json.Unmarshal([]byte(r.Overlay.String), &e.Overlay); err != nil {
			return model.Entry{}, fmt.Errorf("overlay of entry %d: %w", r.ID, err)
		}
	}
	return e, nil
}

// EntryWith returns the entry with that identity, raw, with its overlay. Error:
// model.ErrNotFound.
func (r reader) EntryWith(ctx context.Context, id model.Fingerprint) (model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](r.db.Read.WithContext(ctx).Model(&entryRow{}).Where("fingerprint = ?", sqldb.UID(id)))
	return e, r.db.Fail(ctx, "look for entry", err)
}

// Entry returns the entry with that number, raw, with its overlay. Error:
// model.ErrNotFound.
func (r reader) Entry(ctx context.Context, id int64) (model.Entry, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	e, err := takeEntry[entryRow](r.db.Read.WithContext(ctx).Model(&entryRow{}).Where("id = ?", id))
	return e, r.db.Fail(ctx, "read entry", err)
}

// The columns that StoreEntry writes are those of the entry's fields, and the
// row's own. StoreEntry never writes the columns that follow from corrections.
var (
	fieldColumns   = columnsOf(func(*model.Field) bool { return true })
	mergedColumns  = columnsOf(func(f *model.Field) bool { return !f.Identity })
	storedColumns  = slices.Concat(fieldColumns, []string{"is_synced", "fingerprint", "played_at", "content", "supplement"})
	overlayColumns = []string{"is_void", "overlay"}
	entryColumns   = slices.Concat([]string{"id"}, storedColumns, overlayColumns)

	selectedColumns = "playlog." + strings.Join(entryColumns, ", playlog.")
)

func columnsOf(fields func(*model.Field) bool) (columns []string) {
	for _, f := range model.Fields {
		if fields(f) {
			columns = append(columns, f.Column())
		}
	}
	return columns
}

// stored are the values of storedColumns.
func (r *entryRow) stored(to []any) []any {
	for _, f := range model.Fields {
		switch v := f.Of(&r.Entry).(type) {
		case *string:
			to = append(to, *v)
		case *int:
			to = append(to, *v)
		case *int64:
			to = append(to, *v)
		case *bool:
			to = append(to, *v)
		case *time.Time:
			to = append(to, sqldb.AtOrNull(*v))
		case *time.Duration:
			to = append(to, v.Milliseconds())
		case *model.Tellings:
			to = append(to, string(*v))
		case *model.Doubts:
			to = append(to, string(*v))
		}
	}
	return append(to, r.Entry.Synced, r.Fingerprint, r.PlayedAt, r.Content.Base, r.Content.Supplement)
}

// whole are the values of storedColumns and overlayColumns.
func (r *entryRow) whole(to []any) []any { return append(r.stored(to), r.IsVoid, r.Overlay) }

func (r *entryRow) columns() string { return selectedColumns }

// targets are the destinations for the values of entryColumns.
func (r *entryRow) targets() []any {
	to := []any{&r.ID}
	for _, f := range model.Fields {
		switch v := f.Of(&r.Entry).(type) {
		case *time.Time:
			to = append(to, (*sqldb.Moment)(v))
		case *time.Duration:
			to = append(to, (*sqldb.Length)(v))
		default:
			to = append(to, v)
		}
	}
	return append(to, &r.Entry.Synced, &r.Fingerprint, &r.PlayedAt, &r.Content.Base, &r.Content.Supplement, &r.IsVoid, &r.Overlay)
}

// insertNew stores one entry, and fails if there is a copy. The entry is fresh, see
// freshEntry.
var (
	oneRow    = "(?" + strings.Repeat(", ?", len(storedColumns)-1) + ", 1)"
	insertNew = "INSERT INTO playlog (" + strings.Join(storedColumns, ", ") + ", is_uncounted) VALUES " + oneRow
)

// insertNewRows is insertNew for several entries.
func insertNewRows(rows int) string { return insertNew + strings.Repeat(", "+oneRow, rows-1) }

var (
	wholeValues = "(?" + strings.Repeat(", ?", len(storedColumns)+len(overlayColumns)-1)
	insertWhole = " INTO playlog (" + strings.Join(slices.Concat(storedColumns, overlayColumns), ", ") + ", is_uncounted) VALUES "
)

// insertMany stores entries, and fails if there is a copy.
func insertMany(insert string, rows int, fresh bool) string {
	one := wholeValues + ", 0)"
	if fresh {
		one = wholeValues + ", 1)"
	}
	return insert + insertWhole + one + strings.Repeat(", "+one, rows-1)
}

// rewritten are the columns that merging and correcting can change.
var rewritten = slices.Concat(mergedColumns, overlayColumns, []string{"is_synced", "played_at", "content", "supplement"})

// inserts are how each kind of database inserts entries that are new. Without FAIL,
// SQLite saves a copy of every page, so that it can roll back this one statement.
var inserts = map[sqldb.Kind]string{sqldb.SQLite: "INSERT OR FAIL", sqldb.MySQL: "INSERT"}

// insertMany is the statement that stores that many entries. It runs within a
// transaction that is rolled back if there is a copy. On a node they are fresh; a
// station derives at once.
func (tx *writing) insertMany(rows int) string {
	return insertMany(inserts[tx.Dialect.Kind()], rows, !tx.onStation)
}

// rewrite is the statement for that many entries, all of which exist. It
// replaces what merging and correcting can change.
func (b bulk) rewrite(rows int) string {
	return insertMany("INSERT", rows, false) + b.Dialect.InsertOver("fingerprint", rewritten...)
}
