package repo

import (
	"context"
	"slices"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Absorb stores records that come from another node. Each record is merged with
// the stored copy by the rule of model.MergeRecords, all in one transaction.
// The results are in the order of records. The caller normalizes and validates
// the records. Copies that bring nothing new cost no write.
//
// synced says that the sync node has the records as they came. A record whose
// merged content equals the content that came is then synced. A record that
// changed in another way is not synced, and goes to the sync node. A record whose
// play is gone by a purge is refused. Error: model.ErrUnavailable.
func (w *writer) Absorb(ctx context.Context, records []model.Record, synced bool) (results []model.Absorbed, _ error) {
	err := w.commit(ctx, "absorb records", func(ctx context.Context, tx *writing) error {
		refused, err := tx.purged(ctx, records)
		if err != nil {
			return err
		}
		results = make([]model.Absorbed, len(records))
		places, kept := make([]int, 0, len(records)), make([]model.Record, 0, len(records))
		for i, why := range refused {
			if results[i].Refused = why; why == nil {
				places, kept = append(places, i), append(kept, records[i])
			}
		}
		arrivals, err := tx.absorb(ctx, kept, synced)
		for i, a := range arrivals {
			results[places[i]] = a.result(&kept[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// tell stores what engines told.
func (tx *writing) tell(ctx context.Context, told []model.Record) error {
	_, err := tx.take(ctx, newTellings(told), false)
	return err
}

// absorb merges and stores records. It returns the arrival of each record.
func (tx *writing) absorb(ctx context.Context, records []model.Record, synced bool) ([]*arrival, error) {
	return tx.take(ctx, newArrivals(records), synced)
}

// take stores arrivals, each merged with what is stored.
func (tx *writing) take(ctx context.Context, all []*arrival, synced bool) ([]*arrival, error) {
	each := distinct(all)
	if err := tx.decide(ctx, each, false); err != nil {
		return nil, err
	}
	// Rows that are about to be rewritten are read again when nobody else can
	// change them any more. New rows need no lock: their key is unique.
	if rewritten := selectArrivals(each, (*arrival).isRewritten); len(rewritten) > 0 && tx.Dialect.LocksRows() {
		if err := tx.decide(ctx, rewritten, true); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rewritten, (*arrival).isNew) {
			return nil, sqldb.ErrRaced // another transaction deleted it meanwhile
		}
	}
	for _, a := range each {
		a.mark(synced, tx.onStation)
		a.touch(tx)
	}
	return all, tx.storeArrivals(ctx, each)
}
