package repo

import (
	"context"
	"database/sql"
	"slices"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// StoreHealth is DB.StoreHealth.
func (s *Station) StoreHealth(ctx context.Context, h model.Health) error {
	return s.storeHealths(ctx, "store health", []model.Health{h})
}

// AbsorbHealths is DB.AbsorbHealths.
func (s *Station) AbsorbHealths(ctx context.Context, healths []model.Health, _ bool) error {
	return s.storeHealths(ctx, "absorb health", healths)
}

func (s *Station) storeHealths(ctx context.Context, doing string, healths []model.Health) error {
	return s.write(ctx, doing, func(_ context.Context, tx *gorm.DB, _ *airLog) (bool, error) {
		fresh, err := s.withoutStored(tx, healths)
		if err != nil || len(fresh) == 0 {
			return false, err
		}
		return true, s.absorbHealths(tx, fresh, true)
	})
}

func (s *Station) withoutStored(tx *gorm.DB, healths []model.Health) ([]model.Health, error) {
	uids := make([]model.Fingerprint, len(healths))
	for i := range healths {
		uids[i] = healths[i].UID()
	}
	stored := make(map[model.Fingerprint]bool, len(uids))
	for part := range slices.Chunk(uids, maxList) {
		found, err := selectRows(tx.Statement.Context, s.airRows(tx), scanUID, "SELECT uid FROM health WHERE "+in("uid", part))
		if err != nil {
			return nil, err
		}
		for _, uid := range found {
			stored[uid] = true
		}
	}
	var fresh []model.Health
	for i, uid := range uids {
		if !stored[uid] {
			fresh = append(fresh, healths[i])
			stored[uid] = true
		}
	}
	return fresh, nil
}

func scanUID(rows *sql.Rows) (uid model.Fingerprint, err error) {
	err = rows.Scan((*dbUID)(&uid))
	return uid, err
}

// StoreClock is DB.StoreClock.
func (s *Station) StoreClock(ctx context.Context, c model.Clock) error {
	return s.storeClocks(ctx, "store clock", []model.Clock{c})
}

// AbsorbClocks is DB.AbsorbClocks.
func (s *Station) AbsorbClocks(ctx context.Context, clocks []model.Clock, _ bool) error {
	return s.storeClocks(ctx, "absorb clocks", clocks)
}

func (s *Station) storeClocks(ctx context.Context, doing string, clocks []model.Clock) error {
	return s.write(ctx, doing, func(_ context.Context, tx *gorm.DB, _ *airLog) (bool, error) {
		later, err := laterClocks(tx, clocks)
		if err != nil || len(later) == 0 {
			return false, err
		}
		return true, s.absorbClocks(tx, later, true)
	})
}

// laterClocks are those that replace what is stored.
func laterClocks(tx *gorm.DB, clocks []model.Clock) ([]model.Clock, error) {
	var rows []clockRow
	if err := tx.Find(&rows).Error; err != nil { // one for each source
		return nil, err
	}
	stored := make(map[int]clockRow, len(rows))
	for _, r := range rows {
		stored[r.Source] = r
	}
	var later []model.Clock
	for _, c := range clocks {
		r, known := stored[c.Source]
		age := c.SentAt.Compare(r.SentAt.Time)
		if !known || age > 0 || age == 0 && string(c.Body) > r.Body {
			later = append(later, c)
		}
	}
	return later, nil
}
