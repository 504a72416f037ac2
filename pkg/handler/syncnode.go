package handler

import (
	"context"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// SyncNode serves what only the sync node does. All that may be nil is required;
// see NewSyncNode.
type SyncNode struct {
	// Leases says which monitor may act.
	Leases Leases
	// Maintenance says which sources somebody works on.
	Maintenance Maintenances
	// Reconcile has the nodes compared now, and must not block.
	Reconcile func()

	// Zone is the station's time zone.
	Zone *stationtime.Zone
	Now  func() time.Time
}

// Leases are rights that one holder has at a time; *repo.Node keeps them.
type Leases interface {
	Lease(ctx context.Context, name string) (model.Lease, error)
	// AcquireLease grants the lease where the answer names the holder that asks.
	AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (model.Lease, error)
	ReleaseLease(ctx context.Context, name, holder string) error
}

// Maintenances is what was said last of each source; *status.Maintenances is.
type Maintenances interface {
	Set(ctx context.Context, m model.Maintenance) error
	All(ctx context.Context) ([]model.Maintenance, error)
}

// RunReconcile has the nodes compared.
func (s *SyncNode) RunReconcile(context.Context, api.RunReconcileRequestObject) (api.RunReconcileResponseObject, error) {
	s.Reconcile()
	return api.RunReconcile202Response{}, nil
}
