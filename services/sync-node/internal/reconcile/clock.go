package reconcile

import (
	"context"
	"errors"
	"fmt"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// clock gives both sides the later of the two clocks of the node's source.
func (r *run) clock(ctx context.Context, sent []model.Clock) error {
	ours, theirs, err := r.clocks(ctx, sent)
	if err != nil {
		return err
	}
	switch {
	case theirs.SentAt.After(ours.SentAt):
		if err := theirs.Validate(); err != nil {
			r.refused("the node's clock can't be stored", model.Fingerprint{}, err.Error())
			return nil
		}
		if err := r.store.AbsorbClocks(ctx, []model.Clock{theirs}, true); err != nil {
			return own("store the node's clock", err)
		}
		ours = theirs // sending the clock back acknowledges it
	case ours.SentAt.Equal(theirs.SentAt):
		return nil
	}
	if err := r.deliver(ctx, peer.Batch{Synced: true, Clocks: []model.Clock{ours}}); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	return nil
}

// clocks returns both sides' clock of the node's source, zero if there is none.
func (r *run) clocks(ctx context.Context, sent []model.Clock) (ours, theirs model.Clock, _ error) {
	ours, err := r.store.Clock(ctx, r.source)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return ours, theirs, own("read the clock", err)
	}
	for _, c := range sent {
		if c.Source == r.source {
			theirs = c
		}
	}
	return ours, theirs, nil
}
