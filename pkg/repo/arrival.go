package repo

import (
	"context"
	"slices"
	"strings"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// arrival is a record on its way into the database.
type arrival struct {
	id      model.Fingerprint
	came    model.Record // the copies in the batch, merged into one
	content model.Content
	copies  int
	// merge is how it merges with what is stored, and again are further tellings,
	// which merge after it.
	merge func(stored, came model.Record) model.Record
	again []model.Record

	// The results of decide.
	stored  *storedRecord // what was there; nil if the record is new
	merged  model.Record
	final   model.Content // merged's content
	missing []model.Correction
	changed bool // the merged record says more than the stored one
	stale   bool // the stored content is unknown or wrong
}

// newArrivals merges the copies of each record into one arrival.
func newArrivals(records []model.Record) []*arrival {
	return arrivalsOf(records, func(a *arrival, copied model.Record) { a.came = model.MergeRecords(a.came, copied) })
}

// newTellings makes one arrival of all tellings of an entry. Their order counts.
func newTellings(told []model.Record) []*arrival {
	all := arrivalsOf(told, func(a *arrival, again model.Record) { a.again = append(a.again, again) })
	for _, a := range all {
		a.merge = model.TellRecord
	}
	return all
}

func arrivalsOf(records []model.Record, add func(a *arrival, copied model.Record)) []*arrival {
	each, all := make([]arrival, 0, len(records)), make([]*arrival, len(records))
	index := make(map[model.Fingerprint]*arrival, len(records))
	for i := range records {
		id := records[i].Entry.Fingerprint()
		a := index[id]
		if a == nil {
			each = append(each, arrival{id: id, came: records[i], merge: model.MergeRecords})
			a = &each[len(each)-1]
			index[id] = a
		} else {
			add(a, records[i])
		}
		a.copies++
		all[i] = a
	}
	for i := range each {
		each[i].content = each[i].came.Content()
	}
	return all
}

// distinct leaves out repeated copies.
func distinct(arrivals []*arrival) []*arrival {
	seen := make(map[*arrival]bool, len(arrivals))
	return selectArrivals(arrivals, func(a *arrival) bool {
		first := !seen[a]
		seen[a] = true
		return first
	})
}

func selectArrivals(arrivals []*arrival, which func(*arrival) bool) []*arrival {
	var selected []*arrival
	for _, a := range arrivals {
		if which(a) {
			selected = append(selected, a)
		}
	}
	return selected
}

func (a *arrival) isNew() bool { return a.stored == nil }

// isRewritten: there is a row, and its values must change.
func (a *arrival) isRewritten() bool { return a.stored != nil && (a.changed || a.stale) }

// isConfirmed: there is a row with what came, and it only has to become synced.
func (a *arrival) isConfirmed() bool {
	return a.stored != nil && !a.isRewritten() && a.merged.Entry.Synced && !a.stored.Entry.Synced
}

// decide compares what came with the stored row, if any, and with the stored
// corrections.
func (a *arrival) decide(stored *storedRecord, corrections []model.Correction) {
	a.stored = stored
	if stored == nil && corrections == nil && a.again == nil { // as for most records
		a.merged, a.final, a.missing, a.changed, a.stale = a.came, a.content, a.came.Corrections, true, false
		return
	}
	base := model.Record{Entry: a.came.Entry, Corrections: corrections}
	if stored != nil {
		base.Entry = stored.Entry
	}
	a.merged = a.merge(base, a.came)
	for _, again := range a.again {
		a.merged = a.merge(a.merged, again)
	}
	a.final = a.merged.Content()
	a.missing = a.merged.Corrections[len(corrections):]
	before := base.Content()
	a.changed = stored == nil || a.final != before
	a.stale = stored != nil && stored.content != contentOf(before)
}

// mark decides whether the merged record is synced.
func (a *arrival) mark(synced, onStation bool) {
	e := &a.merged.Entry
	asItCame := synced && a.final == a.content
	kept := a.stored != nil && a.stored.Entry.Synced && !a.changed
	e.Synced = onStation || asItCame || kept
}

// touch notes what the arrival changes about the entry.
func (a *arrival) touch(tx *writing) {
	switch {
	case a.stored == nil:
		tx.touchEntry(a.id, nil, &a.merged.Entry)
	case a.changed:
		tx.touchEntry(a.id, &a.stored.Entry, &a.merged.Entry)
	default: // a copy, which at most becomes synced
		tx.touched.Inaudible()
	}
}

// result is the answer to the sender of one of the copies.
func (a *arrival) result(came *model.Record) model.Absorbed {
	content := a.content
	if a.copies > 1 {
		content = came.Content()
	}
	result := model.Absorbed{Content: a.final}
	if content != a.final {
		merged := a.merged
		result.Merged = &merged
	}
	return result
}

// decide compares every arrival with what is stored of it.
func (b bulk) decide(ctx context.Context, arrivals []*arrival, lock bool) error {
	locking := ""
	if lock {
		locking = sqldb.ForUpdate
	}
	ids := make([]model.Fingerprint, len(arrivals))
	for i, a := range arrivals {
		ids[i] = a.id
	}
	stored := make(map[model.Fingerprint]*storedRecord)
	for part := range slices.Chunk(ids, sqldb.MaxList) {
		rows, err := b.entries(ctx, recordColumns+"WHERE "+sqldb.In("fingerprint", part)+locking)
		if err != nil {
			return err
		}
		for _, r := range rows {
			stored[r.id] = r
		}
	}
	corrections, err := b.corrections(ctx, ids, locking)
	if err != nil {
		return err
	}
	for _, a := range arrivals {
		a.decide(stored[a.id], corrections[a.id])
	}
	return nil
}

// storeArrivals writes what was decided about the arrivals.
func (tx *writing) storeArrivals(ctx context.Context, arrivals []*arrival) error {
	err := tx.storeSome(ctx, arrivals, (*arrival).isNew, tx.insertMany)
	if err != nil && tx.Dialect.IsDuplicate(err) {
		return sqldb.ErrRaced
	}
	if err == nil {
		err = tx.storeSome(ctx, arrivals, (*arrival).isRewritten, tx.rewrite)
	}
	if err != nil {
		return err
	}
	if err := tx.addCorrections(ctx, arrivals); err != nil {
		return err
	}
	var confirmed []model.Ack
	for _, a := range selectArrivals(arrivals, (*arrival).isConfirmed) {
		confirmed = append(confirmed, model.Ack{Fingerprint: a.id, Content: a.final})
	}
	if err := tx.markSynced(ctx, confirmed); err != nil {
		return err
	}
	var rewritten []model.Fingerprint
	for _, a := range selectArrivals(arrivals, (*arrival).isRewritten) {
		if a.merged.Entry.Synced {
			rewritten = append(rewritten, a.id)
		}
	}
	return tx.unpark(ctx, model.KindEntry, rewritten)
}

// write executes the statement for rows, in as many parts as suit the database.
func (tx *writing) write(ctx context.Context, rows []entryRow, statement func(rows int) string) error {
	return tx.InParts(ctx, len(rows), tx.Dialect.RowsPerInsert(), statement, func(i int, to []any) []any { return rows[i].whole(to) })
}

func (tx *writing) storeSome(ctx context.Context, arrivals []*arrival, which func(*arrival) bool, statement func(rows int) string) error {
	var rows []entryRow
	for _, a := range arrivals {
		if !which(a) {
			continue
		}
		row, err := recordRow(a.merged, a.id, a.final)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return tx.write(ctx, rows, statement)
}

func (tx *writing) addCorrections(ctx context.Context, arrivals []*arrival) error {
	var missing []model.Correction
	for _, a := range arrivals {
		missing = append(missing, a.missing...)
	}
	rows := make([]correctionRow, len(missing))
	for i, c := range missing {
		var err error
		if rows[i], err = newCorrectionRow(c); err != nil {
			return err
		}
	}
	const row = "(?, ?, ?, ?, ?, ?, ?, ?)"
	return tx.InParts(ctx, len(rows), tx.Dialect.RowsPerInsert(), func(rows int) string {
		return "INSERT INTO correction (uid, entry, kind, made_at, made_by, reason, changes, replaced) VALUES " +
			row + strings.Repeat(", "+row, rows-1) + tx.Dialect.InsertMissing("uid")
	}, func(i int, to []any) []any {
		r := &rows[i]
		return append(to, r.UID, r.Entry, r.Kind, r.MadeAt, r.MadeBy, r.Reason, r.Changes, r.Replaced)
	})
}
