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
	// fewLatest is how many activations a sync node of an older version is asked
	// for, because it does not list them by epoch.
	fewLatest = 100
	// reviewEvery is how often all activations are read again, as they are at
	// every start. The sync node may have got older ones back from another node.
	reviewEvery = time.Hour
)

// remember copies the new activations, up to epoch, the latest one. So the last
// known state survives a restart, and the sync node can get a lost history
// back. If remember fails half-way, what was already copied is not read again.
func (f *Follower) remember(ctx context.Context, epoch int64) error {
	if epoch < f.remembered || time.Since(f.reviewed) >= reviewEvery {
		f.remembered, f.reviewed = model.NoEpoch, time.Now() // the history may be another one
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
			f.remembered = epoch // even if the history lacks this epoch
			return nil
		}
		f.remembered = page[len(page)-1].Epoch
	}
	return nil
}
