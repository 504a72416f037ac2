package repo

import (
	"context"

	"aura.radio/engine/pkg/model"
)

// maintenanceRow is what was said of a source as table maintenance keeps it.
type maintenanceRow struct {
	Source    int `gorm:"primaryKey;autoIncrement:false"`
	IsOn      bool
	MadeBy    string
	Reason    string
	ChangedAt dbTime
}

// TableName implements gorm's schema.Tabler.
func (maintenanceRow) TableName() string { return "maintenance" }

func (r *maintenanceRow) maintenance() model.Maintenance {
	return model.Maintenance{Source: r.Source, On: r.IsOn, By: r.MadeBy, Reason: r.Reason, ChangedAt: r.ChangedAt.Time}
}

// StoreMaintenance keeps what somebody said of a source, unless something later
// is there already, as status.Later says. The on-air log does not depend on it, so
// on the sync node it is no change that others wait for. Error:
// model.ErrUnavailable.
func (w *writer) StoreMaintenance(ctx context.Context, m model.Maintenance) error {
	m.Normalize()
	return w.aside(ctx, "store maintenance", func(ctx context.Context, tx *writing) error {
		_, err := tx.exec(ctx, tx.dialect.storeMaintenance(), m.Source, m.On, m.By, m.Reason, dbTime{m.ChangedAt})
		return err
	})
}

// Maintenances returns what was said last of each source of which anything was
// ever said, by source. Error: model.ErrUnavailable.
func (r reader) Maintenances(ctx context.Context) ([]model.Maintenance, error) {
	ctx, cancel := r.db.deadline(ctx)
	defer cancel()
	var rows []maintenanceRow
	if err := r.db.read.WithContext(ctx).Order("source").Find(&rows).Error; err != nil {
		return nil, r.db.fail(ctx, "read maintenance", err)
	}
	all := make([]model.Maintenance, len(rows))
	for i := range rows {
		all[i] = rows[i].maintenance()
	}
	return all, nil
}
