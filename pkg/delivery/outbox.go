package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
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

// Outbox is where deliveries are handed over. Its lines share one ledger, into
// which Run writes.
type Outbox struct {
	ledger   Ledger
	writer   *writer
	observer Observer
	log      zerolog.Logger

	// mu is held while something is handed over, so that it waits in the lines in
	// the order of its ids.
	mu      sync.Mutex
	firstID atomic.Int64 // of what this Outbox stored; 0: nothing yet
}

// NewOutbox makes an Outbox.
func NewOutbox(ledger Ledger, observer Observer, log zerolog.Logger) *Outbox {
	trouble := logging.NewLasting(log, "deliveries can't be written to the database; they go on from memory")
	return &Outbox{ledger: ledger, writer: newWriter(trouble), observer: observer, log: log}
}

// Run writes into the ledger until ctx ends. Then it writes what is left, for less
// than a second. Call it once. It should end after the lines.
func (o *Outbox) Run(ctx context.Context) { o.writer.run(ctx) }

// Note has something else written down, behind all that was handed over until
// then. It does not wait. A note that fails is tried again.
func (o *Outbox) Note(do func(ctx context.Context) error) { o.writer.add(&write{do: do, again: true}) }

// isOwn reports whether this Outbox stored a delivery itself, or may have: the
// answer may be lost, or on its way.
func (o *Outbox) isOwn(d model.Delivery) bool {
	if o.writer.owes(d) {
		return true
	}
	first := o.firstID.Load()
	return first != 0 && d.ID >= first
}

// Batch is what is handed over at once.
type Batch struct {
	outbox *Outbox
	handed []handed
}

// handed is one delivery of a batch.
type handed struct {
	row    model.Delivery
	stored func(id int64)
	push   func() // puts it into its line; nil: it is for no line
}

// Begin begins a Batch. No other one begins, and no line loads, before its End:
// so a number that its deliveries get meanwhile grows in the order in which they
// wait.
func (o *Outbox) Begin() *Batch {
	o.mu.Lock()
	return &Batch{outbox: o}
}

// Store has what was added to the batch stored, all or none, and puts it into the
// lines. It reports whether it is stored already. It waits 50 ms for that at most,
// and not at all while the ledger keeps others waiting. Run stores it as soon as
// the ledger answers.
func (b *Batch) Store() (stored bool) {
	all := b.handed
	b.handed = nil
	if len(all) == 0 {
		return true
	}
	stored = b.outbox.writer.await(b.outbox.store(all))
	for _, h := range all {
		if h.push != nil {
			h.push()
		}
	}
	return stored
}

// End ends the Batch. What was added and not stored is forgotten.
func (b *Batch) End() { b.outbox.mu.Unlock() }

// is reports whether a row of the ledger is that delivery.
func (h *handed) is(row model.Delivery) bool {
	return row.Channel == h.row.Channel && row.CreatedAt.Equal(h.row.CreatedAt) && bytes.Equal(row.Body, h.row.Body)
}

// store has deliveries stored. If the answer to the first try was lost, they may
// be there already.
func (o *Outbox) store(all []handed) *write {
	one := &write{again: true, handed: all}
	one.do = func(ctx context.Context) error {
		if one.tries > 0 {
			if found, err := o.find(ctx, all); found || err != nil {
				return err
			}
		}
		return o.insert(ctx, all)
	}
	return o.writer.add(one)
}

func (o *Outbox) insert(ctx context.Context, all []handed) error {
	rows := make([]model.Delivery, len(all))
	for i, h := range all {
		rows[i] = h.row
	}
	rows, err := o.ledger.StoreDeliveries(ctx, rows)
	switch _, invalid := errors.AsType[*model.InvalidError](err); {
	case invalid:
		o.log.Error().Err(err).Msg("what is owed can never be stored; it is done from memory")
		return nil
	case err != nil:
		return err
	case len(rows) != len(all):
		return errors.New("the database did not answer for each delivery")
	}
	o.firstID.CompareAndSwap(0, rows[0].ID)
	for i, h := range all {
		h.stored(rows[i].ID)
	}
	return nil
}

// find looks for deliveries among those that wait in the ledger. They are all
// there or none is.
func (o *Outbox) find(ctx context.Context, all []handed) (found bool, _ error) {
	for _, h := range all {
		waiting, err := o.ledger.WaitingDeliveries(ctx, h.row.Channel, maxLoaded)
		if err != nil {
			return false, err
		}
		if at := slices.IndexFunc(waiting, h.is); at >= 0 {
			o.firstID.CompareAndSwap(0, waiting[at].ID)
			h.stored(waiting[at].ID)
			found = true
		}
	}
	return found, nil
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
