package delivery

import (
	"context"
	"time"

	"aura.radio/engine/pkg/model"
)

// Ledger keeps deliveries across restarts; *repo.Node is one.
type Ledger interface {
	// StoreDeliveries stores all or none, and returns them with their ids, which
	// grow from one to the next.
	StoreDeliveries(ctx context.Context, ds []model.Delivery) ([]model.Delivery, error)
	// WaitingDeliveries are the oldest that have not ended, the oldest first.
	WaitingDeliveries(ctx context.Context, channel string, limit int) ([]model.Delivery, error)
	// LatestDelivery is the one stored last. Error: model.ErrNotFound.
	LatestDelivery(ctx context.Context, channel string) (model.Delivery, error)
	// FailDelivery notes a failed try.
	FailDelivery(ctx context.Context, id int64, tries int, reason string) error
	// EndDelivery notes that a delivery is done or, if outcome says why, given up.
	EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error
}
