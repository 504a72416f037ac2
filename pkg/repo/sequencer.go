package repo

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/repo/internal/airlog"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

const (
	// keptChanges is how many numbers remain in the database, also those of
	// programs that left something out.
	keptChanges = 1000
	// derivesHeard is the migration from which on programs keep the log right by
	// all rules, and onair_day. A change notes the newest migration that its
	// writer knows, so Prepare finds out what an older writer left out. Whatever
	// else writers must keep right needs a migration of its own, and that
	// migration's number here.
	derivesHeard = 30
	// namesTitles is the same for which title each play of the log is of, and
	// keepsTitles for all that is known of titles and their plays. KeepTitles does what
	// an older writer left out.
	namesTitles = 41
	keepsTitles = 47
)

var (
	// errOvertaken: another process has written since this process last read
	// the sequence.
	errOvertaken = errors.New("another process was faster")
	// errUnchanged rolls back a transaction that had nothing to do.
	errUnchanged = errors.New("nothing changed")
)

// sequencer commits the writes of a station: one after the other over all
// processes, each under the next number. Each commit also brings the on-air log
// up to date.
type sequencer struct {
	db            *sqldb.DB
	defaultSource int
	page          int // see airlog.New
	// turn is held by the goroutine that writes. last is the number of the last
	// change that this process knows. Only the holder of the turn uses it.
	turn chan struct{}
	last int64
}

func (s *sequencer) commit(ctx context.Context, do func(ctx context.Context, tx *writing) error) error {
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer s.endTurn()
	return s.commitInTurn(ctx, do)
}

// takeTurn waits until no other goroutine of this process writes.
func (s *sequencer) takeTurn(ctx context.Context) error {
	ctx, cancel := s.db.Deadline(ctx)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return s.db.Classify(ctx, ctx.Err())
	}
}

func (s *sequencer) endTurn() { <-s.turn }

// await takes the turn for a group. It has no deadline of its own, because the
// callers of the entries have deadlines.
func (s *sequencer) await() (release func()) {
	s.turn <- struct{}{}
	return s.endTurn
}

func (s *sequencer) storeGroup(group []*waitingEntry) error {
	records, err := recordsOf(group)
	if err != nil {
		return err
	}
	ctx := context.Background()
	return s.db.Outlast(ctx, func() error {
		return s.commitInTurn(ctx, func(ctx context.Context, tx *writing) error { return tx.tell(ctx, records) })
	})
}

func (s *sequencer) close() {}

// commitInTurn is commit for a caller that has the turn. The write goes on even
// if the caller's context ends.
func (s *sequencer) commitInTurn(ctx context.Context, do func(ctx context.Context, tx *writing) error) error {
	ctx, goesOn, cancel := s.patience(ctx)
	defer cancel()
	err := s.untilFirst(ctx, func() error {
		return s.commitNext(ctx, func(g *gorm.DB) error {
			unit := sqldb.NewTx(s.db, g)
			unit.GoesOn = goesOn
			tx := newWriting(unit)
			tx.onStation = true
			if err := do(ctx, tx); err != nil {
				return err
			}
			if !unit.Changed.Any() {
				return errUnchanged
			}
			if err := tx.complete(ctx); err != nil {
				return err
			}
			return s.airLog(unit).Follow(ctx, &tx.touched)
		})
	})
	if err != nil {
		err = s.db.Wrote(ctx, err)
	}
	return s.db.Classify(ctx, err)
}

// untilFirst repeats do while other processes are faster. Unlike retry it does
// not give up, because a process may lose the number many times in a row.
func (s *sequencer) untilFirst(ctx context.Context, do func() error) error {
	pause := sqldb.FirstPause
	for {
		err := do()
		wait := pause/2 + rand.N(pause)
		switch {
		case errors.Is(err, errOvertaken):
			wait = 0 // it has already waited for the other process
		case err == nil || !s.db.IsConflict(err):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
		pause = min(2*pause, sqldb.MaxPause)
	}
}

// patience is a context for work of unknown length. It ends if goesOn was not
// called for as long as one operation may take. It does not end with the
// caller's context.
func (s *sequencer) patience(ctx context.Context) (_ context.Context, goesOn func(), cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := time.AfterFunc(s.db.Timeout, func() { end(sqldb.ErrTooSlow) })
	return ctx, func() { timer.Reset(s.db.Timeout) }, func() {
		timer.Stop()
		end(nil)
	}
}

// airLog is the on-air log within a transaction.
func (s *sequencer) airLog(tx *sqldb.Tx) *airlog.Log {
	return airlog.New(tx, s.defaultSource, s.page)
}

// commitNext runs do in a transaction that first inserts the next number. The
// number is unique. Another process that inserts the same number waits here for
// the end of this transaction. On another node of a cluster, it fails to commit
// instead.
func (s *sequencer) commitNext(ctx context.Context, do func(tx *gorm.DB) error) error {
	if s.last == 0 {
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
	n := s.last + 1
	err := s.db.Write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := s.takeNumber(tx, n)
		if err == nil {
			err = do(tx)
		}
		if err == nil && n%keptChanges == 0 {
			err = tx.Exec("DELETE FROM changed WHERE n <= ? AND known >= ?", n-keptChanges, keepsTitles).Error
		}
		return err
	})
	switch {
	case err == nil:
		s.last = n
		return s.db.Wrote(ctx, nil)
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, errOvertaken):
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
	return err
}

func (s *sequencer) catchUp(ctx context.Context) (err error) {
	s.last, err = lastChange(s.db.Write.WithContext(ctx))
	return err
}

// takeNumber inserts n. n must be the last number and follow directly on the
// one before. Otherwise it would not exclude other writers: for example, if it
// was pruned, or if it is ahead of what this node of a cluster has applied.
func (s *sequencer) takeNumber(tx *gorm.DB, n int64) error {
	err := tx.Exec("INSERT INTO changed (n, changed_at, known) VALUES (?, ?, ?)", n, sqldb.At(time.Now()), s.db.Known).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errOvertaken
	}
	if err != nil {
		return err
	}
	var last []int64
	if err := tx.Raw("SELECT n FROM changed ORDER BY n DESC LIMIT 2").Scan(&last).Error; err != nil {
		return err
	}
	if n == 1 && slices.Equal(last, []int64{1}) || slices.Equal(last, []int64{n, n - 1}) {
		return nil
	}
	return errOvertaken
}
