package repo

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

const (
	// playedAgain is how often it is looked for days whose titles are not kept. Until
	// these are, the most played titles are counted play by play.
	playedAgain = time.Hour
	// playedAfter is how many days after a day its titles are kept. Most of what is late
	// has arrived by then.
	playedAfter = 2
)

// playedKeeper keeps the titles that were played on each day of a log that is over.
type playedKeeper struct {
	db    *sqldb.DB
	table airlog.Table
	page  int // see airlog.AllTitles
	// commit runs a step in a transaction that excludes others that change the log.
	commit func(ctx context.Context, step func(ctx context.Context, tx *writing) error) error
}

// run keeps them until ctx ends.
func (k *playedKeeper) run(ctx context.Context) error {
	trouble := logging.NewLasting(k.db.Log, "the titles of days can't be kept")
	for {
		err := k.keep(ctx, time.Now())
		if ctx.Err() != nil {
			return nil
		}
		trouble.Report(err)
		pause := playedAgain
		if err != nil {
			pause = keepPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// keep keeps the titles of all days that were over some days before now.
func (k *playedKeeper) keep(ctx context.Context, now time.Time) error {
	until := sqldb.StartOfDay(now).AddDate(0, 0, -playedAfter)
	lacks, err := k.lacks(ctx, until)
	if err != nil || !lacks {
		return err
	}
	k.db.Log.Debug().Str("table", k.table.Played).Msg("keeping the titles of days")
	return eachStep(time.Time{}, func(from time.Time) (next *time.Time, err error) {
		err = k.commit(ctx, func(ctx context.Context, tx *writing) (err error) {
			next, err = airlog.AllTitles(tx.tx, k.table, k.page).KeepSome(ctx, from, until)
			return err
		})
		return next, err
	})
}

func (k *playedKeeper) lacks(ctx context.Context, until time.Time) (bool, error) {
	ctx, cancel := k.db.Deadline(ctx)
	defer cancel()
	lacks, err := airlog.LacksPlayed(ctx, k.db.Reads(), k.table, until)
	return lacks, k.db.Classify(ctx, err)
}

// KeepPlayed keeps in the background the titles that were on air on each day that is
// over, until ctx ends. The most played titles of a year are soon counted then. Call
// it once, after Prepare.
func (s *Station) KeepPlayed(ctx context.Context) error { return s.played().run(ctx) }

func (s *Station) played() *playedKeeper {
	return &playedKeeper{s.db, airlog.OnAir, s.sequencer.page, func(ctx context.Context, step func(context.Context, *writing) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.commit(ctx, "keep the titles of days", step)
	}}
}

// KeepPlayed keeps in the background the titles that were heard on each day that is
// over, until ctx ends. The most played titles of a year are soon counted then. Call
// it once, after PrepareHeard.
func (n *Node) KeepPlayed(ctx context.Context) error { return n.heard.played().run(ctx) }

// played keeps titles of days while nothing is being said, as KeepHeard derives. What
// is too much to be followed is left to KeepHeard.
func (h *heardLog) played() *playedKeeper {
	giveWay := h.givingWay()
	return &playedKeeper{h.db, airlog.Heard, h.page, func(ctx context.Context, step func(context.Context, *writing) error) error {
		for {
			if err := giveWay(ctx); err != nil {
				return err
			}
			if err := h.commitStep(ctx, step); !errors.Is(err, errTooMuch) {
				return err
			}
			h.goOn()
		}
	}}
}
