package repo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Station is the database of the sync node. It promises that the on-air log
// always is what package onair derives from all that is stored: every write
// brings it up to date in its own transaction. For that, writes of whatever
// process follow one another, and each that changed something is counted (see
// Sequence); one that changed nothing writes nothing at all.
//
// Write through the Station, and not through another DB of the same database.
// Everything that it stores counts as synced. A write that was begun is ended,
// whatever becomes of its caller's context: one that touches years of the log
// takes longer than callers wait, and would never come to an end otherwise.
type Station struct {
	*DB
	defaultSource int
	page          int // see airRows
	// turn is held by the one who writes. last, the number of the last change as
	// far as this process knows, belongs to the holder.
	turn chan struct{}
	last int64
	// waiting are the entries that go into the next turn.
	waiting chan *waitingRecord
}

// Station is the database as the sync node uses it. defaultSource is active
// until the first activation. From here on db counts everything as synced.
func (db *DB) Station(defaultSource int) *Station {
	db.isSyncNode = true
	return &Station{
		DB:            db,
		defaultSource: defaultSource,
		page:          airPage,
		turn:          make(chan struct{}, 1),
		waiting:       make(chan *waitingRecord, queueLength),
	}
}

// Sequence is the number of the last change, 0 before the first: when it has
// grown, there is something new to read. It counts what any process wrote.
// Error: model.ErrUnavailable.
func (s *Station) Sequence(ctx context.Context) (int64, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	n, err := lastChange(s.read.WithContext(ctx))
	return n, s.fail(ctx, "read sequence", err)
}

func lastChange(g *gorm.DB) (int64, error) {
	var n []int64
	err := g.Raw("SELECT n FROM changed ORDER BY n DESC LIMIT 1").Scan(&n).Error
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}

const (
	// keptChanges is how many numbers remain in the database, also those of
	// programs that left something out.
	keptChanges = 1000
	// knownSchema is the migration from which on programs say what they know.
	knownSchema = 18
	// countsDays: a program that says at least so much keeps onair_day right.
	countsDays = 18
)

var (
	// errOvertaken: another process wrote since this one looked.
	errOvertaken = errors.New("another process was faster")
	// errUnchanged takes a transaction back that had nothing to do.
	errUnchanged = errors.New("nothing changed")
)

// write runs do in the next transaction of the sequence, again from the start
// where another process was faster. do reports whether it changed anything.
func (s *Station) write(ctx context.Context, doing string, do func(ctx context.Context, tx *gorm.DB, log *airLog) (changed bool, err error)) error {
	if err := s.takeTurn(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer s.endTurn()
	return s.writeInTurn(ctx, doing, do)
}

// takeTurn waits until nobody else of this process writes.
func (s *Station) takeTurn(ctx context.Context) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return s.classify(ctx, ctx.Err())
	}
}

func (s *Station) endTurn() { <-s.turn }

// writeInTurn is write for who has the turn.
func (s *Station) writeInTurn(ctx context.Context, doing string, do func(ctx context.Context, tx *gorm.DB, log *airLog) (changed bool, err error)) error {
	ctx, goesOn, cancel := s.patience(ctx)
	defer cancel()
	err := s.untilFirst(ctx, func() error {
		return s.writeNext(ctx, func(tx *gorm.DB) (bool, error) {
			return do(ctx, tx, s.airLog(tx, goesOn))
		})
	})
	return s.fail(ctx, doing, err)
}

// untilFirst repeats do while other processes are faster. Unlike retry it does
// not give up, because who waits for a number may lose it many times in a row.
func (s *Station) untilFirst(ctx context.Context, do func() error) error {
	pause := firstPause
	for {
		err := do()
		wait := pause/2 + rand.N(pause)
		switch {
		case errors.Is(err, errOvertaken):
			wait = 0 // it waited for the other one already
		case err == nil || !s.isConflict(err):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
		pause = min(2*pause, maxPause)
	}
}

// patience is a context for work of unknown length: it ends when goesOn was not
// called for as long as one operation may take, and not with the caller's.
func (s *Station) patience(ctx context.Context) (_ context.Context, goesOn func(), cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := time.AfterFunc(s.timeout, func() { end(errTooSlow) })
	return ctx, func() { timer.Reset(s.timeout) }, func() {
		timer.Stop()
		end(nil)
	}
}

// writeNext runs do in a transaction that inserts the next number first. The
// number is unique, so whoever else inserts it waits here for the end of this
// transaction, or, on another node of a cluster, fails to commit.
func (s *Station) writeNext(ctx context.Context, do func(tx *gorm.DB) (changed bool, err error)) error {
	if s.last == 0 {
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
	n := s.last + 1
	err := s.DB.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.takeNumber(tx, n); err != nil {
			return err
		}
		changed, err := do(tx)
		if err == nil && !changed {
			err = errUnchanged
		}
		if err == nil && n%keptChanges == 0 {
			err = tx.Exec("DELETE FROM changed WHERE n <= ? AND known >= ?", n-keptChanges, countsDays).Error
		}
		return err
	})
	switch {
	case err == nil:
		s.last = n
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, errOvertaken):
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
	return err
}

func (s *Station) catchUp(ctx context.Context) (err error) {
	s.last, err = lastChange(s.DB.write.WithContext(ctx))
	return err
}

// takeNumber inserts n. It must be the last number and follow the one before
// directly: a number that was pruned, or one that runs ahead of what this node
// of a cluster has applied yet, would not exclude other writers.
func (s *Station) takeNumber(tx *gorm.DB, n int64) error {
	err := tx.Exec("INSERT INTO changed (n, changed_at, known) VALUES (?, ?, ?)", n, dbTime{time.Now()}, knownSchema).Error
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
