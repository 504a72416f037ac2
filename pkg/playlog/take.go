package playlog

import (
	"context"
	"time"

	"aura.radio/engine/pkg/model"
)

// Taker takes what engines play. An entry that it took is durable.
type Taker interface {
	// Take takes a play, and does not change it. To take it twice with one arrival
	// is the same as once. Errors: *model.InvalidError if the play is gone by a purge
	// and has no arrival; model.ErrUnavailable, or that of ctx.
	Take(ctx context.Context, p *Play) (model.Taken, error)
}

// sameUndated is for how long an undated play that is told again is the same.
const sameUndated = 5 * time.Second

// AtOnce takes a play by storing it immediately.
type AtOnce struct{ store Store }

// NewAtOnce makes a Taker that stores at once.
func NewAtOnce(store Store) AtOnce { return AtOnce{store} }

// Taking makes the Recorder take plays by t instead. Call it before the first
// play comes.
func (r *Recorder) Taking(t Taker) *Recorder {
	r.taker = t
	return r
}

// Take implements Taker.
func (a AtOnce) Take(ctx context.Context, p *Play) (model.Taken, error) {
	e, err := standing(ctx, a.store, p)
	isMoved := false
	if err == nil {
		e, isMoved, err = a.unpurged(ctx, e)
	}
	if err == nil && (p.Undated || isMoved) {
		e, err = a.dated(ctx, e)
	}
	if err != nil {
		return model.TakenStored, err
	}
	return model.TakenStored, a.store.StoreEntry(ctx, e)
}

// dated gives an undated play the start of its copy, if one was told within
// sameUndated.
func (a AtOnce) dated(ctx context.Context, e model.Entry) (model.Entry, error) {
	recent, err := a.store.Entries(ctx, model.EntryQuery{From: e.TrackStart.Add(-sameUndated), To: e.TrackStart, Raw: true, Oldest: true})
	if err != nil {
		return e, err
	}
	for _, r := range recent {
		copied := e
		copied.TrackStart = r.TrackStart
		if r.TrackStart.Equal(r.ReceivedAt) && copied.Fingerprint() == r.Fingerprint() {
			return copied, nil
		}
	}
	return e, nil
}

// unpurged gives a play that would start in a time whose plays were purged its arrival
// as start, with a doubt: its engine plays it now, by a clock that is wrong. A play
// without an arrival is that of another node, and refused.
func (a AtOnce) unpurged(ctx context.Context, e model.Entry) (_ model.Entry, isMoved bool, _ error) {
	purge, err := a.store.PurgeOf(ctx, e.LogSource, e.TrackStart)
	if err != nil || purge == nil {
		return e, false, err
	}
	refused := purge.Refusal(e.TrackStart)
	if e.ReceivedAt.IsZero() {
		return e, false, refused
	}
	e.Doubts = e.Doubts.With(model.NewDoubts(model.NewDoubt("track_start", e.TrackStart.UTC().Format(time.RFC3339Nano),
		"is in a time whose plays were purged; the arrival is taken")))
	e.TrackStart = e.ReceivedAt
	if purge, err = a.store.PurgeOf(ctx, e.LogSource, e.TrackStart); err == nil && purge != nil { // it was kept for long
		return e, false, refused
	}
	return e, true, err
}
