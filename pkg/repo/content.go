package repo

import (
	"context"
	"database/sql/driver"
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// dbContent is a record's content as table playlog keeps it, in two columns. A
// program of the first edition that serves the database for a while knows only
// the first one, and what it writes never changes the second.
type dbContent struct {
	Base       dbBase
	Supplement dbSupplement
}

func contentOf(c model.Content) dbContent {
	return dbContent{Base: dbBase{id: c.Base, known: true}, Supplement: dbSupplement(c.Supplement)}
}

// dbBase is the base of a content. It is NULL if nobody has computed it since the
// row changed.
type dbBase struct {
	id    model.Fingerprint
	known bool
}

// Value implements driver.Valuer.
func (b dbBase) Value() (driver.Value, error) {
	if !b.known {
		return nil, nil
	}
	return b.id[:], nil
}

// Scan implements sql.Scanner.
func (b *dbBase) Scan(from any) error {
	if from == nil {
		*b = dbBase{}
		return nil
	}
	b.known = true
	return (*sqldb.UID)(&b.id).Scan(from)
}

// dbSupplement is the supplement of a content. It is NULL if there is none.
type dbSupplement model.Fingerprint

// Value implements driver.Valuer.
func (e dbSupplement) Value() (driver.Value, error) {
	if e == (dbSupplement{}) {
		return nil, nil
	}
	return e[:], nil
}

// Scan implements sql.Scanner.
func (e *dbSupplement) Scan(from any) error {
	if from == nil {
		*e = dbSupplement{}
		return nil
	}
	return (*sqldb.UID)(e).Scan(from)
}

// learnContents computes and stores the contents of entries that a merge left
// unknown.
func (r reader) learnContents(ctx context.Context, entries []int64) error {
	for part := range slices.Chunk(entries, sqldb.MaxList) {
		err := storeDerived(ctx, r.db, func(ctx context.Context, tx *writing) error { return tx.learnContents(ctx, part) })
		if err != nil {
			return err
		}
	}
	return nil
}

// unknown returns the numbers of the entries whose content is unknown.
func unknown(records []*storedRecord) []int64 {
	var entries []int64
	for _, r := range records {
		if !r.content.Base.known {
			entries = append(entries, r.Entry.ID)
		}
	}
	return entries
}

// learnContents locks the entries, because a content must not be older than its
// row.
func (tx *writing) learnContents(ctx context.Context, entries []int64) error {
	locking := ""
	if tx.Dialect.LocksRows() {
		locking = sqldb.ForUpdate
	}
	records, err := tx.records(ctx, recordColumns+"WHERE "+sqldb.InNumbers("id", entries)+" AND content IS NULL"+locking, locking)
	if err != nil {
		return err
	}
	rows := make([]entryRow, len(records))
	for i, r := range records {
		if rows[i], err = recordRow(r.Record, r.id, r.Content()); err != nil {
			return err
		}
	}
	tx.touched.Inaudible()
	return tx.write(ctx, rows, tx.rewrite)
}

// recordRow is the row of a record.
func recordRow(r model.Record, id model.Fingerprint, content model.Content) (row entryRow, err error) {
	row = entryRowOf(r.Entry, id, content)
	row.IsVoid = r.Entry.Overlay.Void
	row.Overlay, err = overlayText(r.Entry.Overlay)
	return row, err
}
