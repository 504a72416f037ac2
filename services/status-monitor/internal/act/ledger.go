package act

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
	// noteTimeout bounds a note of what became of it. It is shorter, because a
	// stop waits for two of them.
	noteTimeout = 400 * time.Millisecond
)

var errNotStored = errors.New("it could not be stored")

// Store keeps what is owed across restarts; *repo.DB is one.
type Store interface {
	// StoreDeliveries stores all or none, and returns them with their ids.
	StoreDeliveries(ctx context.Context, ds []model.Delivery) ([]model.Delivery, error)
	// WaitingDeliveries are the oldest that have not ended.
	WaitingDeliveries(ctx context.Context, channel string, limit int) ([]model.Delivery, error)
	// LatestDelivery is the one stored last. Error: model.ErrNotFound.
	LatestDelivery(ctx context.Context, channel string) (model.Delivery, error)
	FailDelivery(ctx context.Context, id int64, tries int, reason string) error
	EndDelivery(ctx context.Context, id int64, at time.Time, outcome string) error
}

// ledger writes into the store. A stop does not keep it from that: what was
// decided is stored, and what was done is noted.
type ledger struct {
	store   Store
	trouble *logging.Lasting
}

// add stores deliveries, all or none. Where that fails they come back without
// ids.
func (l *ledger) add(ctx context.Context, ds []model.Delivery) (_ []model.Delivery, stored bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	with, err := l.store.StoreDeliveries(ctx, ds)
	if err == nil && len(with) != len(ds) {
		err = errors.New("the database did not answer for each delivery")
	}
	l.trouble.Report(err)
	if err != nil {
		return ds, false
	}
	return with, true
}

// prove stores what has ended already.
func (l *ledger) prove(ctx context.Context, d model.Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	d.EndedAt = d.CreatedAt
	_, err := l.store.StoreDeliveries(ctx, []model.Delivery{d})
	l.trouble.Report(err)
}

// fail notes a failed try. Where that fails, the next one will be noted.
func (l *ledger) fail(ctx context.Context, d model.Delivery) {
	if d.ID == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	l.trouble.Report(l.store.FailDelivery(ctx, d.ID, d.Tries, d.Error))
}

// ending is the end of a stored delivery.
type ending struct {
	id      int64
	at      time.Time
	outcome string
}

func (l *ledger) end(ctx context.Context, e ending) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	err := l.store.EndDelivery(ctx, e.id, e.at, e.outcome)
	l.trouble.Report(err)
	return err
}
