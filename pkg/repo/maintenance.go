package repo

import (
	"context"

	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
	"aura.radio/engine/pkg/status"
)

// maintenanceRow is what was last said about a source as table maintenance
// keeps it.
type maintenanceRow struct {
	Source    int `gorm:"primaryKey;autoIncrement:false"`
	IsOn      bool
	MadeBy    string
	Reason    string
	ChangedAt sqldb.Time
}

// TableName implements gorm's schema.Tabler.
func (maintenanceRow) TableName() string { return "maintenance" }

func newMaintenanceRow(m model.Maintenance) maintenanceRow {
	return maintenanceRow{Source: m.Source, IsOn: m.On, MadeBy: m.By, Reason: m.Reason, ChangedAt: sqldb.At(m.ChangedAt)}
}

func (r *maintenanceRow) maintenance() model.Maintenance {
	return model.Maintenance{Source: r.Source, On: r.IsOn, By: r.MadeBy, Reason: r.Reason, ChangedAt: r.ChangedAt.Time}
}

// StoreMaintenance keeps what the rule says, given what was last said about the
// source. rule may be called more than once, so it must have no effects. The
// on-air log does not depend on maintenance, so on the sync node this is not a
// change that others wait for. Error: model.ErrUnavailable.
func (w *writer) StoreMaintenance(ctx context.Context, m model.Maintenance, rule status.Rule[model.Maintenance]) error {
	m.Normalize()
	return w.aside(ctx, "store maintenance", func(ctx context.Context, tx *writing) error {
		last, err := firstRow[maintenanceRow](locking(tx.gorm(ctx).Where("source = ?", m.Source)))
		if err != nil {
			return err
		}
		kept := newMaintenanceRow(rule(m, last.maintenance()))
		return tx.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&kept).Error
	})
}

// Maintenances returns what was last said about each source, ordered by source.
// Sources about which nothing was ever said are left out. Error:
// model.ErrUnavailable.
func (r reader) Maintenances(ctx context.Context) ([]model.Maintenance, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	var rows []maintenanceRow
	if err := r.db.Read.WithContext(ctx).Order("source").Find(&rows).Error; err != nil {
		return nil, r.db.Fail(ctx, "read maintenance", err)
	}
	all := make([]model.Maintenance, len(rows))
	for i := range rows {
		all[i] = rows[i].maintenance()
	}
	return all, nil
}
