package heard

import (
	"cmp"
	"slices"
	"time"
)

// entrance is a moment from which a play's title sounds, because it begins, is
// repeated, or is told again.
type entrance struct {
	at    time.Time
	of    *play
	again bool // it was told again
}

func (e entrance) compare(o entrance) int {
	return cmp.Or(e.at.Compare(o.at), cmp.Compare(e.of.rank, o.of.rank))
}

// sounds reports whether the title is a play and has not ended yet.
func (e entrance) sounds() bool { return !e.of.title.isShort && e.at.Before(e.of.title.until()) }

// entrances are in order.
type entrances []entrance

// add puts an entrance in its place.
func (all *entrances) add(e entrance) {
	i, _ := slices.BinarySearchFunc(*all, e, entrance.compare)
	*all = slices.Insert(*all, i, e)
}

// from returns the entrances that are not before t.
func (all entrances) from(t time.Time) entrances {
	i, _ := slices.BinarySearchFunc(all, t, func(e entrance, t time.Time) int { return e.at.Compare(t) })
	return all[i:]
}

// first returns when the first one is that sounds; the limit if that is earlier.
func (all entrances) first(limit time.Time) time.Time {
	for _, e := range all {
		if !e.at.Before(limit) {
			break
		}
		if e.sounds() {
			return e.at
		}
	}
	return limit
}

// enter adds a play that becomes audible at a time, unless another one of its
// slot has taken its place by then.
func (all *entrances) enter(p *play, at time.Time) {
	if p.isLost = p.isTaken(at); !p.isLost {
		p.title.begin(at)
		all.add(entrance{at: at, of: p})
	}
}

// leave takes back what enter and again did.
func (all *entrances) leave(p *play, at time.Time) {
	for _, at := range append([]time.Time{at}, p.Again...) {
		if i, found := slices.BinarySearchFunc(*all, entrance{at: at, of: p}, entrance.compare); found {
			*all = slices.Delete(*all, i, i+1)
		}
	}
}

// again adds an entrance for each time that the play was told again before its
// title's end.
func (all *entrances) again(p *play) {
	for _, at := range p.tellings() {
		isFirst := p.title.since.IsZero() && p.title.end.IsZero()
		if e := (entrance{at, p, true}); isFirst || e.sounds() {
			p.title.begin(at)
			all.add(e)
		}
	}
}
