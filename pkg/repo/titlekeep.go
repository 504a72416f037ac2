package repo

import (
	"context"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// titlePass goes through all titles of a log, step by step. Each step is called in a
// transaction of its own, and may be called again.
type titlePass struct {
	table airlog.Table
	page  int
	named bool // each play names its title
	wrong int  // how many segments and titles were
}

// all makes every step. commit runs one.
func (p *titlePass) all(commit func(step func(ctx context.Context, tx *writing) error) error) error {
	if !p.named {
		err := eachStep(time.Time{}, func(from time.Time) (next *time.Time, err error) {
			err = p.step(commit, func(ctx context.Context, t *airlog.Titles) (wrong int, err error) {
				next, wrong, err = t.NameSome(ctx, from)
				return wrong, err
			})
			return next, err
		})
		if err != nil {
			return err
		}
	}
	err := eachStep(airlog.FirstTitle, func(from int64) (next *int64, err error) {
		err = p.step(commit, func(ctx context.Context, t *airlog.Titles) (wrong int, err error) {
			next, wrong, err = t.RecountSome(ctx, from, false)
			return wrong, err
		})
		return next, err
	})
	if err != nil {
		return err
	}
	return eachStep(time.Time{}, func(from time.Time) (next *time.Time, err error) {
		err = p.step(commit, func(ctx context.Context, t *airlog.Titles) (wrong int, err error) {
			next, wrong, err = t.CheckSome(ctx, from, false)
			return wrong, err
		})
		return next, err
	})
}

func (p *titlePass) step(commit func(func(context.Context, *writing) error) error, do func(context.Context, *airlog.Titles) (int, error)) error {
	wrong := 0
	err := commit(func(ctx context.Context, tx *writing) (err error) {
		wrong, err = do(ctx, airlog.AllTitles(tx.tx, p.table, p.page))
		return err
	})
	p.wrong += wrong
	return err
}

// titleAll notes again which titles were heard, and calls giveWay before each step.
// Each step follows what is pending, so that the steps before stay right. named: each
// play names its title.
func (h *heardLog) titleAll(ctx context.Context, named bool, giveWay func(ctx context.Context) error) error {
	pass := titlePass{table: airlog.Heard, page: h.page, named: named}
	err := pass.all(func(step func(context.Context, *writing) error) error {
		if err := giveWay(ctx); err != nil {
			return err
		}
		return h.commitStep(ctx, step)
	})
	if err != nil {
		return err
	}
	return h.inTurn(ctx, func() error {
		return h.commit(ctx, func(_ context.Context, _ *writing, note *heardNote) error {
			note.Titled, note.Counted = true, true
			return nil
		})
	})
}

// commitStep is commit for a step of a pass.
func (h *heardLog) commitStep(ctx context.Context, step func(context.Context, *writing) error) error {
	return h.inTurn(ctx, func() error {
		return h.commit(ctx, func(ctx context.Context, tx *writing, _ *heardNote) error { return step(ctx, tx) })
	})
}

// listed reports whether nothing is missing of titles.
func (h *heardLog) listed(ctx context.Context) (bool, error) {
	note, err := h.note(ctx)
	return note.Counted, err
}

// titlesAgain is how often it is looked for what an older program wrote.
const titlesAgain = time.Minute

// KeepTitles notes in the background the titles of what programs of older versions
// wrote, until ctx ends: at once, and whenever such a program writes again. changed
// is called when a title was wrong. Call it once, after Prepare.
func (s *Station) KeepTitles(ctx context.Context, changed func()) error {
	trouble := logging.NewLasting(s.db.Log, "titles can't be noted")
	again := time.NewTicker(titlesAgain)
	defer again.Stop()
	for {
		did, err := s.catchUpTitles(ctx)
		if did {
			changed()
		}
		if ctx.Err() != nil {
			return nil
		}
		trouble.Report(err)
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}

// catchUpTitles notes what older programs left out. It reports whether that was
// anything.
func (s *Station) catchUpTitles(ctx context.Context) (did bool, err error) {
	left, err := s.untitled(ctx, keepsTitles)
	if err != nil || left == 0 {
		return false, err
	}
	unnamed, err := s.untitled(ctx, namesTitles)
	if err != nil {
		return false, err
	}
	s.db.Log.Info().Msg("noting the titles of the on-air log, because an older program wrote to it")
	wrong, err := s.titleAll(ctx, unnamed == 0)
	if err != nil {
		return wrong > 0, err
	}
	return wrong > 0, s.commit(ctx, "note that older programs were followed", func(ctx context.Context, tx *writing) error {
		_, err := tx.Exec(ctx, "UPDATE changed SET known = ? WHERE n <= ? AND known < ?", keepsTitles, left, keepsTitles)
		return err
	})
}

// untitled is the last change by a program that knows less than a migration and was
// not followed yet, 0 if there is none.
func (s *Station) untitled(ctx context.Context, migration int) (left int64, err error) {
	err = s.query(ctx, "look for changes by older programs", func(_ context.Context, read *gorm.DB) error {
		return read.Raw("SELECT COALESCE(MAX(n), 0) FROM changed WHERE known < ?", migration).Scan(&left).Error
	})
	return left, err
}

// listed reports whether nothing is missing of titles.
func (s *Station) listed(ctx context.Context) (bool, error) {
	left, err := s.untitled(ctx, keepsTitles)
	return left == 0, err
}

// titleAll notes again which titles were on air. It returns how many segments and
// titles were wrong. named: each play names its title.
func (s *Station) titleAll(ctx context.Context, named bool) (wrong int, err error) {
	pass := titlePass{table: airlog.OnAir, page: s.sequencer.page, named: named}
	err = pass.all(func(step func(context.Context, *writing) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.commit(ctx, "note titles", step)
	})
	return pass.wrong, err
}

// recountTitles counts all plays of titles again, and those of each day, and corrects
// what differs if it is to be mended. It returns how many titles and days differed.
func (s *Station) recountTitles(ctx context.Context, mend bool) (differing int, err error) {
	err = eachStep(airlog.FirstTitle, func(from int64) (next *int64, err error) {
		wrong, err := s.recount(ctx, mend, func(ctx context.Context, t *airlog.Titles, dryRun bool) (wrong int, err error) {
			next, wrong, err = t.RecountSome(ctx, from, dryRun)
			return wrong, err
		})
		differing += wrong
		return next, err
	})
	if err != nil {
		return differing, err
	}
	err = eachStep(time.Time{}, func(from time.Time) (next *time.Time, err error) {
		wrong, err := s.recount(ctx, mend, func(ctx context.Context, t *airlog.Titles, dryRun bool) (wrong int, err error) {
			next, wrong, err = t.CheckSome(ctx, from, dryRun)
			return wrong, err
		})
		differing += wrong
		return next, err
	})
	return differing, err
}

// recount makes a step of recountTitles. Nobody waits for what is right.
func (s *Station) recount(ctx context.Context, mend bool, step func(ctx context.Context, t *airlog.Titles, dryRun bool) (wrong int, err error)) (wrong int, err error) {
	err = s.inOneState(ctx, "count the plays of titles", func(ctx context.Context, tx *sqldb.Tx) (err error) {
		wrong, err = step(ctx, airlog.AllTitles(tx, airlog.OnAir, s.sequencer.page), true)
		return err
	})
	if err == nil && wrong > 0 && mend {
		err = s.commit(ctx, "count the plays of titles", func(ctx context.Context, tx *writing) error {
			wrong, err = step(ctx, airlog.AllTitles(tx.tx, airlog.OnAir, s.sequencer.page), false)
			return err
		})
	}
	return wrong, err
}
