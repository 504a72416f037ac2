package repo

import (
	"context"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// recentPurges remembers for a moment what a database knows of purges, so that an
// engine that sends old plays does not ask for them each time. A play that comes just
// after another process decided a purge may still be stored, and is deleted by that.
type recentPurges struct {
	mu   sync.Mutex
	read time.Time
	all  model.Purges
}

// purgesFor is how long they are remembered.
const purgesFor = time.Second

func (r *recentPurges) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = time.Time{}
}

func (r *recentPurges) get(read func() (model.Purges, error)) (model.Purges, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) < purgesFor {
		return r.all, nil
	}
	all, err := read()
	if err == nil {
		r.all, r.read = all, time.Now()
	}
	return all, err
}

// PurgeOf is the purge by which a play of a source that began then is gone; nil if it
// is not. Error: model.ErrUnavailable.
func (r reader) PurgeOf(ctx context.Context, source int, at time.Time) (*model.Purge, error) {
	if !model.MayBePurged(at, time.Now()) {
		return nil, nil
	}
	all, err := r.recent.get(func() (model.Purges, error) { return r.Purges(ctx) })
	return all.Covering(source, at), err
}

// refusePurged returns an *model.InvalidError if an entry is played at a time whose
// plays are gone.
func (tx *writing) refusePurged(ctx context.Context, e *model.Entry) error {
	refused, err := tx.purged(ctx, []model.Record{{Entry: *e}})
	if err == nil && refused[0] != nil {
		return refused[0]
	}
	return err
}

// purged says of each record why it is not stored, because its play is gone; nil if
// it is not.
func (tx *writing) purged(ctx context.Context, records []model.Record) ([]*model.InvalidError, error) {
	refused := make([]*model.InvalidError, len(records))
	var all model.Purges
	for i := range records {
		e := &records[i].Entry
		at := e.PlayedAt()
		if !model.MayBePurged(at, time.Now()) {
			continue
		}
		if all == nil {
			known, err := tx.purges(ctx)
			if err != nil || len(known) == 0 {
				return refused, err
			}
			all = known
		}
		if p := all.Covering(e.LogSource, at); p != nil {
			refused[i] = p.Refusal(at)
		}
	}
	return refused, nil
}
