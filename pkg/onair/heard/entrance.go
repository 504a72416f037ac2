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
	if c := cmp.Or(e.at.Compare(o.at), cmp.Compare(e.of.rank, o.of.rank)); c != 0 || e.again == o.again {
		return c
	}
	if o.again {
		return -1
	}
	return 1
}

// sounds reports whether the title is a play and has not ended yet.
func (e entrance) sounds() bool {
	return !e.of.isOut && !e.of.title.isShort && e.at.Before(e.of.title.until())
}

// entrances are in order.
type entrances []entrance

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
// slot has taken its place by then. The caller puts the entrances in order.
func (all *entrances) enter(p *play, at time.Time) {
	if p.isLost = p.isTaken(at); !p.isLost {
		p.title.begin(at)
		*all = append(*all, entrance{at: at, of: p})
	}
}

// move has a play enter earlier. Only the entrances between the two times move.
func (all *entrances) move(p *play, from, to time.Time) {
	if p.isLost = p.isTaken(to); p.isLost {
		return
	}
	p.title.begin(to)
	e := entrance{at: to, of: p}
	earlier, _ := slices.BinarySearchFunc(*all, e, entrance.compare)
	later, found := slices.BinarySearchFunc(*all, entrance{at: from, of: p}, entrance.compare)
	if !found { // it was lost, because it entered too late
		*all = slices.Insert(*all, earlier, e)
		return
	}
	copy((*all)[earlier+1:later+1], (*all)[earlier:later])
	(*all)[earlier] = e
}

// again adds an entrance for each time that the play was told again before its
// title's end. The caller puts the entrances in order.
func (all *entrances) again(p *play) {
	for _, at := range p.tellings() {
		isFirst := p.title.since.IsZero() && p.title.end.IsZero()
		if e := (entrance{at, p, true}); isFirst || e.sounds() {
			p.title.begin(at)
			*all = append(*all, e)
		}
	}
}
