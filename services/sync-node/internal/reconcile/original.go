package reconcile

import (
	"context"
	"fmt"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// maxOriginalPages bounds what one run takes from an original node. More comes
// with the next run, when the node has marked some of it.
const maxOriginalPages = 10_000

// original stores what an original node says is not synced. Its pages go by
// number, so what is stored there meanwhile may come twice, which changes
// nothing.
func (r *run) original(ctx context.Context) error {
	var last model.Fingerprint // that the page before began with
	fetch := func(ctx context.Context, number int) (_ []model.Record, next int, _ error) {
		page, err := r.node.Playlog(ctx, number, r.cfg.BatchSize, r.cfg.Zone)
		if err != nil && number == 0 {
			return nil, 0, fmt.Errorf("%w: fetch from an original node: %w", errAway, err)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("fetch page %d of an original node's playlog: %w", number, err)
		}
		if number == 0 {
			r.seen(peer.State{HostID: r.source}, 0)
		}
		records := make([]model.Record, len(page))
		for i, e := range page {
			if e.LogSource == 0 {
				e.LogSource = r.source
			}
			records[i].Entry = e
			records[i].Normalize()
		}
		if len(page) == 0 {
			return nil, 0, nil // a page that is merely short may be as long as pages are there
		}
		first := records[0].Entry.Fingerprint()
		if first == last {
			return nil, 0, nil // it does not know pages
		}
		last = first
		if number+1 == maxOriginalPages {
			r.log.Warn().Int("pages", maxOriginalPages).Msg("an original node has more than one run fetches")
			return records, 0, nil
		}
		return records, number + 1, nil
	}
	return pages(ctx, r.cfg.StepSleep, fetch, func(ctx context.Context, page []model.Record) error {
		r.tally.planned.Add(int64(len(page)))
		_, err := r.receive(ctx, page)
		r.tally.fetched.Add(int64(len(page)))
		r.tally.done.Add(int64(len(page)))
		return err
	})
}
