package handler

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/pkg/web/views"
)

const (
	// readTimeout bounds one read of what plays and played.
	readTimeout = 5 * time.Second
	// maxHeld bounds for how long it is held. After that time at the latest, a change
	// that nobody reported is noticed.
	maxHeld = time.Minute
	// viewHeld is for how long a view is kept that says for how long a track has been
	// playing, and staticHeld for how long one that may be late.
	viewHeld   = 2 * time.Second
	staticHeld = 10 * time.Second
)

// lately holds what plays and what played before. It is read once for each change,
// however many ask, in however many shapes.
type lately struct {
	reading singleflight.Group
	held    atomic.Pointer[heldMoment]
}

// heldMoment is what was read, and for how long it is right.
type heldMoment struct {
	current trackservice.Track
	latest  []model.Entry // newest first
	changes uint64        // of the track service, before it was read
	until   time.Time
}

// at is the moment as it is now.
func (h *heldMoment) at(now time.Time) views.Moment {
	return views.NewMoment(now, h.current, h.latest)
}

// lately reads what plays and what played before.
func (a *API) lately(ctx context.Context) (*heldMoment, error) {
	if h := a.recently.held.Load(); a.holds(h) {
		return h, nil
	}
	// Who asked first may leave, but not all who wait.
	shared := context.WithoutCancel(ctx)
	read := a.recently.reading.DoChan("", func() (any, error) {
		if h := a.recently.held.Load(); a.holds(h) {
			return h, nil
		}
		ctx, cancel := context.WithTimeout(shared, readTimeout)
		defer cancel()
		return a.readLately(ctx)
	})
	select {
	case got := <-read:
		h, _ := got.Val.(*heldMoment)
		return h, got.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// holds reports whether what was read is still right.
func (a *API) holds(h *heldMoment) bool {
	return h != nil && h.changes == a.Current.Changes() && a.Now().Before(h.until)
}

func (a *API) readLately(ctx context.Context) (*heldMoment, error) {
	h := &heldMoment{changes: a.Current.Changes()} // before reading, because the read may miss what is stored meanwhile
	now := a.Now()
	var err error
	if h.current, err = a.Current.Current(ctx, 0); err != nil {
		return nil, err
	}
	h.latest, err = a.OnAir.Entries(ctx, model.EntryQuery{To: now, Limit: views.MaxFeed + 1})
	before := a.recently.held.Load()
	switch {
	case errors.Is(err, model.ErrUnavailable) && before != nil: // what plays is known nevertheless
		h.latest = before.latest
	case err != nil:
		return nil, err
	}
	h.until = earlier(trackservice.UntilOver(h.current.Until, now, h.latest...), now.Add(maxHeld))
	a.recently.held.Store(h)
	return h, nil
}

// moment is what plays and what played before, for an answer that is kept for that
// long at most.
func (a *API) moment(ctx context.Context, held time.Duration) (views.Moment, error) {
	h, err := a.lately(ctx)
	if err != nil {
		return views.Moment{}, err
	}
	now := a.Now()
	answercache.Keep(ctx, answercache.Policy{Until: earlier(h.until, now.Add(held)), MaxAge: held})
	return h.at(now), nil
}

// earlier is the earlier of two times, of which the first may be zero, which means
// never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// station is whose views are shown.
func (a *API) station() views.Station {
	return views.Station{Name: a.Station, Zone: a.Zone, Stream: a.Views.StreamURL}
}
