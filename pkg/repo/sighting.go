package repo

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// sightingRow is a database that said that it is a host's, as table sighting keeps
// it.
type sightingRow struct {
	UID      sqldb.UID `gorm:"column:uid;primaryKey"`
	Start    sqldb.UID `gorm:"primaryKey"`
	Host     int
	Starts   int64
	FirstAt  sqldb.Time
	LastAt   sqldb.Time
	Standing string
}

// TableName implements gorm's schema.Tabler.
func (sightingRow) TableName() string { return "sighting" }

func newSightingRow(s model.Sighting) sightingRow {
	return sightingRow{
		UID: sqldb.UID(s.Database), Start: sqldb.UID(s.Start), Host: s.Host, Starts: s.Starts,
		FirstAt: sqldb.At(s.First), LastAt: sqldb.At(s.Last), Standing: string(s.Standing),
	}
}

func (r *sightingRow) sighting() model.Sighting {
	return model.Sighting{
		Identity: model.Identity{
			Owner:    model.Owner{Service: model.EngineAPI, Host: r.Host},
			Database: model.Fingerprint(r.UID), Starts: r.Starts, Start: model.Fingerprint(r.Start),
		},
		First: r.FirstAt.Time, Last: r.LastAt.Time, Standing: model.Standing(r.Standing),
	}
}

// Sightings are the databases of a host that were heard since, and its current
// one, by when they were first heard. Error: model.ErrUnavailable.
func (s *Station) Sightings(ctx context.Context, host int, since time.Time) ([]model.Sighting, error) {
	ctx, cancel := s.db.Deadline(ctx)
	defer cancel()
	found, err := sightings(s.db.Read.WithContext(ctx), host, since)
	return found, s.db.Fail(ctx, "read sightings", err)
}

// Sight stores what judge makes of the sightings of a host, and returns it. judge
// may be called more than once, so it must have no effects. Error:
// model.ErrUnavailable.
func (s *Station) Sight(ctx context.Context, host int, since time.Time, judge func(known []model.Sighting) []model.Sighting) (after []model.Sighting, _ error) {
	err := s.aside(ctx, "store sightings", func(ctx context.Context, tx *writing) error {
		known, err := sightings(locking(tx.gorm(ctx)), host, since)
		if err != nil {
			return err
		}
		after = judge(known)
		rows := make([]sightingRow, len(after))
		for i, one := range after {
			rows[i] = newSightingRow(one)
		}
		return tx.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error
	})
	return after, err
}

func sightings(g *gorm.DB, host int, since time.Time) ([]model.Sighting, error) {
	var rows []sightingRow
	err := g.Where("host = ? AND (standing = ? OR last_at >= ?)", host, string(model.Current), sqldb.At(since)).Order("first_at, starts").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	found := make([]model.Sighting, len(rows))
	for i := range rows {
		found[i] = rows[i].sighting()
	}
	return found, nil
}
