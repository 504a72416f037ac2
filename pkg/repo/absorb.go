package repo

import (
	"context"
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
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
	if rewritten := selectArrivals(each, (*arrival).isRewritten); len(rewritten) > 0 && tx.Dialect.LocksRows() {
		if err := tx.decide(ctx, rewritten, true); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rewritten, (*arrival).isNew) {
			return nil, sqldb.ErrRaced // it was deleted behind our back
		}
	}
	for _, a := range each {
		a.mark(synced, tx.onStation)
		a.touch(&tx.touched)
	}
	return all, tx.storeArrivals(ctx, each)
}
