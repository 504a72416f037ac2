package status

import (
	"context"
	"fmt"

	"aura.radio/engine/pkg/model"
)

// MaintenanceStore keeps the later statement on each source.
type MaintenanceStore interface {
	StoreMaintenance(ctx context.Context, m model.Maintenance) error
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
	known, err := s.store.Maintenances(ctx)
	if err != nil {
		return fmt.Errorf("set maintenance: %w", err)
	}
	for _, last := range known {
		if last.Source == m.Source {
			m.ChangedAt = After(m.ChangedAt, last.ChangedAt)
		}
	}
	return s.store.StoreMaintenance(ctx, m)
}

// All is what was said last of each source of which anything was ever said. Error:
// model.ErrUnavailable.
func (s *Maintenances) All(ctx context.Context) ([]model.Maintenance, error) {
	return s.store.Maintenances(ctx)
}
