package playlog

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"github.com/rs/zerolog"
)

// Store keeps entries and corrections; *repo.Node and *repo.Station do.
type Store interface {
	// StoreEntry is durable when it returns nil.
	StoreEntry(ctx context.Context, e model.Entry) error
	HasEntry(ctx context.Context, id model.Fingerprint) (bool, error)
	// Correct stores the correction that build makes from the entry and its
	// earlier corrections, in one transaction. build may be called more than
	// once.
	Correct(ctx context.Context, entryID int64, build func(e model.Entry, earlier []model.Correction) (model.Correction, error)) (model.Correction, error)
	LogMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, _ model.Correction, _ error)
	// Absorb merges records of another node in one transaction, and returns for
	// each record what the store has now. synced: the sync node sent them.
	Absorb(ctx context.Context, records []model.Record, synced bool) ([]model.Absorbed, error)
}

// Recorder applies the rules for storing.
type Recorder struct {
	store   Store
	taker   Taker
	log     zerolog.Logger
	now     func() time.Time
	changed func()
}

// New makes a Recorder. now gives the time at which an entry arrives or a
// correction is made. changed is called after every successful store and must
// not block.
func New(store Store, log zerolog.Logger, now func() time.Time, changed func()) *Recorder {
	return &Recorder{store: store, taker: atOnce{store}, log: log, now: now, changed: changed}
}

// Record takes an entry that an engine sent; it is durable when Record returns
// nil. other is the start's other occurrence if the start had no offset and is
// in a repeated hour, otherwise zero. A text that is too long is cut, with a
// warning in the log, because the engine does not send anything twice. Errors:
// *model.InvalidError, model.ErrUnavailable.
func (r *Recorder) Record(ctx context.Context, e model.Entry, other time.Time) error {
	r.normalize(&e)
	if err := e.Validate(); err != nil {
		return err
	}
	e, err := r.Occurrence(ctx, e, other)
	if err != nil {
		return fmt.Errorf("record playlog: %w", err)
	}
	taken, err := r.taker.Take(ctx, e, r.now())
	if err != nil {
		return fmt.Errorf("record playlog: %w", err)
	}
	if taken == model.TakenStored {
		r.changed()
	}
	return nil
}

// Occurrence decides which of the two occurrences of a start without an offset
// is meant: the one at which the entry is already stored, otherwise the given
// one. other is zero if there is only one occurrence. So a POST that is
// repeated after the hour changed remains the same entry. Error:
// model.ErrUnavailable.
func (r *Recorder) Occurrence(ctx context.Context, e model.Entry, other time.Time) (model.Entry, error) {
	if other.IsZero() {
		return e, nil
	}
	known, err := r.store.HasEntry(ctx, e.Fingerprint())
	if known || err != nil {
		return e, err
	}
	twin := e
	twin.TrackStart = other
	twin.Normalize()
	if known, err = r.store.HasEntry(ctx, twin.Fingerprint()); known {
		return twin, nil
	}
	return e, err
}

func (r *Recorder) normalize(e *model.Entry) {
	if cut := e.Normalize(); cut != nil {
		r.log.Warn().Strs("fields", cut).Int("log_source", e.LogSource).Time("track_start", e.TrackStart).
			Int("limit", model.MaxText).Msg("a text is too long and was cut")
	}
}
