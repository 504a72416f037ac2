package repo

import (
	"context"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// noSource is the default source of a log that is partly derived by another
// default.
const noSource = 0

// onairRuleRow is the only row of table onair_rule: the rule by which the
// on-air log was derived.
type onairRuleRow struct {
	ID            int64 `gorm:"primaryKey"`
	DefaultSource int
}

// TableName implements gorm's schema.Tabler.
func (onairRuleRow) TableName() string { return "onair_rule" }

// Prepare brings the on-air log up to date in a database whose schema is in
// place. The whole log is derived if that was never done. If another source was
// the default, the time until the first activation is derived again. Prepare
// also does what a program of an older version left out. Call it before the
// first write. If it was interrupted, the next call starts from the beginning,
// even by the earlier rule. It takes as long as it takes, so bound ctx. Error:
// model.ErrUnavailable.
func (s *Station) Prepare(ctx context.Context) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	w, err := s.underived(ctx)
	if err != nil || w == nil {
		return err
	}
	err = s.commit(ctx, "begin to derive on-air log", func(ctx context.Context, tx *writing) error { return tx.beginToDerive(ctx) })
	if err != nil {
		return err
	}
	_, err = s.derive(ctx, *w, nil)
	return err
}

// beginToDerive notes that the log is derived by more than one rule, until derive
// has finished.
func (tx *writing) beginToDerive(ctx context.Context) error {
	_, err := tx.Exec(ctx, "UPDATE onair_rule SET default_source = ? WHERE id = 1", noSource)
	return err
}

// derive derives w anew.
func (s *Station) derive(ctx context.Context, w onair.Window, progress func(done, total int64)) (differing int, err error) {
	s.db.Log.Info().Int("default_source", s.sequencer.defaultSource).Msg("deriving the on-air log")
	differing, err = s.examine(ctx, w, s.mendSome, progress)
	if err != nil {
		return differing, err
	}
	s.db.Log.Info().Int("differing", differing).Msg("on-air log derived")
	return differing, s.commit(ctx, "store default source", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, "REPLACE INTO onair_rule (id, default_source) VALUES (1, ?)", s.sequencer.defaultSource)
		return err
	})
}

// catchUp does what programs of older versions left out that wrote meanwhile: an
// older program may take turns with a newer one. It derives the log again by the
// rules that they do not know, counts all days again, and notes up to which
// change it did.
func (s *Station) catchUp(ctx context.Context) error {
	var left int64
	err := s.query(ctx, "look for changes by older programs", func(_ context.Context, read *gorm.DB) error {
		return read.Raw("SELECT COALESCE(MAX(n), 0) FROM changed WHERE known < ?", derivesHeard).Scan(&left).Error
	})
	if err != nil || left == 0 {
		return err
	}
	s.db.Log.Info().Msg("deriving and counting the on-air log again, because an older program may have written to it")
	rules, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	for _, p := range onair.Periods(rules) {
		if p.Rule.Version != model.RuleAsSaid {
			if _, err := s.examine(ctx, p.Window, s.mendSome, nil); err != nil {
				return err
			}
		}
	}
	err = eachStep(time.Time{}, func(from time.Time) (next *time.Time, err error) {
		err = s.commit(ctx, "count the days of the on-air log", func(ctx context.Context, tx *writing) (err error) {
			next, err = s.sequencer.airLog(tx.tx).Recount(ctx, from)
			return err
		})
		return next, err
	})
	if err != nil {
		return err
	}
	return s.commit(ctx, "note that older programs were followed", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, "UPDATE changed SET known = ? WHERE n <= ? AND known < ?", derivesHeard, left, derivesHeard)
		return err
	})
}

// Prepared reports whether Prepare has nothing to do. A program that may have
// been given another default source than the service asks this before it
// writes. Error: model.ErrUnavailable.
func (s *Station) Prepared(ctx context.Context) (bool, error) {
	w, err := s.underived(ctx)
	return err == nil && w == nil, err
}

// underived is the time for which the log was never derived or was derived by
// another rule, or nil if there is none.
func (s *Station) underived(ctx context.Context) (*onair.Window, error) {
	var rule []onairRuleRow
	var first []activationRow
	err := s.query(ctx, "read how the on-air log was derived", func(_ context.Context, read *gorm.DB) error {
		if err := read.Limit(1).Find(&rule).Error; err != nil {
			return err
		}
		return read.Order("active_from, epoch").Limit(1).Find(&first).Error
	})
	switch {
	case err != nil || len(rule) > 0 && rule[0].DefaultSource == s.sequencer.defaultSource:
		return nil, err
	case len(rule) == 0 || len(first) == 0:
		return &onair.Window{}, nil
	}
	return &onair.Window{To: first[0].ActiveFrom.Time}, nil
}

// Rebuild derives the whole on-air log again and mends the differences. It
// returns how many segments were missing, wrong or superfluous, plus the number
// of days that were counted wrong, or how many titles were, if these are more:
// a segment too many is also a play too many. The result is 0 unless somebody
// changed the database behind the Station's back, or a cluster lost something.
//
// If nothing differs, nothing is written and no writer waits. The cost is to
// read every entry and every segment once, in parts of some thousands. A
// million entries take some ten seconds of one core. Differences are mended in
// short transactions, so that others can write meanwhile.
//
// progress, which may be nil, is told how many entries have been passed, and of
// how many, which is 0 if not known. Rebuild takes as long as it takes, so
// bound ctx. Error: model.ErrUnavailable.
func (s *Station) Rebuild(ctx context.Context, progress func(done, total int64)) (differing int, err error) {
	differing, err = s.examine(ctx, onair.Window{}, s.rebuildSome, progress)
	if err != nil {
		return differing, err
	}
	titles, err := s.recountTitles(ctx, true)
	return max(differing, titles), err
}

// Verify is Rebuild without mending. It does not look at titles while KeepTitles has
// to follow an older program.
func (s *Station) Verify(ctx context.Context, progress func(done, total int64)) (differing int, err error) {
	left, err := s.untitled(ctx, keepsTitles)
	if err != nil {
		return 0, err
	}
	differing, err = s.examine(ctx, onair.Window{}, func(ctx context.Context, w onair.Window) (examined, error) {
		return s.lookAt(ctx, w, func(log *airlog.Log) { log.AnyTitle = left > 0 })
	}, progress)
	if err != nil || left > 0 {
		return differing, err
	}
	titles, err := s.recountTitles(ctx, false)
	return max(differing, titles), err
}

// rebuildSome looks at the beginning of w, and mends it if it differs.
func (s *Station) rebuildSome(ctx context.Context, w onair.Window) (examined, error) {
	found, err := s.lookAt(ctx, w, func(*airlog.Log) {})
	if err != nil || found.differing == 0 {
		return found, err
	}
	if found.rest != nil {
		w.To = found.rest.From
	}
	found.differing, err = s.examine(ctx, w, s.mendSome, nil)
	return found, err
}

// examined is the result of a step.
type examined struct {
	differing int
	rest      *onair.Window // what remains; nil if nothing does
}

// examine calls step for w, part by part.
func (s *Station) examine(ctx context.Context, w onair.Window, step func(context.Context, onair.Window) (examined, error), progress func(done, total int64)) (differing int, err error) {
	passed := s.passing(ctx, w, progress)
	for rest := &w; rest != nil; {
		if err := ctx.Err(); err != nil {
			return differing, err
		}
		part := *rest
		result, err := step(ctx, part)
		if err != nil {
			return differing, err
		}
		differing += result.differing
		rest = result.rest
		if err := passed(ctx, anySource, part, rest); err != nil {
			return differing, err
		}
	}
	return differing, nil
}

// mendSome mends the beginning of w.
func (s *Station) mendSome(ctx context.Context, w onair.Window) (result examined, err error) {
	err = s.commit(ctx, "derive on-air log", func(ctx context.Context, tx *writing) error {
		log := s.sequencer.airLog(tx.tx)
		rest, err := log.MendSome(ctx, w)
		result = examined{log.Differing, rest}
		return err
	})
	return result, err
}

// lookAt derives the beginning of w and changes nothing. set is called first.
func (s *Station) lookAt(ctx context.Context, w onair.Window, set func(*airlog.Log)) (result examined, err error) {
	err = s.inOneState(ctx, "verify on-air log", func(ctx context.Context, tx *sqldb.Tx) error {
		log := s.sequencer.airLog(tx)
		log.DryRun = true
		set(log)
		rest, err := log.MendSome(ctx, w)
		result = examined{log.Differing, rest}
		return err
	})
	return result, err
}

// query runs one read operation.
func (s *Station) query(ctx context.Context, doing string, do func(ctx context.Context, read *gorm.DB) error) error {
	ctx, cancel := s.db.Deadline(ctx)
	defer cancel()
	return s.db.Fail(ctx, doing, do(ctx, s.db.Read.WithContext(ctx)))
}
