package reconcile

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// maxAcks is how many acknowledgements go in one message.
const maxAcks = 1000

// settle clears the node's outbox if the node waits although both sides are
// equal. before is the outbox when the run began. See the package's
// documentation.
func (r *run) settle(ctx context.Context, before model.Outbox) error {
	state, err := r.state(ctx)
	if err != nil {
		return err
	}
	entries, healths := areStuck(before, state.Outbox)
	if !entries && !healths || waitAlike(state.Outbox, *r.futile) {
		return nil
	}
	if entries {
		err = acknowledge(ctx, r, r.entries(), state.Outbox.Oldest)
	}
	if err == nil && healths {
		err = acknowledge(ctx, r, r.healths(), r.healthFrom)
	}
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	if state, err = r.state(ctx); err != nil {
		return err
	}
	*r.futile = model.Outbox{}
	if entries, healths = areStuck(before, state.Outbox); entries || healths {
		*r.futile = state.Outbox
		r.log.Warn().Int64("entries", state.Outbox.Entries).Int64("healths", state.Outbox.Healths).
			Msg("records of other sources still wait at the node; check its AURA_SYNC_HOST")
	}
	return nil
}

// areStuck reports what did not move between two looks at an outbox.
func areStuck(before, after model.Outbox) (entries, healths bool) {
	return before.Entries > 0 && after.Entries > 0 && after.Oldest.Equal(before.Oldest),
		before.Healths > 0 && after.Healths > 0
}

func waitAlike(a, b model.Outbox) bool {
	return a.Entries == b.Entries && a.Healths == b.Healths && a.Oldest.Equal(b.Oldest)
}

// acknowledge tells the node which records are here, from a time on.
func acknowledge[T any](ctx context.Context, r *run, s stock[T], from time.Time) error {
	return pages(ctx, 0, s.ours(r.source, from, time.Time{}, maxAcks), func(ctx context.Context, page []T) error {
		return r.deliver(ctx, s.receipt(page))
	})
}
