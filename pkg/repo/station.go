package repo

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// Station is the database of the sync node. It promises that the on-air log
// always is what package onair derives from all that is stored: every write
// brings it up to date in its own transaction. For that, writes of whatever
// process follow one another, and each that changed something is counted (see
// Sequence); one that changed nothing writes nothing at all. There is no write
// past the sequence, except of what the on-air log does not depend on: leases,
// maintenance and deliveries.
//
// Everything that it stores counts as synced. A write that was begun is ended,
// whatever becomes of its caller's context: one that touches years of the log
// takes longer than callers wait, and would never come to an end otherwise.
type Station struct {
	*DB
	*writer
	sequencer *sequencer
}

// OpenStation is Open for the sync node. defaultSource is active until the first
// activation.
func OpenStation(cfg Config, defaultSource int, log zerolog.Logger) (*Station, error) {
	db, err := Open(cfg, log)
	return stationOver(db, defaultSource, err)
}

// OpenExistingStation is OpenExisting for the sync node.
func OpenExistingStation(cfg Config, defaultSource int, log zerolog.Logger) (*Station, error) {
	db, err := OpenExisting(cfg, log)
	return stationOver(db, defaultSource, err)
}

func stationOver(db *DB, defaultSource int, err error) (*Station, error) {
	if err != nil {
		return nil, err
	}
	s := &sequencer{db: db, defaultSource: defaultSource, page: airPage, turn: make(chan struct{}, 1)}
	return &Station{DB: db, writer: newWriter(db, s), sequencer: s}, nil
}

// Close stores what StoreEntry already accepted, then closes the connections.
// No other call may be made afterwards.
func (s *Station) Close() error {
	s.group.close()
	return s.DB.Close()
}

// Sequence is the number of the last change, 0 before the first: when it has
// grown, there is something new to read. It counts what any process wrote.
// Error: model.ErrUnavailable.
func (s *Station) Sequence(ctx context.Context) (int64, error) {
	ctx, cancel := s.db.deadline(ctx)
	defer cancel()
	n, err := lastChange(s.db.read.WithContext(ctx))
	return n, s.db.fail(ctx, "read sequence", err)
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

// sequencer commits the writes of a station: one after the other over all
// processes, each under the next number, with the on-air log brought up to date.
type sequencer struct {
	db            *DB
	defaultSource int
	page          int // see airRows
	// turn is held by the one who writes. last, the number of the last change as
	// far as this process knows, belongs to the holder.
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

// takeTurn waits until nobody else of this process writes.
func (s *sequencer) takeTurn(ctx context.Context) error {
	ctx, cancel := s.db.deadline(ctx)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return s.db.classify(ctx, ctx.Err())
	}
}

func (s *sequencer) endTurn() { <-s.turn }

// await takes the turn for a group. The callers of its entries have deadlines.
func (s *sequencer) await() (release func()) {
	s.turn <- struct{}{}
	return s.endTurn
}

func (s *sequencer) storeGroup(group []*waitingEntry) error {
	records := make([]model.Record, len(group))
	for i, w := range group {
		var err error
		if records[i].Entry, err = w.row.entry(); err != nil {
			return err
		}
	}
	return s.commitInTurn(context.Background(), func(ctx context.Context, tx *writing) error {
		_, err := tx.absorb(ctx, records, false)
		return err
	})
}

func (s *sequencer) close() {}

// commitInTurn is commit for who has the turn. The write goes on whatever its
// caller's context does.
func (s *sequencer) commitInTurn(ctx context.Context, do func(ctx context.Context, tx *writing) error) error {
	ctx, goesOn, cancel := s.patience(ctx)
	defer cancel()
	return s.db.classify(ctx, s.untilFirst(ctx, func() error {
		return s.commitNext(ctx, func(g *gorm.DB) error {
			tx := newWriting(s.db, g)
			tx.onStation, tx.goesOn = true, goesOn
			if err := do(ctx, tx); err != nil {
				return err
			}
			if !tx.changed.any() {
				return errUnchanged
			}
			if err := tx.complete(); err != nil {
				return err
			}
			return s.airLog(tx).follow(ctx, &tx.touched)
		})
	}))
}

// untilFirst repeats do while other processes are faster. Unlike retry it does
// not give up, because who waits for a number may lose it many times in a row.
func (s *sequencer) untilFirst(ctx context.Context, do func() error) error {
	pause := firstPause
	for {
		err := do()
		wait := pause/2 + rand.N(pause)
		switch {
		case errors.Is(err, errOvertaken):
			wait = 0 // it waited for the other one already
		case err == nil || !s.db.isConflict(err):
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
func (s *sequencer) patience(ctx context.Context) (_ context.Context, goesOn func(), cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := time.AfterFunc(s.db.timeout, func() { end(errTooSlow) })
	return ctx, func() { timer.Reset(s.db.timeout) }, func() {
		timer.Stop()
		end(nil)
	}
}

// commitNext runs do in a transaction that inserts the next number first. The
// number is unique, so whoever else inserts it waits here for the end of this
// transaction, or, on another node of a cluster, fails to commit.
func (s *sequencer) commitNext(ctx context.Context, do func(tx *gorm.DB) error) error {
	if s.last == 0 {
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
	n := s.last + 1
	err := s.db.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := s.takeNumber(tx, n)
		if err == nil {
			err = do(tx)
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

func (s *sequencer) catchUp(ctx context.Context) (err error) {
	s.last, err = lastChange(s.db.write.WithContext(ctx))
	return err
}

// takeNumber inserts n. It must be the last number and follow the one before
// directly: a number that was pruned, or one that runs ahead of what this node
// of a cluster has applied yet, would not exclude other writers.
func (s *sequencer) takeNumber(tx *gorm.DB, n int64) error {
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
