package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// pageSize is how many activations are copied at once.
	pageSize = 1000
	// fewLatest is how many a sync node of an older version is asked for, which
	// does not list them by epoch.
	fewLatest = 100
	// reviewEvery is how often all are read again, as at every start: the sync
	// node may have got older ones back from another node.
	reviewEvery = time.Hour
)

// remember copies the activations that are new: so the last known state survives
// a restart, and the sync node gets the history back where it lost it. epoch is
// the latest. What was copied before this fails half-way is not read again.
func (f *Follower) remember(ctx context.Context, epoch int64) error {
	if epoch < f.remembered || time.Since(f.reviewed) >= reviewEvery {
		f.remembered, f.reviewed = model.NoEpoch, time.Now() // perhaps it is another history
	}
	for f.remembered < epoch {
		page, err := f.peer.ActivationsAfter(ctx, f.remembered, pageSize)
		isOld := errors.Is(err, peer.ErrUnsupported)
		if isOld {
			page, err = f.peer.Activations(ctx, 0, fewLatest)
		}
		if err != nil {
			return fmt.Errorf("read the activations: %w", err)
		}
		if err := f.memory.RememberActivations(ctx, page); err != nil {
			return err
		}
		if isOld || len(page) < pageSize {
			f.remembered = epoch // also where the history lacks it
			return nil
		}
		f.remembered = page[len(page)-1].Epoch
	}
	return nil
}
