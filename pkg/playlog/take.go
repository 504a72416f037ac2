package playlog

import (
	"context"
	"time"

	"aura.radio/engine/pkg/model"
)

// Taker takes the entries that an engine plays. An entry that it took is
// durable.
type Taker interface {
	// Take takes an entry that arrived at that time. Errors:
	// model.ErrUnavailable, or that of ctx.
	Take(ctx context.Context, e model.Entry, arrival time.Time) (model.Taken, error)
}

// atOnce takes an entry by storing it immediately.
type atOnce struct{ store Store }

// Take implements Taker.
func (a atOnce) Take(ctx context.Context, e model.Entry, _ time.Time) (model.Taken, error) {
	return model.TakenStored, a.store.StoreEntry(ctx, e)
}
