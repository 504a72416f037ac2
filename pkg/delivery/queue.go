package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// MaxWaiting bounds what waits in memory for one channel.
	MaxWaiting = 1000
	// maxLoaded bounds what a start reads for one channel: more than can wait in
	// memory, as the ledger may not know yet what was given up.
	maxLoaded = 10 * MaxWaiting
)

// Add adds a delivery to a batch, whose Store puts it behind all others.
func (l *Line[T]) Add(b *Batch, content T) {
	i := &Item[T]{Delivery: encode(l.channel.Name, content), Content: content}
	b.handed = append(b.handed, handed{row: i.Delivery, stored: func(id int64) { l.identify(i, id) }, push: func() { l.push(i) }})
}

// identify notes the id of one that is stored now.
func (l *Line[T]) identify(i *Item[T], id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.ID = id
}

// AddEnded adds a row to a batch that is only written down: nobody gets it. A
// restart finds it as the last one of the channel.
func (l *Line[T]) AddEnded(b *Batch, content T, outcome string) {
	d := encode(l.channel.Name, content)
	d.EndedAt, d.Outcome = d.CreatedAt, outcome
	b.handed = append(b.handed, handed{row: d, stored: func(int64) {}})
}

// Full reports whether as many wait as may.
func (l *Line[T]) Full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) >= MaxWaiting
}

// Cancel gives up those that wait of which which says so. It does not interrupt
// one that is being tried, but if that one fails it is not tried again.
func (l *Line[T]) Cancel(reason string, which func(i *Item[T]) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(i *Item[T]) bool {
		switch {
		case !which(i):
			return false
		case i == l.current:
			i.canceled = reason
			return false
		}
		l.tellGivenUp(i, reason)
		l.end(i, reason)
		return true
	})
	l.awake()
}

// Waiting is how much a channel is owed.
type Waiting struct {
	Channel string
	Count   int
	Oldest  time.Time // when it was handed over; zero if nothing waits
	Error   string    // of the last try of the oldest; "" if it has not failed
}

// Waiting is how much waits.
func (l *Line[T]) Waiting() Waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := Waiting{Channel: l.channel.Name, Count: len(l.waiting)}
	if len(l.waiting) > 0 {
		w.Oldest, w.Error = l.waiting[0].CreatedAt, l.waiting[0].Error
	}
	return w
}

// push puts one behind the others.
func (l *Line[T]) push(i *Item[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, i)
	l.bound()
	l.awake()
}

// bound gives up the oldest if too many wait; call it with the lock held. One
// that is being tried is left alone.
func (l *Line[T]) bound() {
	for len(l.waiting) > MaxWaiting && !l.channel.Policy.KeepOldest {
		at := 0
		if l.waiting[0] == l.current {
			at = 1
		}
		i := l.waiting[at]
		l.waiting = slices.Delete(l.waiting, at, at+1)
		l.log.Error().RawJSON("body", i.Body).Int("limit", MaxWaiting).Msg("too many deliveries wait; the oldest is given up")
		l.outbox.observer.GivenUp(l.channel.Name)
		l.end(i, "too many deliveries waited")
	}
}

// Load brings back what waits from before a restart. It may be called again
// until it succeeds, while new deliveries are handed over already: they wait
// behind. Run need not wait for it.
func (l *Line[T]) Load(ctx context.Context) error {
	rows, last, err := l.past(ctx)
	if err != nil {
		return fmt.Errorf("read the deliveries of %s from before the restart: %w", l.channel.Name, err)
	}
	l.outbox.mu.Lock()
	defer l.outbox.mu.Unlock()
	if l.loaded {
		return nil
	}
	l.loaded = true
	if l.outbox.isOwn(last) {
		last = model.Delivery{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.bring(slices.DeleteFunc(rows, l.outbox.isOwn))
	if l.channel.Loaded != nil {
		l.channel.Loaded(before, l.waiting[len(before):], last)
	}
	l.bound()
	l.awake()
	return nil
}

// past reads what was stored for the channel before: what waits, and the last one
// stored, whatever became of it; that one's ID is 0 if there is none.
func (l *Line[T]) past(ctx context.Context) (waiting []model.Delivery, last model.Delivery, err error) {
	ledger, channel := l.outbox.ledger, l.channel.Name
	if waiting, err = ledger.WaitingDeliveries(ctx, channel, maxLoaded); err != nil {
		return nil, last, err
	}
	last, err = ledger.LatestDelivery(ctx, channel)
	if errors.Is(err, model.ErrNotFound) {
		return waiting, model.Delivery{}, nil
	}
	return waiting, last, err
}

// bring puts what waits from before a restart in front, and returns it; call it
// with the lock held.
func (l *Line[T]) bring(rows []model.Delivery) (before []*Item[T]) {
	for _, row := range rows {
		i := &Item[T]{Delivery: row}
		if forget := l.channel.Policy.Forget; forget != "" {
			l.end(i, forget)
			continue
		}
		if err := json.Unmarshal(row.Body, &i.Content); err != nil {
			l.log.Error().Err(err).Int64("id", row.ID).Msg("a stored delivery can't be decoded; it is given up")
			l.outbox.observer.GivenUp(l.channel.Name)
			l.end(i, "can't be decoded")
			continue
		}
		before = append(before, i)
	}
	l.waiting = slices.Concat(before, l.waiting)
	return before
}
