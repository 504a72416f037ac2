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
	purges, err := r.store.Purges(ctx)
	if err != nil {
		return own("read purges", err)
	}
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
		fetched += len(page)
		records, err := r.played(ctx, page, purges)
		return records, fetched, err
	}
	err = pages(ctx, r.cfg.StepSleep, fetch, func(ctx context.Context, page []model.Record) error {
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

// played returns the records of a page, except those whose plays are gone: an original
// node knows no purges.
func (r *run) played(ctx context.Context, page []original.Played, purges model.Purges) ([]model.Record, error) {
	records := make([]model.Record, 0, len(page))
	for _, e := range page {
		if e.LogSource == 0 {
			e.LogSource = r.source
		}
		if purges.Covering(e.LogSource, e.TrackStart) != nil {
			continue
		}
		// In a repeated hour an entry may be stored at the other occurrence, which
		// was the nearer one when the entry was fetched or pushed.
		entry, err := r.store.Occurrence(ctx, e.Entry, e.OtherStart)
		if err != nil {
			return nil, own("read", err)
		}
		record := model.Record{Entry: entry}
		record.Normalize()
		records = append(records, record)
	}
	return records, nil
}
