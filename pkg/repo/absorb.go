package repo

import (
	"context"
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Absorb stores records that come from another node, each merged with the copy
// that is there by the rule of model.MergeRecords, all in one transaction; the
// results are in the order of records. They are normalized and validated by the
// caller. Copies that bring nothing new cost no write.
//
// synced says that the sync node has them as they came: a record that ends with
// just this content is synced. One that changed otherwise is not, and goes to
// the sync node. Error: model.ErrUnavailable.
func (w *writer) Absorb(ctx context.Context, records []model.Record, synced bool) (results []model.Absorbed, _ error) {
	err := w.commit(ctx, "absorb records", func(ctx context.Context, tx *writing) error {
		arrivals, err := tx.absorb(ctx, records, synced)
		if err != nil {
			return err
		}
		results = make([]model.Absorbed, len(records))
		for i, a := range arrivals {
			results[i] = a.result(&records[i])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// absorb merges and stores records; it returns the arrival of each of them.
func (tx *writing) absorb(ctx context.Context, records []model.Record, synced bool) ([]*arrival, error) {
	all := newArrivals(records)
	each := distinct(all)
	if err := tx.decide(ctx, each, false); err != nil {
		return nil, err
	}
	// What is about to be rewritten is looked at again when nobody else can
	// change it any more. What is new needs no lock: its key is unique.
	if rewritten := selectArrivals(each, (*arrival).isRewritten); len(rewritten) > 0 && tx.dialect.locksRows() {
		if err := tx.decide(ctx, rewritten, true); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rewritten, (*arrival).isNew) {
			return nil, errRaced // it was deleted behind our back
		}
	}
	for _, a := range each {
		a.mark(synced, tx.onStation)
		a.touch(&tx.touched)
	}
	return all, tx.storeArrivals(ctx, each)
}

// arrival is a record on its way into the database.
type arrival struct {
	id      model.Fingerprint
	came    model.Record // the copies in the batch, united
	content model.Fingerprint
	copies  int

	// What decide makes of it.
	stored  *storedRecord // what was there; nil where the record is new
	merged  model.Record
	final   model.Fingerprint // merged's content
	missing []model.Correction
	changed bool // the merged record says more than the stored one
	stale   bool // the stored content is unknown or wrong
}

// newArrivals unites the copies of each record.
func newArrivals(records []model.Record) []*arrival {
	each, all := make([]arrival, 0, len(records)), make([]*arrival, len(records))
	index := make(map[model.Fingerprint]*arrival, len(records))
	for i := range records {
		id := records[i].Entry.Fingerprint()
		a := index[id]
		if a == nil {
			each = append(each, arrival{id: id, came: records[i]})
			a = &each[len(each)-1]
			index[id] = a
		} else {
			a.came = model.MergeRecords(a.came, records[i])
		}
		a.copies++
		all[i] = a
	}
	for i := range each {
		each[i].content = each[i].came.Content()
	}
	return all
}

// distinct leaves out further copies.
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

// isRewritten: there is a row, and it must change.
func (a *arrival) isRewritten() bool { return a.stored != nil && (a.changed || a.stale) }

// isConfirmed: there is a row with what came, and it must only become synced.
func (a *arrival) isConfirmed() bool {
	return a.stored != nil && !a.isRewritten() && a.merged.Entry.Synced && !a.stored.Entry.Synced
}

// decide compares what came with the row that is stored, if any, and the
// corrections that are.
func (a *arrival) decide(stored *storedRecord, corrections []model.Correction) {
	a.stored = stored
	if stored == nil && corrections == nil { // as most are
		a.merged, a.final, a.missing, a.changed, a.stale = a.came, a.content, a.came.Corrections, true, false
		return
	}
	base := model.Record{Entry: a.came.Entry, Corrections: corrections}
	if stored != nil {
		base.Entry = stored.Entry
	}
	a.merged = model.MergeRecords(base, a.came)
	a.final = a.merged.Content()
	a.missing = a.merged.Corrections[len(corrections):]
	before := base.Content()
	a.changed = stored == nil || a.final != before
	a.stale = stored != nil && stored.content != dbContent{id: before, known: true}
}

// mark decides whether the merged record is synced.
func (a *arrival) mark(synced, onStation bool) {
	e := &a.merged.Entry
	asItCame := synced && a.final == a.content
	kept := a.stored != nil && a.stored.Entry.Synced && !a.changed
	e.Synced = onStation || asItCame || kept
}

// touch tells what it does to the entry.
func (a *arrival) touch(touched *onair.Touches) {
	if a.stored == nil {
		touched.Entry(nil, &a.merged.Entry)
	} else {
		touched.Entry(&a.stored.Entry, &a.merged.Entry)
	}
}

// result is what the sender of one of the copies is told.
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
