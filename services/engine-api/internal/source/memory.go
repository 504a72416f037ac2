package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

// maxRemembered is how many activations are copied at once. Where more happened
// since the last time, the older ones are left out: the history is the sync
// node's, and only the last known state is needed here.
const maxRemembered = 100

// unknown is no epoch.
const unknown = -1

// remember copies the activations that are new, so that the last known state
// survives a restart. epoch is the latest.
func (f *Follower) remember(ctx context.Context, epoch int64) error {
	if f.remembered == unknown {
		last, err := f.memory.ActiveSource(ctx, time.Now())
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			return err
		}
		f.remembered = last.Epoch
	}
	if epoch <= f.remembered {
		return nil
	}
	latest, err := f.peer.Activations(ctx, 0, maxRemembered)
	if err != nil {
		return fmt.Errorf("read the latest activations: %w", err)
	}
	// In the order in which they were accepted: what is remembered has no gap
	// where this fails half-way.
	slices.SortFunc(latest, func(a, b model.Activation) int { return cmp.Compare(a.Epoch, b.Epoch) })
	for _, a := range latest {
		if a.Epoch <= f.remembered {
			continue
		}
		if err := f.memory.RememberActivation(ctx, a); err != nil {
			return err
		}
		f.remembered = a.Epoch
	}
	f.remembered = max(f.remembered, epoch)
	return nil
}
