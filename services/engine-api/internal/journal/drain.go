package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// atOnce is how many items are read at once.
	atOnce = 100
	// storeFor bounds how long the database has to store one of them.
	storeFor = 10 * time.Second
	// minPause and maxPause bound the pause after a failure.
	minPause = 250 * time.Millisecond
	maxPause = 5 * time.Second
	// lookEvery is how often the journal is looked at without a wake-up: a
	// command may have changed it.
	lookEvery = 30 * time.Second
)

// Run stores what is kept, in order, as soon as the database takes it, until ctx
// ends. Call it once, when the database is ready.
func (j *Journal) Run(ctx context.Context) error {
	pause := minPause
	var looked time.Time
	for {
		var err error
		if time.Since(looked) >= lookEvery {
			if err = j.claim(ctx, looked.IsZero()); err == nil {
				looked = time.Now()
			}
		}
		if err == nil {
			_, err = j.Drain(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		j.trouble.Report(err)
		wake, wait := j.wake, lookEvery
		if err != nil {
			wake, wait = nil, pause // what comes meanwhile waits with the rest
			pause = min(2*pause, maxPause)
		} else {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(wait):
		}
	}
}

// Inherit is called before Run, with the path of the database's file. If the
// database is a new one, because the file was deleted, what was taken for the old one
// belongs to it. A journal that fails keeps no service from its start.
func (j *Journal) Inherit(ctx context.Context, path string, isNew bool) {
	n, err := j.file.Inherit(ctx, j.identity().Database, path, isNew)
	j.failing.Report(err)
	if n > 0 {
		j.log.Warn().Int64("items", n).Str("file", path).
			Msg("the database's file was deleted and a new one is there; what the journal took for the old one is stored in the new one")
	}
}

// claim finds out which items belong to the database. At the start, what was put
// aside is tried again: the program may be a newer one.
func (j *Journal) claim(ctx context.Context, first bool) error {
	if first {
		if _, err := j.file.Again(ctx); err != nil {
			return err
		}
	}
	foreign, err := j.file.Claim(ctx, j.identity().Database)
	if err == nil && foreign > 0 && first {
		j.log.Error().Int64("items", foreign).
			Msg("the journal has items that were taken for another database; they are not stored in this one: see engine-api journal list")
	}
	return err
}

// Drain stores everything that is kept for the database. It returns how many
// items that were.
func (j *Journal) Drain(ctx context.Context) (drained int, err error) {
	defer func() {
		if drained > 0 {
			j.log.Info().Int("items", drained).Msg("stored what the journal kept")
		}
	}()
	for {
		items, err := j.file.Oldest(ctx, j.identity().Database, atOnce)
		if err != nil || len(items) == 0 {
			return drained, err
		}
		stored, err := j.drainSome(ctx, items)
		drained += stored
		if err != nil {
			return drained, err
		}
	}
}

// drainSome stores items, up to the first one that the database does not take
// now.
func (j *Journal) drainSome(ctx context.Context, items []model.Kept) (stored int, err error) {
	var done []model.Kept
	for _, k := range items {
		if err = j.storeOrPutAside(ctx, k); err != nil {
			if errors.Is(err, errAside) {
				err = nil
				continue
			}
			break
		}
		done = append(done, k)
	}
	if len(done) == 0 {
		return 0, err
	}
	j.stored()
	// If the service ends before the items are forgotten, they are stored again,
	// which changes nothing.
	if forgot := j.file.Forget(context.WithoutCancel(ctx), done); forgot != nil {
		return 0, errors.Join(err, forgot)
	}
	j.metrics.drained.Add(float64(len(done)))
	return len(done), err
}

// errAside says that an item was put aside.
var errAside = errors.New("put aside")

func (j *Journal) storeOrPutAside(ctx context.Context, k model.Kept) error {
	err := j.storeOne(ctx, k)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || !j.isForGood(ctx, err) {
		return fmt.Errorf("store %s %d of the journal: %w", k.Kind, k.ID, err)
	}
	j.log.Error().Err(err).Int64("item", k.ID).Str("kind", string(k.Kind)).Time("arrival", k.Arrival).
		Msg("the database refuses what the journal kept; it is put aside: see engine-api journal show")
	if err := j.file.PutAside(ctx, k.ID, err.Error()); err != nil {
		return err
	}
	return errAside
}

func (j *Journal) storeOne(ctx context.Context, k model.Kept) error {
	ctx, cancel := context.WithTimeout(ctx, storeFor)
	defer cancel()
	return j.store(ctx, k)
}

// isForGood reports whether the item is at fault, and not the database.
func (j *Journal) isForGood(ctx context.Context, err error) bool {
	if !isPassing(err) {
		return true
	}
	for _, passing := range []error{model.ErrUnavailable, model.ErrOverloaded, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, passing) {
			return false
		}
	}
	return j.statuses.Writable(ctx) == nil
}
