package act

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

const (
	// maxWaiting bounds what waits in memory for one channel.
	maxWaiting = 1000
	// settleEvery is how soon the database is told again of what has ended.
	settleEvery = 5 * time.Second
)

// owed is one delivery.
type owed[T any] struct {
	model.Delivery // ID is 0 where it could not be stored
	body           T
}

// Waiting is how much a channel is owed.
type Waiting struct {
	Channel string
	Count   int
	Oldest  time.Time // when it was handed over; zero where nothing waits
	Error   string    // of the last try of the oldest; "" where it has not failed
}

// line is what one channel is owed, in order. run does it; the rest may be
// called at any time.
type line[T any] struct {
	name    string
	ledger  *ledger
	log     zerolog.Logger
	trouble *logging.Lasting
	metrics *metrics
	backoff backoff

	// try does it once. The error is a *givenUp where it must not be tried again.
	try func(ctx context.Context, o *owed[T]) error
	// abandon is why one that failed is not tried again; "" where it is. It is
	// called with the lock held; nil: never.
	abandon func(o *owed[T]) string
	// maxAge is when one is given up; 0: never.
	maxAge time.Duration
	// note writes down what else there is to note; nil: nothing.
	note func(ctx context.Context) error

	wake chan struct{}

	mu      sync.Mutex
	waiting []*owed[T] // the oldest first
	current *owed[T]   // that of waiting which is being tried
	endings []ending   // of which the database does not know yet

	// What follows belongs to run.
	failures int       // in a row
	settleAt time.Time // not before
}

func newLine[T any](name string, shared *shared, b backoff) line[T] {
	log := shared.log.With().Str("channel", name).Logger()
	shared.metrics.channel(name)
	return line[T]{
		name: name, ledger: shared.ledger, metrics: shared.metrics, log: log, backoff: b,
		trouble: logging.NewLasting(log, "delivery failed"), wake: make(chan struct{}, 1),
	}
}

// run does what waits until ctx ends. What is under way then is done again after
// the restart.
func (l *line[T]) run(ctx context.Context) {
	for ctx.Err() == nil {
		o := l.next()
		if o == nil {
			l.idle(ctx, l.settle(ctx))
			continue
		}
		err := l.expired(o)
		if err == nil {
			err = l.try(ctx, o)
		}
		gaveUp, ends := errors.AsType[*givenUp](err)
		switch {
		case err == nil:
			l.succeeded()
			l.metrics.done.WithLabelValues(l.name).Inc()
			l.finish(o, "")
		case ends:
			if gaveUp.answered {
				l.succeeded()
			}
			l.giveUp(o, gaveUp.reason)
		case ctx.Err() != nil:
			return
		default:
			l.failed(ctx, o, err)
			l.pause(ctx, o, l.backoff.after(l.failures, err))
		}
		l.settle(ctx)
	}
}

// next is the oldest; nil where nothing waits.
func (l *line[T]) next() *owed[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
	if len(l.waiting) > 0 {
		l.current = l.waiting[0]
	}
	return l.current
}

func (l *line[T]) expired(o *owed[T]) error {
	if l.maxAge > 0 && time.Since(o.CreatedAt) >= l.maxAge {
		return &givenUp{reason: "not delivered within " + l.maxAge.String()}
	}
	return nil
}

func (l *line[T]) succeeded() {
	l.failures = 0
	l.trouble.Report(nil)
}

func (l *line[T]) failed(ctx context.Context, o *owed[T], err error) {
	l.failures++
	l.trouble.Report(err)
	l.metrics.failures.WithLabelValues(l.name).Inc()
	l.mu.Lock()
	l.current = nil
	o.Tries++
	o.Error = err.Error()
	row := o.Delivery
	l.mu.Unlock()
	l.ledger.fail(ctx, row)
}

// pause waits after a failure, until it is over or there is a reason not to try
// again.
func (l *line[T]) pause(ctx context.Context, o *owed[T], pause time.Duration) {
	over := time.NewTimer(pause)
	defer over.Stop()
	wake := l.wake
	if l.abandon == nil {
		wake = nil // what is new does not shorten the pause: it waits with the rest
	}
	for {
		reason, gone := l.abandoned(o)
		if reason != "" {
			l.giveUp(o, reason)
		}
		if gone {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-wake:
		}
	}
}

// abandoned reports whether one is not to be tried again, and why where it was
// not ended already.
func (l *line[T]) abandoned(o *owed[T]) (reason string, gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.waiting, o) {
		return "", true
	}
	if l.abandon != nil {
		reason = l.abandon(o)
	}
	return reason, reason != ""
}

// giveUp ends one that was not done.
func (l *line[T]) giveUp(o *owed[T], reason string) {
	l.log.Warn().RawJSON("body", o.Body).Int("tries", o.Tries).Str("reason", reason).Msg("delivery given up")
	l.metrics.givenUp.WithLabelValues(l.name).Inc()
	l.finish(o, reason)
}

// finish ends one.
func (l *line[T]) finish(o *owed[T], outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
	if i := slices.Index(l.waiting, o); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		l.end(o.ID, outcome)
	}
}

// end remembers to tell the database; call it with the lock held. Where that is
// away for long, the oldest is forgotten: it is done once more after a restart.
func (l *line[T]) end(id int64, outcome string) {
	if id == 0 {
		return
	}
	l.endings = append(l.endings, ending{id, now(), outcome})
	if len(l.endings) > maxWaiting {
		l.endings = slices.Delete(l.endings, 0, 1)
	}
}

// settle tells the database what has ended, and returns when to try again; zero:
// there is nothing left to tell.
func (l *line[T]) settle(ctx context.Context) (again time.Time) {
	if time.Now().Before(l.settleAt) {
		return l.settleAt
	}
	l.settleAt = time.Time{}
	for first := true; first || ctx.Err() == nil; first = false { // a stop waits for one
		e, found := l.ending()
		if !found {
			break
		}
		if err := l.ledger.end(ctx, e); err != nil {
			l.settleAt = time.Now().Add(settleEvery)
			return l.settleAt
		}
		l.mu.Lock()
		l.endings = slices.DeleteFunc(l.endings, func(other ending) bool { return other.id == e.id })
		l.mu.Unlock()
	}
	if l.note != nil && l.note(ctx) != nil {
		l.settleAt = time.Now().Add(settleEvery)
	}
	return l.settleAt
}

func (l *line[T]) ending() (ending, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.endings) == 0 {
		return ending{}, false
	}
	return l.endings[0], true
}

// idle waits until there may be something to do.
func (l *line[T]) idle(ctx context.Context, again time.Time) {
	var over <-chan time.Time
	if !again.IsZero() {
		over = time.After(time.Until(again))
	}
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-over:
	}
}

func (l *line[T]) awake() {
	select {
	case l.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// push adds one behind the others.
func (l *line[T]) push(o *owed[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, o)
	l.bound()
	l.awake()
}

// bound gives up the oldest where too many wait; call it with the lock held. What
// is being tried is left alone.
func (l *line[T]) bound() {
	for len(l.waiting) > maxWaiting {
		i := 0
		if l.waiting[0] == l.current {
			i = 1
		}
		o := l.waiting[i]
		l.waiting = slices.Delete(l.waiting, i, i+1)
		l.log.Error().RawJSON("body", o.Body).Int("limit", maxWaiting).Msg("too many wait: the oldest is given up")
		l.metrics.givenUp.WithLabelValues(l.name).Inc()
		l.end(o.ID, "too many waited")
	}
}

// bring puts what waits from before a restart in front; call it with the lock
// held. What waits here without an id, because the database did not say that it
// stored it, may be among it. It returns what it brought.
func (l *line[T]) bring(rows []model.Delivery) (older []*owed[T]) {
	for _, row := range rows {
		if i := slices.IndexFunc(l.waiting, func(o *owed[T]) bool { return o.ID == 0 && bytes.Equal(o.Body, row.Body) }); i >= 0 {
			l.waiting[i].ID = row.ID
			continue
		}
		o := &owed[T]{Delivery: row}
		if err := json.Unmarshal(row.Body, &o.body); err != nil {
			l.log.Error().Err(err).Int64("id", row.ID).Msg("a stored delivery is not understood")
			l.metrics.givenUp.WithLabelValues(l.name).Inc()
			l.end(row.ID, "not understood")
			continue
		}
		older = append(older, o)
	}
	l.waiting = slices.Concat(older, l.waiting)
	l.awake()
	return older
}

// view is how much waits.
func (l *line[T]) view() Waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := Waiting{Channel: l.name, Count: len(l.waiting)}
	if len(l.waiting) > 0 {
		w.Oldest, w.Error = l.waiting[0].CreatedAt, l.waiting[0].Error
	}
	return w
}

// now is the time in the form in which it is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
