package app

import (
	"context"
	"fmt"

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
	select {
	case <-l.prepared:
		return l.Store.StoreDeliveries(ctx, ds)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: it is not prepared yet", model.ErrUnavailable)
	}
}
