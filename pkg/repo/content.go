package repo

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/model"
)

// learnContents computes the contents of entries that a merge left unknown, and
// stores them.
func (r reader) learnContents(ctx context.Context, entries []int64) error {
	for part := range slices.Chunk(entries, maxList) {
		if err := r.learnSome(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) learnSome(ctx context.Context, entries []int64) error {
	ctx, cancel := r.db.deadline(ctx)
	defer cancel()
	return r.db.classify(ctx, r.db.writeAside(ctx, func(ctx context.Context, tx *writing) error { return tx.learnContents(ctx, entries) }))
}

// unknown are the records whose content is unknown.
func unknown(records []*storedRecord) []int64 {
	var entries []int64
	for _, r := range records {
		if !r.content.known {
			entries = append(entries, r.Entry.ID)
		}
	}
	return entries
}

// learnContents locks the entries, because a content must not be older than the
// row that it belongs to.
func (tx *writing) learnContents(ctx context.Context, entries []int64) error {
	locking := ""
	if tx.dialect.locksRows() {
		locking = forUpdate
	}
	records, err := tx.records(ctx, recordColumns+"WHERE "+inNumbers("id", entries)+" AND content IS NULL"+locking, locking)
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
	return tx.write(ctx, rows, tx.dialect.rewrite)
}

// recordRow is the row of a record.
func recordRow(r model.Record, id, content model.Fingerprint) (row entryRow, err error) {
	row = entryRowOf(r.Entry, id, content)
	row.IsVoid = r.Entry.Overlay.Void
	row.Overlay, err = overlayText(r.Entry.Overlay)
	return row, err
}

// inNumbers is in for numbers.
func inNumbers(column string, numbers []int64) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return column + " IN (" + strings.Join(texts, ",") + ")"
}
