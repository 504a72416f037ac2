package handler

import (
	"context"
	"errors"
	"sync"
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

// lately holds what plays and what played before, for each delay that somebody has. It
// is read once for each change, however many ask, in however many shapes.
type lately struct {
	reading singleflight.Group
	mu      sync.Mutex
	held    map[trackservice.Delay]*heldMoment
}

// heldMoment is what was read for listeners with a delay, and for how long it is right.
type heldMoment struct {
	api     *API
	delay   trackservice.Delay
	current trackservice.Track
	latest  []model.Entry // newest first
	changes uint64        // of the track service, before it was read
	until   time.Time
	// connected and changed are what listeners of AzuraCast's stream are told,
	// displayed what receivers with RadioDNS are.
	connected, changed, displayed shared
}

// holds reports whether it is still right.
func (h *heldMoment) holds(now time.Time) bool {
	return h != nil && h.changes == h.api.Current.Changes() && now.Before(h.until)
}

// at is what the listeners hear now.
func (h *heldMoment) at(now time.Time) views.Moment {
	return views.NewMoment(h.delay.Heard(now), h.current, h.latest, h.api.Links.Cover)
}

// of is what is held for a delay, nil if there is nothing.
func (l *lately) of(d trackservice.Delay) *heldMoment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[d]
}

// hold keeps what was read, and forgets what is over of other delays.
func (l *lately) hold(read *heldMoment, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := map[trackservice.Delay]*heldMoment{read.delay: read}
	for d, h := range l.held {
		if d != read.delay && h.holds(now) {
			kept[d] = h
		}
	}
	l.held = kept
}

// viewDelay is a view's delay, to the second. So there are few.
func viewDelay(seconds *float64) trackservice.Delay {
	return trackservice.Delay(time.Duration(delayOf(seconds)).Round(time.Second))
}

// lately reads what plays and what played before, for listeners with that delay.
func (a *API) lately(ctx context.Context, d trackservice.Delay) (*heldMoment, error) {
	if h := a.recently.of(d); h.holds(a.Now()) {
		return h, nil
	}
	// Who asked first may leave, but not all who wait.
	shared := context.WithoutCancel(ctx)
	read := a.recently.reading.DoChan(time.Duration(d).String(), func() (any, error) {
		if h := a.recently.of(d); h.holds(a.Now()) {
			return h, nil
		}
		ctx, cancel := context.WithTimeout(shared, readTimeout)
		defer cancel()
		return a.readLately(ctx, d)
	})
	select {
	case got := <-read:
		h, _ := got.Val.(*heldMoment)
		return h, got.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *API) readLately(ctx context.Context, d trackservice.Delay) (*heldMoment, error) {
	h := &heldMoment{api: a, delay: d, changes: a.Current.Changes()} // before reading, because the read may miss what is stored meanwhile
	now := a.Now()
	heard := d.Heard(now)
	var err error
	if h.current, err = a.Current.Current(ctx, d); err != nil {
		return nil, err
	}
	h.latest, err = a.OnAir.Entries(ctx, model.EntryQuery{To: heard, Limit: views.MaxFeed + 1})
	before := a.recently.of(d)
	switch {
	case errors.Is(err, model.ErrUnavailable) && before != nil: // what plays is known nevertheless
		h.latest = before.latest
	case err != nil:
		return nil, err
	}
	over := d.Reaches(trackservice.UntilOver(time.Time{}, heard, h.latest...))
	h.until = earlier(h.current.Until, earlier(over, now.Add(maxHeld)))
	a.recently.hold(h, now)
	return h, nil
}

// moment is what listeners with that delay hear, and heard before, for an answer that
// is kept for that long at most.
func (a *API) moment(ctx context.Context, delay *float64, held time.Duration) (views.Moment, error) {
	h, err := a.lately(ctx, viewDelay(delay))
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
