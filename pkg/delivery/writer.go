package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

const (
	// shortWait is how long somebody who hands something over waits for the ledger.
	shortWait = 50 * time.Millisecond
	// writeTimeout bounds one write. writeAgain is the pause after a write that
	// failed.
	writeTimeout = 5 * time.Second
	writeAgain   = time.Second
	// stopTimeout bounds what a stop still writes.
	stopTimeout = 800 * time.Millisecond
	// maxWrites bounds the writes that wait in memory.
	maxWrites = 10 * MaxWaiting
)

// ErrNotYet is the error of a Ledger that is not prepared yet. That is no trouble,
// and does not count as a try.
var ErrNotYet = fmt.Errorf("%w: it is not prepared yet", model.ErrUnavailable)

// writer writes into the ledger, in the order in which it is asked to. A write
// that fails is tried again and holds up the others: a delivery must be stored
// before its end is noted.
type writer struct {
	trouble *logging.Lasting
	wake    chan struct{}
	writing sync.Mutex // one goroutine writes at a time

	mu      sync.Mutex
	waiting []*write // the first one is tried
	// slow: the last write failed, or kept somebody waiting for too long.
	slow bool
	// runs until ended. Then only those write who hand something over.
	runs, ended bool
}

// write is one write into the ledger.
type write struct {
	do     func(ctx context.Context) error
	again  bool     // it is tried again if it fails
	handed []handed // what it stores

	tried chan struct{} // closed after the first try
	tries int           // so far
	done  bool
}

func newWriter(trouble *logging.Lasting) *writer {
	return &writer{trouble: trouble, wake: make(chan struct{}, 1)}
}

// add puts a write behind the others. If too many wait, the oldest is forgotten.
func (w *writer) add(one *write) *write {
	one.tried = make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) >= maxWrites {
		w.waiting = slices.Delete(w.waiting, 1, 2)
	}
	w.waiting = append(w.waiting, one)
	select {
	case w.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return one
}

// owes reports whether a row of the ledger is one that is still to be stored.
func (w *writer) owes(row model.Delivery) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.waiting, func(one *write) bool {
		return slices.ContainsFunc(one.handed, func(h handed) bool { return h.is(row) })
	})
}

// await waits a little for a write, unless the ledger is slow already, and reports
// whether it is done.
func (w *writer) await(one *write) bool {
	w.mu.Lock()
	waits, ended := w.runs && !w.slow, w.ended
	w.mu.Unlock()
	switch {
	case ended:
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		w.flush(ctx)
	case waits:
		over := time.NewTimer(shortWait)
		defer over.Stop()
		select {
		case <-one.tried:
		case <-over.C:
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = w.slow || waits && !one.done
	return one.done
}

// run writes until ctx ends, and then what is left.
func (w *writer) run(ctx context.Context) {
	w.set(true, false)
	base, cut := context.WithCancel(context.WithoutCancel(ctx)) // a write outlives ctx for a little
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopTimeout, cut) })()
	for ctx.Err() == nil {
		wake, again := w.wake, (<-chan time.Time)(nil)
		if !w.flush(base) {
			wake, again = nil, time.After(writeAgain)
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-again:
		}
	}
	w.flush(base)
	w.set(false, true)
}

func (w *writer) set(runs, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs, w.ended = runs, ended
}

// flush writes until nothing is left, or until a write fails.
func (w *writer) flush(ctx context.Context) bool {
	w.writing.Lock()
	defer w.writing.Unlock()
	for one := w.first(); one != nil; one = w.first() {
		if !w.try(ctx, one) {
			return false
		}
	}
	return true
}

func (w *writer) first() *write {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return nil
	}
	return w.waiting[0]
}

// try writes the first one, and reports whether the next may follow.
func (w *writer) try(ctx context.Context, one *write) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := one.do(ctx)
	notYet := errors.Is(err, ErrNotYet)
	if !notYet {
		w.trouble.Report(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if notYet {
		w.slow = true
		return false
	}
	one.done, w.slow = err == nil, err != nil
	over := one.done || !one.again
	if over {
		w.waiting = slices.Delete(w.waiting, 0, 1)
	}
	if one.tries++; one.tries == 1 {
		close(one.tried)
	}
	return over
}
