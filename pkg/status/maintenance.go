package status

import (
	"context"

	"aura.radio/engine/pkg/model"
)

// MaintenanceStore keeps one statement on each source.
type MaintenanceStore interface {
	// StoreMaintenance keeps what the rule says, given the last statement on the
	// source, in one transaction.
	StoreMaintenance(ctx context.Context, m model.Maintenance, rule Rule[model.Maintenance]) error
	// Maintenances are by source.
	Maintenances(ctx context.Context) ([]model.Maintenance, error)
}

// Maintenances knows which sources somebody works on.
type Maintenances struct{ store MaintenanceStore }

// NewMaintenances makes Maintenances.
func NewMaintenances(store MaintenanceStore) *Maintenances { return &Maintenances{store: store} }

// Set stores that somebody works on a source, or has finished, as was said at
// ChangedAt. Errors: *model.InvalidError, model.ErrUnavailable.
func (s *Maintenances) Set(ctx context.Context, m model.Maintenance) error {
	if err := model.ValidateSource("number", m.Source); err != nil {
		return err
	}
	m.Normalize()
	return s.store.StoreMaintenance(ctx, m, LastMaintenance)
}

// LastMaintenance is the Rule for maintenance: what was said last counts.
func LastMaintenance(said, last model.Maintenance) model.Maintenance {
	said.ChangedAt = After(said.ChangedAt, last.ChangedAt)
	return said
}

// All is what was said last of each source of which anything was ever said. Error:
// model.ErrUnavailable.
func (s *Maintenances) All(ctx context.Context) ([]model.Maintenance, error) {
	return s.store.Maintenances(ctx)
}
