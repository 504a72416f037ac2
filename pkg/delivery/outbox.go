package delivery

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

// Observer counts what becomes of deliveries, by channel. Its methods must not
// block.
type Observer interface {
	Done(channel string)
	Failed(channel string) // one try
	GivenUp(channel string)
}

// Outbox is where deliveries are handed over. Its lines share one ledger.
type Outbox struct {
	book     book
	observer Observer
	log      zerolog.Logger

	// mu is held while something is stored and put into the lines, so that it
	// waits there in the order of its ids.
	mu      sync.Mutex
	firstID int64 // of what this Outbox stored; 0: nothing yet
}

// NewOutbox makes an Outbox.
func NewOutbox(ledger Ledger, observer Observer, log zerolog.Logger) *Outbox {
	trouble := logging.NewLasting(log, "deliveries can't be written to the database; they go on from memory")
	return &Outbox{book: book{ledger, trouble}, observer: observer, log: log}
}

// isOwn reports whether this Outbox stored a delivery itself. Call it with the
// lock held.
func (o *Outbox) isOwn(d model.Delivery) bool { return o.firstID != 0 && d.ID >= o.firstID }

// Batch is what is handed over at once.
type Batch struct {
	outbox *Outbox
	rows   []model.Delivery
	queue  []func(stored model.Delivery) // nil: for no line
}

// Begin begins a Batch. No other one begins, and no line loads, before its End:
// so a number that its deliveries get meanwhile grows in the order in which they
// wait.
func (o *Outbox) Begin() *Batch {
	o.mu.Lock()
	return &Batch{outbox: o}
}

// Store stores what was added to the batch, all or none, and puts it into the
// lines. If the ledger fails, it is in the lines all the same.
func (b *Batch) Store(ctx context.Context) (stored bool) {
	if len(b.rows) == 0 {
		return true
	}
	rows, stored := b.outbox.book.add(ctx, b.rows)
	if stored && b.outbox.firstID == 0 {
		b.outbox.firstID = rows[0].ID
	}
	for i, push := range b.queue {
		if push != nil {
			push(rows[i])
		}
	}
	b.rows, b.queue = nil, nil
	return stored
}

// End ends the Batch. What was added and not stored is forgotten.
func (b *Batch) End() { b.outbox.mu.Unlock() }

func (b *Batch) add(d model.Delivery, push func(stored model.Delivery)) {
	b.rows, b.queue = append(b.rows, d), append(b.queue, push)
}

// encode makes a delivery. Content that JSON can't encode is a programming error.
func encode(channel string, content any) model.Delivery {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	return model.Delivery{Channel: channel, Body: body, CreatedAt: now()}
}

// now is the time in the form in which it is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
