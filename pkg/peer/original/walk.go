package original

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// lookBack is how far before the newest entry that is known Playlog begins: the
	// node may never learn that something is synced. Its engine logs what it plays
	// at once, and a week lets people notice, and its clock be wrong.
	lookBack = 7 * 24 * time.Hour
	// windowPages is how many pages are asked for by their numbers, before it
	// goes on by the time of the oldest entry: the cost of a page grows with its
	// number, and some nodes end the numbers somewhere.
	windowPages = 100
	// maxPages is more than any node has.
	maxPages = 1_000_000
)

// An original node has more than it can be asked for, or no end.
var (
	errPagesRepeat = errors.New("its pages repeat, so not everything can be fetched from this original node")
	errEndless     = errors.New("the playlog of this original node does not come to an end")
)

// Playlog goes through what the node says is not synced, the latest first. newest
// is the start of the newest entry that is known: older ones are left out from a
// week before it; with a zero time none is. Each call of next gives the next
// entries, about limit of them; none and no error is the end. Pages go by number,
// so what is stored there meanwhile may come twice. Errors of next:
// peer.ErrUnsupported, *peer.StatusError, of the network, or that not everything
// can be fetched.
func (n *Node) Playlog(newest time.Time, limit int) (next func(ctx context.Context) ([]Played, error)) {
	w := walk{page: n.page, limit: limit}
	if !newest.IsZero() {
		w.from = newest.Add(-lookBack)
	}
	return w.next
}

// place is one in the playlog: a page of what is not later than a time, zero for
// all. The zero place is the beginning.
type place struct {
	to     time.Time
	number int
}

// walk goes through a playlog.
type walk struct {
	page  func(ctx context.Context, q pageQuery) ([]Played, error)
	limit int
	from  time.Time
	at    place
	ended bool
	// oldest is the earliest start that came so far.
	oldest time.Time
	// last is what the page before began with, first what the window did, and left
	// the place where the window before ended.
	last, first model.Fingerprint
	left        place
	// undated: the node does not heed times.
	undated bool
	asked   int
}

func (w *walk) next(ctx context.Context) ([]Played, error) {
	for !w.ended {
		entries, next, err := w.fetch(ctx)
		if err != nil {
			return nil, err
		}
		w.at, w.ended = next, next == place{}
		if len(entries) > 0 {
			return entries, nil
		}
	}
	return nil, nil
}

// fetch asks for the page where the walk is, and tells where it goes on; the zero
// place is the end.
func (w *walk) fetch(ctx context.Context) (_ []Played, next place, _ error) {
	at := w.at
	entries, err := w.ask(ctx)
	if err != nil || len(entries) == 0 { // one that is merely short may be as long as pages are there
		return nil, place{}, err
	}
	first := entries[0].Fingerprint()
	if at.number == 0 && first == w.first && entries[0].TrackStart.After(at.to) {
		w.undated = true
		if w.left.number+1 < windowPages { // it went by times because pages repeat
			return nil, place{}, errPagesRepeat
		}
		return nil, place{w.left.to, w.left.number + 1}, nil
	}
	repeats := at.number > 0 && first == w.last
	w.last = first
	if at.number == 0 {
		w.first = first
	}
	isOldestLast := w.note(entries)
	older := w.oldest.Truncate(time.Second).Add(time.Second)
	mayGoByTime := !w.undated && isOldestLast && (at.to.IsZero() || older.Before(at.to))
	switch {
	case mayGoByTime && (repeats || at.number+1 >= windowPages):
		w.left = at
		return entries, place{to: older}, nil
	case !repeats:
		return entries, place{at.to, at.number + 1}, nil
	case at.to.IsZero() || w.undated || !isOldestLast:
		return nil, place{}, errPagesRepeat
	}
	return nil, place{}, nil // the window holds nothing older: that was all
}

func (w *walk) ask(ctx context.Context) ([]Played, error) {
	if w.asked++; w.asked > maxPages {
		return nil, errEndless
	}
	entries, err := w.page(ctx, pageQuery{number: w.at.number, limit: w.limit, from: w.from, to: w.at.to})
	if err != nil {
		return nil, fmt.Errorf("fetch page %d of an original node's playlog: %w", w.at.number, err)
	}
	return entries, nil
}

// note keeps the oldest start, and reports whether the last entry of the page has
// it: so the list is in the order that windows need.
func (w *walk) note(entries []Played) bool {
	for _, e := range entries {
		if w.oldest.IsZero() || e.TrackStart.Before(w.oldest) {
			w.oldest = e.TrackStart
		}
	}
	return entries[len(entries)-1].TrackStart.Equal(w.oldest)
}
