package repo

import (
	"context"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
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

func (r *maintenanceRow) maintenance() model.Maintenance {
	return model.Maintenance{Source: r.Source, On: r.IsOn, By: r.MadeBy, Reason: r.Reason, ChangedAt: r.ChangedAt.Time}
}

// StoreMaintenance keeps what somebody said about a source, unless something
// later, by the rule of status.Later, is already stored. The on-air log does
// not depend on it, so on the sync node it is not a change that others wait
// for. Error: model.ErrUnavailable.
func (w *writer) StoreMaintenance(ctx context.Context, m model.Maintenance) error {
	m.Normalize()
	return w.aside(ctx, "store maintenance", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, storeMaintenance[tx.Dialect.Kind()], m.Source, m.On, m.By, m.Reason, sqldb.At(m.ChangedAt))
		return err
	})
}

// storeMaintenance replaces what was said about a source, unless the new row is
// earlier. For MariaDB, the columns that the conditions compare first are
// assigned last: so the later conditions still see the old values that matter.
// Texts are compared byte by byte.
var storeMaintenance = map[sqldb.Kind]string{
	sqldb.SQLite: `INSERT INTO maintenance (source, is_on, made_by, reason, changed_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET is_on = excluded.is_on, made_by = excluded.made_by, reason = excluded.reason, changed_at = excluded.changed_at
		WHERE (excluded.changed_at, excluded.made_by, excluded.reason, excluded.is_on)
		> (maintenance.changed_at, maintenance.made_by, maintenance.reason, maintenance.is_on)`,
	sqldb.MySQL: `INSERT INTO maintenance (source, is_on, made_by, reason, changed_at) VALUES (?, ?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE
		is_on = ` + isLater + `VALUES(is_on), is_on),
		reason = ` + isLater + `VALUES(reason), reason),
		made_by = ` + isLater + `VALUES(made_by), made_by),
		changed_at = GREATEST(changed_at, VALUES(changed_at))`,
}

const isLater = `IF((VALUES(changed_at), CAST(VALUES(made_by) AS BINARY), CAST(VALUES(reason) AS BINARY), VALUES(is_on))
		> (changed_at, CAST(made_by AS BINARY), CAST(reason AS BINARY), is_on), `

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
