package delivery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

// Channel is one receiver, and how to deliver to it. T is what its bodies say: a
// type that JSON encodes as an object.
type Channel[T any] struct {
	// Name is that of the deliveries in the ledger; see model.MaxChannel.
	Name   string
	Policy Policy
	// Send tries a delivery once. The package comment says what its error means.
	Send func(ctx context.Context, i *Item[T]) error
	// Loaded, if it is not nil, hears once what Load found: what waits from before
	// the restart, and what was handed over since. Nothing is sent before it
	// returns. last is the delivery that was stored last, whatever became of it. Its
	// ID is 0 if there is none, or if it was stored since the restart.
	Loaded func(before, since []*Item[T], last model.Delivery)
}

// Policy says how often and how long a channel's deliveries are tried.
type Policy struct {
	Backoff Backoff
	Timeout time.Duration // of one try; required
	MaxAge  time.Duration // when one is given up; 0: never
	// NewestCounts: one that failed is given up when a newer one waits.
	NewestCounts bool
	// KeepOldest: what waits is never given up to make room. The owner asks Full
	// before it adds.
	KeepOldest bool
	// Forget is why what waits from before a restart is given up; "": it is
	// delivered.
	Forget string
}

// Item is a delivery with what its body says. The line changes ID, Tries and Error
// at any time. Content belongs to whoever owns the line.
type Item[T any] struct {
	model.Delivery // ID is 0 until it is stored
	Content        T

	canceled string // why it is not tried again; "" if it is
	noting   bool   // a write waits that notes the failed tries
}

const newerWaits = "a newer delivery waits"

// Line is what one channel is owed, in order. Run delivers it; all else may be
// called at any time.
type Line[T any] struct {
	channel Channel[T]
	outbox  *Outbox
	log     zerolog.Logger
	trouble *logging.Lasting
	wake    chan struct{}
	loaded  bool // guarded by the Outbox

	mu      sync.Mutex
	waiting []*Item[T] // the oldest first
	current *Item[T]   // that of waiting which is being tried

	failures int // in a row; belongs to Run
}

// NewLine makes the line of a channel.
func NewLine[T any](o *Outbox, c Channel[T]) *Line[T] {
	log := o.log.With().Str("channel", c.Name).Logger()
	return &Line[T]{
		channel: c, outbox: o, log: log, trouble: logging.NewLasting(log, "delivery failed"), wake: make(chan struct{}, 1),
	}
}

// Run delivers until ctx ends.
func (l *Line[T]) Run(ctx context.Context) {
	for ctx.Err() == nil {
		i := l.next()
		if i == nil {
			l.idle(ctx)
			continue
		}
		err := l.try(ctx, i)
		permanent, isPermanent := errors.AsType[*PermanentError](err)
		switch {
		case err == nil:
			l.succeeded()
			l.outbox.observer.Done(l.channel.Name)
			l.finish(i, "")
		case isPermanent:
			if permanent.Answered {
				l.succeeded()
			}
			l.giveUp(i, permanent.Reason)
		case ctx.Err() != nil:
			return
		default:
			l.failed(i, err)
			l.pause(ctx, i, l.channel.Policy.Backoff.after(l.failures, err))
		}
	}
}

// next is the oldest; nil if nothing waits.
func (l *Line[T]) next() *Item[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
	if len(l.waiting) > 0 {
		l.current = l.waiting[0]
	}
	return l.current
}

// try sends one that is not too old.
func (l *Line[T]) try(ctx context.Context, i *Item[T]) error {
	p := l.channel.Policy
	if p.MaxAge > 0 && time.Since(i.CreatedAt) >= p.MaxAge {
		return &PermanentError{Reason: "not delivered within " + p.MaxAge.String()}
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return l.channel.Send(ctx, i)
}

func (l *Line[T]) succeeded() {
	l.failures = 0
	l.trouble.Report(nil)
}

func (l *Line[T]) failed(i *Item[T], err error) {
	l.failures++
	l.trouble.Report(err)
	l.outbox.observer.Failed(l.channel.Name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
	i.Tries++
	i.Error = err.Error()
	if i.noting {
		return
	}
	i.noting = true
	l.outbox.writer.add(&write{do: func(ctx context.Context) error {
		d := l.noted(i)
		if d.ID == 0 {
			return nil
		}
		return l.outbox.ledger.FailDelivery(ctx, d.ID, d.Tries, d.Error)
	}})
}

// noted is one whose failed tries are noted now.
func (l *Line[T]) noted(i *Item[T]) model.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.noting = false
	return i.Delivery
}

// end has the ledger told what became of one; call it with the lock held. It has
// no id if it is not stored yet. The write that stores it goes before this one.
func (l *Line[T]) end(i *Item[T], outcome string) {
	at := now()
	l.outbox.Note(func(ctx context.Context) error {
		id := l.id(i)
		if id == 0 {
			return nil
		}
		return l.outbox.ledger.EndDelivery(ctx, id, at, outcome)
	})
}

func (l *Line[T]) id(i *Item[T]) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return i.ID
}

// pause waits after a failure, until the pause is over or there is a reason not
// to try again.
func (l *Line[T]) pause(ctx context.Context, i *Item[T], pause time.Duration) {
	over := time.NewTimer(pause)
	defer over.Stop()
	for {
		reason, gone := l.abandoned(i)
		if reason != "" {
			l.giveUp(i, reason)
		}
		if gone {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-l.wake:
		}
	}
}

// abandoned reports whether one is not tried again, and why if it has not ended
// yet.
func (l *Line[T]) abandoned(i *Item[T]) (reason string, gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !slices.Contains(l.waiting, i):
		return "", true
	case i.canceled != "":
		return i.canceled, true
	case l.channel.Policy.NewestCounts && len(l.waiting) > 1:
		return newerWaits, true
	}
	return "", false
}

// giveUp ends one that was not done.
func (l *Line[T]) giveUp(i *Item[T], reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tellGivenUp(i, reason)
	l.remove(i, reason)
}

func (l *Line[T]) tellGivenUp(i *Item[T], reason string) {
	l.log.Warn().RawJSON("body", i.Body).Int("tries", i.Tries).Str("reason", reason).Msg("delivery given up")
	l.outbox.observer.GivenUp(l.channel.Name)
}

// finish ends one.
func (l *Line[T]) finish(i *Item[T], outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(i, outcome)
}

// remove takes one out of what waits, unless it is not there any more; call it
// with the lock held.
func (l *Line[T]) remove(i *Item[T], outcome string) {
	l.current = nil
	if at := slices.Index(l.waiting, i); at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
		l.end(i, outcome)
	}
}

// idle waits until there may be something to do.
func (l *Line[T]) idle(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-l.wake:
	}
}

func (l *Line[T]) awake() {
	select {
	case l.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}
