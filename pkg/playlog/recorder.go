package playlog

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Store keeps entries and corrections; *repo.Node and *repo.Station do.
type Store interface {
	// StoreEntry is durable when it returns nil.
	StoreEntry(ctx context.Context, e model.Entry) error
	// EntryWith is the entry with that identity, raw, or model.ErrNotFound.
	EntryWith(ctx context.Context, id model.Fingerprint) (model.Entry, error)
	Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
	// Correct stores the correction that build makes from the entry and its
	// earlier corrections, in one transaction. build may be called more than
	// once.
	Correct(ctx context.Context, entryID int64, build func(e model.Entry, earlier []model.Correction) (model.Correction, error)) (model.Correction, error)
	LogMissed(ctx context.Context, e model.Entry, c model.Correction) (entryID int64, _ model.Correction, _ error)
	// Absorb merges records of another node in one transaction, and returns for
	// each record what the store has now. synced: the sync node sent them.
	Absorb(ctx context.Context, records []model.Record, synced bool) ([]model.Absorbed, error)
	// PurgeOf is the purge by which a play of a source that began then is gone; nil if
	// it is not.
	PurgeOf(ctx context.Context, source int, at time.Time) (*model.Purge, error)
}

// Recorder applies the rules for storing.
type Recorder struct {
	store   Store
	taker   Taker
	log     zerolog.Logger
	now     func() time.Time
	changed func()
	doubted *prometheus.CounterVec
	witness func(*model.Entry)
}

// New makes a Recorder. now gives the time at which a correction is made.
// changed is called after every successful store and must not block.
func New(store Store, log zerolog.Logger, now func() time.Time, changed func()) *Recorder {
	return &Recorder{store: store, taker: NewAtOnce(store), log: log, now: now, changed: changed, doubted: newDoubted(), witness: func(*model.Entry) {}}
}

// Witnessing makes the Recorder show f each play that arrived with a start of its
// own, once it is taken. Call it before the first play comes.
func (r *Recorder) Witnessing(f func(*model.Entry)) *Recorder {
	r.witness = f
	return r
}

// Record takes a play that an engine told; it is durable when Record returns
// nil. A text that is too long is cut, because the engine does not send anything
// twice. The log warns of that, and of doubts. Errors: *model.InvalidError,
// model.ErrUnavailable.
func (r *Recorder) Record(ctx context.Context, p Play) error {
	r.normalize(&p.Entry)
	p.compare()
	if err := p.Entry.Validate(); err != nil {
		return err
	}
	taken, err := r.taker.Take(ctx, &p)
	if err != nil {
		return fmt.Errorf("record playlog: %w", err)
	}
	r.tellDoubts(&p.Entry)
	if !p.Undated && !p.Entry.ReceivedAt.IsZero() {
		r.witness(&p.Entry)
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
	return standing(ctx, r.store, &Play{Entry: e, Other: other})
}

func (r *Recorder) normalize(e *model.Entry) {
	if cut := e.Normalize(); cut != nil {
		r.log.Warn().Strs("fields", cut).Int("log_source", e.LogSource).Time("track_start", e.TrackStart).
			Int("limit", model.MaxText).Msg("a text is too long and was cut")
	}
}
