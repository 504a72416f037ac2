package repo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// Bounds of the group commit. If the queue is full, callers wait until their
// deadline.
const (
	maxGroup    = 256
	queueLength = 1024
)

var errClosed = fmt.Errorf("%w: the service is stopping", model.ErrUnavailable)

// groupCommit stores entries in one transaction after the other. Everything
// that waits when a transaction is done goes into the next one. So a lone entry
// is stored at once, and many entries share one commit; there is no delay to
// tune.
type groupCommit struct {
	by    groupStore
	log   zerolog.Logger
	queue chan *waitingEntry
	// stop asks the goroutine to end; ended says that it has ended.
	stop, ended chan struct{}
	late        func()
}

// groupStore is how a group is stored. A node and a station have different
// implementations.
type groupStore interface {
	// await returns when a group may be stored. Until release is called, no
	// other write that excludes this one begins.
	await() (release func())
	// storeGroup stores all entries of the group or none.
	storeGroup(group []*waitingEntry) error
	// close is called after the last group.
	close()
}

type waitingEntry struct {
	row    entryRow
	result chan error // buffered, so that the sender never waits for a caller who left
	left   atomic.Bool
}

// recordsOf are the entries of a group as records without corrections.
func recordsOf(group []*waitingEntry) (_ []model.Record, err error) {
	records := make([]model.Record, len(group))
	for i, w := range group {
		if records[i].Entry, err = w.row.entry(); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// answer passes the entry's result to its caller, or to OnLate's function if
// the caller may have left.
func (w *waitingEntry) answer(err error, late func()) {
	w.result <- err
	if err == nil && w.left.Load() {
		late()
	}
}

func startGroupCommit(by groupStore, log zerolog.Logger) *groupCommit {
	c := &groupCommit{
		by:    by,
		log:   log,
		queue: make(chan *waitingEntry, queueLength),
		stop:  make(chan struct{}),
		ended: make(chan struct{}),
		late:  func() {},
	}
	go c.run()
	return c
}

// close stores the waiting entries and ends the goroutine.
func (c *groupCommit) close() {
	close(c.stop)
	<-c.ended
}

// OnLate registers f, which is called when an entry is committed after its
// StoreEntry call had already returned a context error: that caller could not
// report the entry as stored. f must not block. Call OnLate before the first
// StoreEntry.
func (w *writer) OnLate(f func()) { w.group.late = f }

// StoreEntry stores an entry that its engine told, or merges it with the stored
// copy by the rule of model.Tell. The caller normalizes and validates the entry. When StoreEntry
// returns nil, the entry is durable. Errors: model.ErrUnavailable, or that of
// ctx. After an error the entry may be stored nevertheless, and storing it
// again does no harm.
func (w *writer) StoreEntry(ctx context.Context, e model.Entry) error {
	ctx, cancel := w.db.Deadline(ctx)
	defer cancel()
	return w.db.Fail(ctx, "store entry", w.group.store(ctx, newEntryRow(e)))
}

func (c *groupCommit) store(ctx context.Context, row entryRow) error {
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
		w.left.Store(true) // before the last look, so that either OnLate's function or the caller learns of it
		return lastLook(w, ctx.Err())
	case <-c.ended:
		return lastLook(w, errClosed) // it was queued after the goroutine's last look into the queue
	}
}

// lastLook is the result if there is one, otherwise the error given.
func lastLook(w *waitingEntry, err error) error {
	select {
	case result := <-w.result:
		return result
	default:
		return err
	}
}

func (c *groupCommit) run() {
	defer close(c.ended)
	group := make([]*waitingEntry, 0, maxGroup)
	for {
		group = group[:0]
		stopping := false
		select {
		case first := <-c.queue:
			group = append(group, first)
		case <-c.stop:
			stopping = true
		}
		release := c.by.await()
		if group = c.takeWaiting(group); len(group) > 0 {
			c.commit(group)
		}
		release()
		if stopping && len(group) == 0 {
			c.by.close()
			return
		}
		clear(group)
	}
}

// takeWaiting adds the entries that came meanwhile.
func (c *groupCommit) takeWaiting(group []*waitingEntry) []*waitingEntry {
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

// commit stores the group as a whole. If that fails although the database is
// available, one entry may be the cause: then each entry is stored separately.
func (c *groupCommit) commit(group []*waitingEntry) {
	err := c.by.storeGroup(group)
	if err != nil && len(group) > 1 && !errors.Is(err, model.ErrUnavailable) {
		c.log.Warn().Err(err).Int("entries", len(group)).Msg("group commit failed; each entry is stored alone")
		for i := range group {
			group[i].answer(c.by.storeGroup(group[i:i+1]), c.late)
		}
		return
	}
	for _, w := range group {
		w.answer(err, c.late)
	}
}
