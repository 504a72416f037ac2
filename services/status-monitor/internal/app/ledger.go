package app

import (
	"context"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
)

// ledger is where deliveries are stored. The monitor begins before its database
// is prepared, and has something to tell at once. So what is stored at the start
// waits for the schema, as long as whoever stores it allows.
type ledger struct {
	act.Store
	prepared chan struct{} // closed when the database is prepared
}

// StoreDeliveries implements delivery.Ledger.
func (l ledger) StoreDeliveries(ctx context.Context, ds []model.Delivery) ([]model.Delivery, error) {
	if err := l.await(ctx); err != nil {
		return nil, err
	}
	return l.Store.StoreDeliveries(ctx, ds)
}

// Note implements act.Notes: what was told before the restart is read at once.
func (l ledger) Note(ctx context.Context, name string) (model.Note, error) {
	if err := l.await(ctx); err != nil {
		return model.Note{}, err
	}
	return l.Store.Note(ctx, name)
}

// await returns when the database is prepared, or delivery.ErrNotYet.
func (l ledger) await(ctx context.Context) error {
	select {
	case <-l.prepared:
		return nil
	case <-ctx.Done():
		return delivery.ErrNotYet
	}
}
