package repo

import (
	"context"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// maintenanceRow is what was said of a source as table maintenance keeps it.
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

// StoreMaintenance keeps what somebody said of a source, unless something later
// is there already, as status.Later says. The on-air log does not depend on it, so
// on the sync node it is no change that others wait for. Error:
// model.ErrUnavailable.
func (w *writer) StoreMaintenance(ctx context.Context, m model.Maintenance) error {
	m.Normalize()
	return w.aside(ctx, "store maintenance", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, storeMaintenance[tx.Dialect.Kind()], m.Source, m.On, m.By, m.Reason, sqldb.At(m.ChangedAt))
		return err
	})
}

// storeMaintenance replaces what was said of a source, unless by something
// earlier. For MariaDB it assigns what the conditions look at first last: then the
// later conditions see what remains to be compared. Texts are compared byte by
// byte.
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

// Maintenances returns what was said last of each source of which anything was
// ever said, by source. Error: model.ErrUnavailable.
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
