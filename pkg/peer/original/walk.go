package original

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	// lookBack is how far before the newest known entry Playlog begins, because
	// the node may never learn that an entry is synced. The node's engine logs
	// its plays at once. A week gives people time to notice a fault, and allows
	// for a wrong clock.
	lookBack = 7 * 24 * time.Hour
	// windowPages is how many pages are requested by number before the walk
	// goes on by the time of the oldest entry. The cost of a page grows with
	// its number, and some nodes end the numbers somewhere.
	windowPages = 100
	// maxPages is more than any node has.
	maxPages = 1_000_000
)

// Errors for an original node that has more entries than can be requested, or
// no end.
var (
	errPagesRepeat = errors.New("its pages repeat, so not everything can be fetched from this original node")
	errEndless     = errors.New("the playlog of this original node does not end")
)

// Playlog goes through the entries that the node reports as not synced, the
// latest first. newest is the start of the newest known entry. Entries more
// than a week older than newest are left out; with a zero time none is left
// out. Each call of next returns the next entries, about limit of them; no
// entries and no error is the end. Pages go by number, so entries may come
// twice if others are stored there meanwhile. Errors of next:
// peer.ErrUnsupported, *peer.StatusError, of the network, or that not
// everything can be fetched.
func (n *Node) Playlog(newest time.Time, limit int) (next func(ctx context.Context) ([]Played, error)) {
	w := walk{page: n.page, limit: limit}
	if !newest.IsZero() {
		w.from = newest.Add(-lookBack)
	}
	return w.next
}

// place is a place in the playlog: a page of the entries that are not later
// than a time; a zero time means all entries. The zero place is the beginning.
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
	// oldest is the earliest start so far.
	oldest time.Time
	// last is the first entry of the previous page, and first the first entry
	// of the window. left is the place where the previous window ended.
	last, first model.Fingerprint
	left        place
	// undated: the node ignores times.
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

// fetch asks for the page at the walk's place, and returns the place where it
// goes on; the zero place is the end.
func (w *walk) fetch(ctx context.Context) (_ []Played, next place, _ error) {
	at := w.at
	entries, err := w.ask(ctx)
	if err != nil || len(entries) == 0 { // a page that is merely short may have the node's maximum length
		return nil, place{}, err
	}
	first := entries[0].Fingerprint()
	if at.number == 0 && first == w.first && entries[0].TrackStart.After(at.to) {
		w.undated = true
		if w.left.number+1 < windowPages { // the walk went by times because pages repeat
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
	return nil, place{}, nil // the window holds nothing older, so that was everything
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

// note keeps the oldest start. It reports whether the last entry of the page
// has it, which means that the list is in the order that windows need.
func (w *walk) note(entries []Played) bool {
	for _, e := range entries {
		if w.oldest.IsZero() || e.TrackStart.Before(w.oldest) {
			w.oldest = e.TrackStart
		}
	}
	return entries[len(entries)-1].TrackStart.Equal(w.oldest)
}
