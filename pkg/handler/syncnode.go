package handler

import (
	"context"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// SyncNode serves what only the sync node does. Every field that may be nil is
// required; see NewSyncNode.
type SyncNode struct {
	// Leases says which monitor may act.
	Leases Leases
	// Maintenance says which sources are being worked on.
	Maintenance Maintenances
	// Reconcile starts a comparison of the nodes now, and must not block.
	Reconcile func()

	// Zone is the station's time zone.
	Zone *stationtime.Zone
	Now  func() time.Time
}

// Leases are rights that one holder has at a time; *repo.Node stores them.
type Leases interface {
	Lease(ctx context.Context, name string) (model.Lease, error)
	// AcquireLease grants the lease if the answer names the holder that asks.
	AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (model.Lease, error)
	ReleaseLease(ctx context.Context, name, holder string) error
}

// Maintenances is the last maintenance report of each source;
// *status.Maintenances implements it.
type Maintenances interface {
	Set(ctx context.Context, m model.Maintenance) error
	All(ctx context.Context) ([]model.Maintenance, error)
}

// RunReconcile starts a comparison of the nodes.
func (s *SyncNode) RunReconcile(context.Context, api.RunReconcileRequestObject) (api.RunReconcileResponseObject, error) {
	s.Reconcile()
	return api.RunReconcile202Response{}, nil
}
