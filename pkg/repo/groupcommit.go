package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// Bounds of the group commit. A full queue makes callers wait until their time
// is over.
const (
	maxGroup    = 256
	queueLength = 1024
)

var errClosed = fmt.Errorf("%w: the service is stopping", model.ErrUnavailable)

// groupCommitter stores entries in one transaction after the other: everything
// that waits when the one before is done goes into the next. So a lone entry is
// stored at once, and many share one commit; there is no delay to tune.
type groupCommitter struct {
	db    *DB
	queue chan *waitingEntry
	// stop asks the goroutine to end, ended says that it did.
	stop, ended chan struct{}
	// single is insertNew, prepared; nil before its first use.
	single *sql.Stmt
	late   func()
}

type waitingEntry struct {
	row    entryRow
	result chan error // has room, so that nobody waits for a caller who left
	left   atomic.Bool
}

// answer says what became of the entry: to its caller, or to OnLate's function
// where the caller may have left.
func (w *waitingEntry) answer(err error, late func()) {
	w.result <- err
	if err == nil && w.left.Load() {
		late()
	}
}

func startGroupCommitter(db *DB) *groupCommitter {
	c := &groupCommitter{
		db:    db,
		queue: make(chan *waitingEntry, queueLength),
		stop:  make(chan struct{}),
		ended: make(chan struct{}),
		late:  func() {},
	}
	go c.run()
	return c
}

// close stores what waits and ends the goroutine.
func (c *groupCommitter) close() {
	close(c.stop)
	<-c.ended
}

// OnLate has f called after an entry became durable whose StoreEntry had an error
// of its context already: who stored it could tell nobody. f must not block. Call
// it before the first StoreEntry.
func (db *DB) OnLate(f func()) { db.group.late = f }

// StoreEntry stores an entry, which its caller normalized and validated, or
// merges it with the copy that is there by the rule of model.Merge. When it
// returns nil, the entry is durable. Errors: model.ErrUnavailable, or that of
// ctx; after these the entry may be stored nevertheless, and storing it again
// does no harm.
func (db *DB) StoreEntry(ctx context.Context, e model.Entry) error {
	ctx, cancel := db.deadline(ctx)
	defer cancel()
	return db.fail(ctx, "store entry", db.group.store(ctx, newEntryRow(e)))
}

func (c *groupCommitter) store(ctx context.Context, row entryRow) error {
	w := &waitingEntry{row: row, result: make(chan error, 1)}
	select {
	case c.queue <- w:
	case <-c.stop:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("%w: too many entries wait", model.ErrUnavailable)
	}
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
		w.left.Store(true) // before the last look, so that late or the caller learns of it
		return lastLook(w, ctx.Err())
	case <-c.ended:
		return lastLook(w, errClosed) // it came in after the last look into the queue
	}
}

// lastLook is the result where there is one, else the error given.
func lastLook(w *waitingEntry, err error) error {
	select {
	case result := <-w.result:
		return result
	default:
		return err
	}
}

func (c *groupCommitter) run() {
	defer close(c.ended)
	group := make([]*waitingEntry, 0, maxGroup)
	for {
		select {
		case first := <-c.queue:
			group = c.takeWaiting(append(group[:0], first))
		case <-c.stop:
			if group = c.takeWaiting(group[:0]); len(group) == 0 {
				c.closeSingle()
				return
			}
		}
		c.commit(group)
		clear(group)
	}
}

func (c *groupCommitter) takeWaiting(group []*waitingEntry) []*waitingEntry {
	for len(group) < maxGroup {
		select {
		case w := <-c.queue:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// commit stores the group as a whole. If that fails for another reason than that
// the database is unavailable, one entry may be at fault: then each is stored by
// itself.
func (c *groupCommitter) commit(group []*waitingEntry) {
	err := c.insert(group)
	if err != nil && len(group) > 1 && !errors.Is(err, model.ErrUnavailable) {
		c.db.log.Warn().Err(err).Int("entries", len(group)).Msg("group commit failed, storing each entry alone")
		for i := range group {
			group[i].answer(c.insert(group[i:i+1]), c.late)
		}
		return
	}
	for _, w := range group {
		w.answer(err, c.late)
	}
}

func (c *groupCommitter) insert(group []*waitingEntry) error {
	// The committer's own deadline: callers come and go.
	ctx, cancel := c.db.deadline(context.Background())
	defer cancel()
	return c.db.classify(ctx, c.exec(ctx, group))
}

// exec stores the group in one transaction: one statement where the database
// takes that many rows well, else several.
func (c *groupCommitter) exec(ctx context.Context, group []*waitingEntry) error {
	if len(group) == 1 {
		err := c.execSingle(ctx, &group[0].row)
		if err == nil || c.db.isUnavailable(err) {
			return err
		}
		// Mostly because there is a copy, with which this one must merge.
	}
	rows := c.db.dialect.rowsPerStatement()
	if len(group) <= rows {
		return c.db.autocommit(ctx, func(write *gorm.DB) error { return c.execMany(write, group) })
	}
	return c.db.transaction(ctx, func(tx *gorm.DB) error {
		for part := range slices.Chunk(group, rows) {
			if err := c.execMany(tx, part); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *groupCommitter) execMany(g *gorm.DB, group []*waitingEntry) error {
	values := make([]any, 0, len(group)*len(storedColumns))
	for _, w := range group {
		values = w.row.stored(values)
	}
	return g.Exec(c.db.dialect.upsert(len(group)), values...).Error
}

// execSingle stores an entry that comes alone and is new, as most are. A short
// statement, prepared once and past gorm, takes a third off the time until the
// entry is durable.
func (c *groupCommitter) execSingle(ctx context.Context, row *entryRow) error {
	if c.single == nil {
		pool, err := c.db.write.DB()
		if err != nil {
			return err
		}
		if c.single, err = pool.PrepareContext(ctx, insertNew); err != nil {
			c.single = nil
			return err
		}
	}
	_, err := c.single.ExecContext(c.db.dialect.statementContext(ctx), row.stored(make([]any, 0, len(storedColumns)))...)
	return err
}

func (c *groupCommitter) closeSingle() {
	if c.single != nil {
		_ = c.single.Close() // the pool is closed next
	}
}
