package exchange

import (
	"context"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

// Recorder stores entries; *playlog.Recorder implements it.
type Recorder interface {
	// Receive stores the records of another node and returns a receipt for
	// each.
	Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error)
}

// Store keeps all else that nodes exchange; *repo.Node and *repo.Station
// implement it. synced says that the sync node has the elements.
type Store interface {
	AbsorbHealths(ctx context.Context, hs []model.Health, synced bool) error
	AbsorbClocks(ctx context.Context, cs []model.Clock, synced bool) error
	MarkSynced(ctx context.Context, acks []model.Ack) error
	MarkHealthsSynced(ctx context.Context, uids []model.Fingerprint) error
}

// Outcome says what became of the elements of a batch, in their order.
type Outcome struct {
	Records []playlog.Receipt
	// Healths and Clocks say why an element was refused, with an
	// *model.InvalidError; nil: it was stored.
	Healths, Clocks []error
	// Twin describes other databases that say that they are the sender's host's;
	// "" if there is none.
	Twin string
}

// Gate knows which databases are their hosts'.
type Gate interface {
	// Admit returns model.ErrTwin if another database is known as that host's.
	// twin describes others that say so, too; "" if there is none.
	Admit(ctx context.Context, came model.Identity) (twin string, err error)
}

// Open is a Gate that lets everything through: an engine-api takes what the sync
// node sends.
type Open struct{}

// Admit implements Gate.
func (Open) Admit(context.Context, model.Identity) (string, error) { return "", nil }

// Receive stores a batch. The sender's statement of what the sync node has is
// believed. Errors: those of the Gate, the Recorder and the Store. After an error
// a part of the batch may be stored.
func Receive(ctx context.Context, gate Gate, recorder Recorder, store Store, b model.Batch) (o Outcome, err error) {
	if b.From != nil {
		if o.Twin, err = gate.Admit(ctx, *b.From); err != nil {
			return Outcome{}, err
		}
	}
	if len(b.Records) > 0 {
		if o.Records, err = recorder.Receive(ctx, b.Records, b.Synced); err != nil {
			return Outcome{}, err
		}
		withoutNews(o.Records, b)
	}
	healths, refused := valid(b.Healths, (*model.Health).Validate)
	o.Healths = refused
	clocks, refused := valid(b.Clocks, (*model.Clock).Validate)
	o.Clocks = refused
	if len(healths) > 0 {
		err = store.AbsorbHealths(ctx, healths, b.Synced)
	}
	if err == nil && len(clocks) > 0 {
		err = store.AbsorbClocks(ctx, clocks, b.Synced)
	}
	if err == nil && len(b.Acks) > 0 {
		err = store.MarkSynced(ctx, b.Acks)
	}
	if err == nil && len(b.HealthAcks) > 0 {
		err = store.MarkHealthsSynced(ctx, b.HealthAcks)
	}
	return o, err
}

// withoutNews leaves out records of which the sender has all that its edition can
// keep. It would send its copy again and again.
func withoutNews(receipts []playlog.Receipt, b model.Batch) {
	if b.Edition.KnowsSupplements() {
		return
	}
	for i := range receipts {
		if known := receipts[i].Merged; known != nil && b.Edition.Holds(b.Records[i], *known) {
			receipts[i].Merged = nil
		}
	}
}

// valid judges each element by itself. It returns the good ones, and for each why
// it is refused, nil if it is good.
func valid[T any](all []T, validate func(*T) error) (good []T, refused []error) {
	refused = make([]error, len(all))
	for i := range all {
		if refused[i] = validate(&all[i]); refused[i] == nil {
			good = append(good, all[i])
		}
	}
	return good, refused
}
