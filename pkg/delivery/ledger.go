package delivery

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

const (
	// storeTimeout is how long somebody who hands something over may wait.
	storeTimeout = time.Second
	// noteTimeout bounds a note of what became of a delivery. It is shorter,
	// because a stop waits for two notes.
	noteTimeout = 400 * time.Millisecond
)

// Ledger keeps deliveries across restarts; *repo.Node is one.
type Ledger interface {
	// StoreDeliveries stores all or none, and returns them with their ids, which
	// grow from one to the next.
	StoreDeliveries(ctx context.Context, ds []model.Delivery) ([]model.Delivery, error)
	// WaitingDeliveries are the oldest that have not ended, the oldest first.
	WaitingDeliveries(ctx context.Context, channel string, limit int) ([]model.Delivery, error)
	// LatestDelivery is the one stored last. Error: model.ErrNotFound.
	LatestDelivery(ctx context.Context, channel string) (model.Delivery, error)
	// FailDelivery notes a failed try.
	FailDelivery(ctx context.Context, id int64, tries int, reason string) error
	// EndDelivery notes that a delivery is done or, if outcome says why, given up.
	EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error
}

// book writes into the ledger, also while the service stops: what was handed
// over is stored, and what was done is noted.
type book struct {
	ledger  Ledger
	trouble *logging.Lasting
}

// add stores deliveries, all or none. If that fails they come back without ids.
func (b *book) add(ctx context.Context, ds []model.Delivery) (_ []model.Delivery, stored bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	with, err := b.ledger.StoreDeliveries(ctx, ds)
	if err == nil && len(with) != len(ds) {
		err = errors.New("the database did not answer for each delivery")
	}
	b.trouble.Report(err)
	if err != nil {
		return ds, false
	}
	return with, true
}

// fail notes a failed try. If that fails, the next one will be noted.
func (b *book) fail(ctx context.Context, d model.Delivery) {
	if d.ID == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	b.trouble.Report(b.ledger.FailDelivery(ctx, d.ID, d.Tries, d.Error))
}

// ending is the end of a stored delivery.
type ending struct {
	id      int64
	at      time.Time
	outcome string
}

func (b *book) end(ctx context.Context, e ending) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	err := b.ledger.EndDelivery(ctx, e.id, e.at, e.outcome)
	b.trouble.Report(err)
	return err
}

// past reads what was stored for a channel before: what waits, and the last one
// stored, whatever became of it; that one's ID is 0 if there is none.
func (b *book) past(ctx context.Context, channel string) (waiting []model.Delivery, last model.Delivery, err error) {
	if waiting, err = b.ledger.WaitingDeliveries(ctx, channel, maxLoaded); err != nil {
		return nil, last, err
	}
	last, err = b.ledger.LatestDelivery(ctx, channel)
	if errors.Is(err, model.ErrNotFound) {
		return waiting, model.Delivery{}, nil
	}
	return waiting, last, err
}
