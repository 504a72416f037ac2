package playlog

import (
	"context"
	"fmt"
	"sync/atomic"

	"aura.radio/engine/pkg/model"
)

// RuledStore is a Store that knows by which rules it is derived what was heard.
type RuledStore interface {
	Store
	// Rules are none before the first start of a service has made one count.
	Rules(ctx context.Context) ([]model.HeardRule, error)
}

// Ruled is a Store that takes no plays before the rules of what was heard stand. A
// rule that starts over plays counts only from then on, and what was stored while
// the service started would be taken for old. Make it with NewRuled.
type Ruled struct {
	RuledStore
	stand atomic.Bool
}

// NewRuled makes a Ruled.
func NewRuled(s RuledStore) *Ruled { return &Ruled{RuledStore: s} }

// StoreEntry is Store.StoreEntry. Error: model.ErrUnavailable until the rules stand.
func (r *Ruled) StoreEntry(ctx context.Context, e model.Entry) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	return r.RuledStore.StoreEntry(ctx, e)
}

// LogMissed is Store.LogMissed. Error: model.ErrUnavailable until the rules stand.
func (r *Ruled) LogMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, _ model.Correction, _ error) {
	if err := r.ready(ctx); err != nil {
		return 0, model.Correction{}, err
	}
	return r.RuledStore.LogMissed(ctx, e, c)
}

// Absorb is Store.Absorb. Error: model.ErrUnavailable until the rules stand.
func (r *Ruled) Absorb(ctx context.Context, all []model.Record, synced bool) ([]model.Absorbed, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	return r.RuledStore.Absorb(ctx, all, synced)
}

// ready asks for the rules until there are some: they never go again.
func (r *Ruled) ready(ctx context.Context) error {
	if r.stand.Load() {
		return nil
	}
	rules, err := r.Rules(ctx)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return fmt.Errorf("%w: the rules of what was heard don't stand yet", model.ErrUnavailable)
	}
	r.stand.Store(true)
	return nil
}
