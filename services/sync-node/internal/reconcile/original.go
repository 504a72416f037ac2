package reconcile

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/peer/original"
)

// Original is the sync node's view of an original node; *original.Node
// implements it.
type Original interface {
	// Playlog goes through the entries that the node calls not synced: all of
	// them, or those played since shortly before newest. Each call of next
	// returns the next entries; no entries mean the end.
	Playlog(newest time.Time, limit int) (next func(ctx context.Context) ([]original.Played, error))
}

// fetchOriginal stores the records that an original node calls not synced. Some
// may come twice, which changes nothing.
func (r *run) fetchOriginal(ctx context.Context) error {
	r.tally.original.Store(true)
	began, newest := time.Now(), *r.newest
	next := r.original.Playlog(newest, r.cfg.BatchSize)
	fetch := func(ctx context.Context, fetched int) (_ []model.Record, more int, _ error) {
		page, err := next(ctx)
		if err != nil && fetched == 0 {
			err = fmt.Errorf("%w: %w", errAway, err)
		}
		if err != nil {
			return nil, 0, err
		}
		if fetched == 0 {
			r.seen(peer.State{HostID: r.source}, 0, "")
		}
		if len(page) == 0 {
			return nil, 0, nil
		}
		records, err := r.played(ctx, page)
		return records, fetched + len(page), err
	}
	err := pages(ctx, r.cfg.StepSleep, fetch, func(ctx context.Context, page []model.Record) error {
		r.tally.planned.Add(int64(len(page)))
		_, err := r.receive(ctx, page)
		r.tally.fetched.Add(int64(len(page)))
		r.tally.done.Add(int64(len(page)))
		for i := range page {
			if at := page[i].Entry.TrackStart; at.After(newest) {
				newest = at
			}
		}
		return err
	})
	if err == nil {
		*r.newest = newest
		if newest.After(began) { // the record has a time in the future
			*r.newest = began
		}
	}
	return err
}

// played returns the records of a page.
func (r *run) played(ctx context.Context, page []original.Played) ([]model.Record, error) {
	records := make([]model.Record, len(page))
	for i, e := range page {
		if e.LogSource == 0 {
			e.LogSource = r.source
		}
		// In a repeated hour an entry may be stored at the other occurrence, which
		// was the nearer one when the entry was fetched or pushed.
		var err error
		if records[i].Entry, err = r.store.Occurrence(ctx, e.Entry, e.OtherStart); err != nil {
			return nil, own("read", err)
		}
		records[i].Normalize()
	}
	return records, nil
}
