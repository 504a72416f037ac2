package repo

import (
	"context"
	"encoding/json"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Rules returns by which rules, and when, it is derived what was heard, in the
// order of their times. The list is empty before the first StartRule: then
// model.DefaultHeardRule counts. Error: model.ErrUnavailable.
func (r reader) Rules(ctx context.Context) ([]model.HeardRule, error) {
	ctx, cancel := r.db.Deadline(ctx)
	defer cancel()
	rules, err := airlog.Rules(ctx, r.db.Reads())
	return rules, r.db.Fail(ctx, "read rules", err)
}

// StartRule makes a rule part of a record that has none yet, and returns the one
// that counts from now on. If something is stored already, that stays as it was
// said, and the rule counts from now. If nothing is, the recalled rules, which
// others remember of a record that was lost, count instead. A record that has
// rules stays as it is: only SetRule changes it. Error: model.ErrUnavailable.
func (w *writer) StartRule(ctx context.Context, wanted model.HeardRule, recalled ...model.HeardRule) (counts model.HeardRule, _ error) {
	err := w.commit(ctx, "start rule", func(ctx context.Context, tx *writing) error {
		rules, err := airlog.Rules(ctx, tx.Conn)
		if err != nil {
			return err
		}
		if n := len(rules); n > 0 {
			counts = rules[n-1]
			return nil
		}
		some, err := tx.HasRows(ctx, "playlog")
		if err != nil {
			return err
		}
		if n := len(recalled); n > 0 && !some {
			counts = recalled[n-1]
			return tx.storeRules(ctx, recalled)
		}
		wanted.From = model.Earliest
		if some {
			if err := tx.addRule(ctx, model.HeardRule{From: model.Earliest, Version: model.RuleAsSaid}); err != nil {
				return err
			}
			wanted.From = time.Now().UTC().Truncate(time.Microsecond)
		}
		counts = wanted
		return tx.addRule(ctx, wanted)
	})
	return counts, err
}

// addRule stores a rule. It is a key by its time, so of two processes that start
// at once one waits for the other, and then finds the rule.
func (tx *writing) addRule(ctx context.Context, r model.HeardRule) error {
	shows, err := json.Marshal(r.FallbackShows)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO heard_rule (from_at, version, fallback_shows, longest_file_ms, longest_live_ms) VALUES (?, ?, ?, ?, ?)",
		sqldb.At(r.From), r.Version, string(shows), r.LongestFile.Milliseconds(), r.LongestLive.Milliseconds())
	return sqldb.Raced(err)
}

// storeRules makes rules the record.
func (tx *writing) storeRules(ctx context.Context, rules []model.HeardRule) error {
	if _, err := tx.Exec(ctx, "DELETE FROM heard_rule"); err != nil {
		return err
	}
	for _, r := range rules {
		if err := tx.addRule(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// StationRules returns the rules, as Rules does. The sync node decides them.
func (s *Station) StationRules(ctx context.Context) ([]model.HeardRule, error) { return s.Rules(ctx) }

// SetRule lets a rule count from its time on, whatever counted since then, and
// derives the on-air log again from there. It is interrupted only between parts;
// then the next Prepare finishes it. For progress and the rest see Rebuild.
func (s *Station) SetRule(ctx context.Context, r model.HeardRule, progress func(done, total int64)) (differing int, err error) {
	err = s.commit(ctx, "set rule", func(ctx context.Context, tx *writing) error {
		rules, err := airlog.Rules(ctx, tx.Conn)
		if err != nil {
			return err
		}
		if err := tx.storeRules(ctx, onair.Counting(rules, r)); err != nil {
			return err
		}
		return tx.beginToDerive(ctx)
	})
	if err != nil {
		return 0, err
	}
	return s.derive(ctx, onair.Window{From: r.From}, progress)
}

// TryRule tells what SetRule would change, in the order of time, and changes
// nothing. For progress and the rest see Rebuild.
func (s *Station) TryRule(ctx context.Context, r model.HeardRule, found func(onair.Difference), progress func(done, total int64)) error {
	rules, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	rules = onair.Counting(rules, r)
	_, err = s.examine(ctx, onair.Window{From: r.From}, func(ctx context.Context, w onair.Window) (examined, error) {
		return s.lookAt(ctx, w, func(log *airlog.Log) { log.Rules, log.Compare = rules, found })
	}, progress)
	return err
}
