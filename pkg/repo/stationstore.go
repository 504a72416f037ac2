package repo

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/source"
)

// waitingRecord is an entry that its caller waits for.
type waitingRecord struct {
	record model.Record
	result chan error // has room, so that nobody waits for a caller who left
}

// StoreEntry is DB.StoreEntry. Entries that come while another write is under
// way are stored together when it ends.
func (s *Station) StoreEntry(ctx context.Context, e model.Entry) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	w := &waitingRecord{record: model.Record{Entry: e}, result: make(chan error, 1)}
	// Also who finds the queue full may get the turn: those in it may all have
	// left, and then nobody else empties it.
	queue := s.waiting
	for {
		select {
		case queue <- w:
			queue = nil
		case err := <-w.result:
			return err
		case <-ctx.Done():
			if queue != nil {
				return fmt.Errorf("store entry: %w: too many entries wait", model.ErrUnavailable)
			}
			return s.fail(ctx, "store entry", ctx.Err())
		case s.turn <- struct{}{}:
			defer s.endTurn()
			return s.storeWaiting(ctx, w, queue == nil)
		}
	}
}

// storeWaiting stores what waits until that entry is stored, too.
func (s *Station) storeWaiting(ctx context.Context, w *waitingRecord, queued bool) error {
	if !queued {
		s.storeGroup(ctx, append(s.takeWaiting(), w))
	}
	for {
		select {
		case err := <-w.result:
			return err
		default:
			s.storeGroup(ctx, s.takeWaiting())
		}
	}
}

func (s *Station) takeWaiting() []*waitingRecord {
	var group []*waitingRecord
	for len(group) < maxGroup {
		select {
		case w := <-s.waiting:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// storeGroup stores the group as a whole. If that fails for another reason than
// that the database is unavailable, one entry may be at fault: then each is
// stored by itself.
func (s *Station) storeGroup(ctx context.Context, group []*waitingRecord) {
	records := make([]model.Record, len(group))
	for i, w := range group {
		records[i] = w.record
	}
	_, err := s.absorbInTurn(ctx, "store entry", records)
	if err != nil && len(group) > 1 && !errors.Is(err, model.ErrUnavailable) {
		s.log.Warn().Err(err).Int("entries", len(group)).Msg("storing entries together failed, storing each alone")
		for _, w := range group {
			s.storeGroup(ctx, []*waitingRecord{w})
		}
		return
	}
	for _, w := range group {
		w.result <- err
	}
}

// Absorb is DB.Absorb.
func (s *Station) Absorb(ctx context.Context, records []model.Record, _ bool) ([]model.Absorbed, error) {
	const doing = "absorb records"
	if err := s.takeTurn(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer s.endTurn()
	return s.absorbInTurn(ctx, doing, records)
}

func (s *Station) absorbInTurn(ctx context.Context, doing string, records []model.Record) ([]model.Absorbed, error) {
	var results []model.Absorbed
	err := s.writeInTurn(ctx, doing, func(ctx context.Context, tx *gorm.DB, log *airLog) (bool, error) {
		absorbed, changed, err := s.absorbAndFollow(ctx, tx, log, records)
		if err != nil {
			return false, err
		}
		results = make([]model.Absorbed, len(absorbed))
		for i, a := range absorbed {
			results[i] = a.Absorbed
		}
		return changed, nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (s *Station) absorbAndFollow(ctx context.Context, tx *gorm.DB, log *airLog, records []model.Record) (_ []absorbed, changed bool, _ error) {
	all, err := s.absorb(tx, records, true)
	if err != nil {
		return nil, false, err
	}
	var touched touches
	for _, a := range all {
		if a.changed {
			changed = true
			touched.entry(a.before, a.after)
		}
	}
	return all, changed, log.follow(ctx, touched)
}

// Correct is DB.Correct.
func (s *Station) Correct(ctx context.Context, entryID int64, build func(e model.Entry, earlier []model.Correction) (model.Correction, error)) (model.Correction, error) {
	var stored model.Correction
	err := s.write(ctx, "correct entry", func(ctx context.Context, tx *gorm.DB, log *airLog) (bool, error) {
		before, err := lockEntry(tx.Where("id = ?", entryID))
		if err != nil {
			return false, err
		}
		if stored, err = correct(tx, before, true, build); err != nil {
			return false, err
		}
		after, err := lockEntry(tx.Where("id = ?", entryID))
		if err != nil || after.Content == before.Content { // it was corrected like that before
			return false, err
		}
		var touched touches
		if err := touched.rows(before, after); err != nil {
			return false, err
		}
		return true, log.follow(ctx, touched)
	})
	return stored, err
}

// LogMissed is DB.LogMissed.
func (s *Station) LogMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, _ model.Correction, _ error) {
	e.Manual = true
	c.Entry = e.Fingerprint()
	var stored model.Correction
	err := s.write(ctx, "log missed entry", func(ctx context.Context, tx *gorm.DB, log *airLog) (bool, error) {
		earlier, err := correctionsOf(tx, dbUID(c.Entry))
		if err != nil {
			return false, err
		}
		c := once(c, earlier)
		if err := room(c, earlier); err != nil {
			return false, err
		}
		record := model.Record{Entry: e, Corrections: []model.Correction{c}}
		record.Entry.Overlay = model.Fold(record.Corrections)
		_, changed, err := s.absorbAndFollow(ctx, tx, log, []model.Record{record})
		if err != nil {
			return false, err
		}
		entry, err := lockEntry(tx.Where("fingerprint = ?", dbUID(c.Entry)))
		if err != nil {
			return false, err
		}
		entryID = entry.ID
		var row correctionRow
		if err := tx.Where("uid = ?", dbUID(c.UID())).Take(&row).Error; err != nil {
			return false, err
		}
		stored, err = row.correction()
		return changed, err
	})
	return entryID, stored, err
}

// Activate is DB.Activate.
func (s *Station) Activate(ctx context.Context, r source.Request, admit source.Rule) (d source.Decision, _ error) {
	err := s.write(ctx, "activate source", func(ctx context.Context, tx *gorm.DB, log *airLog) (_ bool, err error) {
		if d, err = judge(tx, r, admit); err != nil || d.Stored {
			return false, err
		}
		if err := addActivation(tx, d.Activation); err != nil {
			return false, err
		}
		var touched touches
		touched.activation(d.Activation)
		return true, log.follow(ctx, touched)
	})
	return d, err
}
