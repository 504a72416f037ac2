package heard

import (
	"cmp"
	"slices"
	"time"
)

// oneSlot is how far apart the starts of plays of one slot are at most, each
// from the one before.
const oneSlot = time.Second

// place is what rule 4 leaves of a title.
type place struct {
	slot       int       // titles of one slot replace each other
	rank       int       // of two that become audible at one instant the greater counts
	isEarliest bool      // of its slot
	from       time.Time // when it becomes audible, if nothing makes it late
	next       *title    // the next one of its slot that becomes audible
}

// isTaken reports whether the next one of the slot is audible by then.
func (p place) isTaken(at time.Time) bool { return p.next != nil && !at.Before(p.next.from) }

// replace gives each title its place. They stand in order.
func replace(all []*title) {
	for slot, rank := 0, 0; len(all) > 0; slot++ {
		n := 1
		for n < len(all) && sharesSlot(all[:n], all[n]) {
			n++
		}
		titles := all[:n]
		settle(titles)
		for i, t := range titles {
			t.slot, t.rank, t.isEarliest = slot, rank+i, i == 0
		}
		rank += n
		all = all[n:]
	}
}

// sharesSlot reports whether t starts within a second of the slot's titles, none
// of which has ended by then.
func sharesSlot(slot []*title, t *title) bool {
	hasEnded := func(o *title) bool { return !o.end.IsZero() && !o.end.After(t.Start) }
	return t.Start.Sub(slot[len(slot)-1].Start) <= oneSlot && !slices.ContainsFunc(slot, hasEnded)
}

// settle brings the titles of one slot into the order in which they replaced
// each other: those of unknown arrival by their starts, the others by their
// arrivals, and last what a person says.
func settle(slot []*title) {
	waited := slotBurst(slot)
	said := func(t *title) said {
		if waited[t.play] {
			return ofUnknownArrival
		}
		return t.said
	}
	slices.SortFunc(slot, func(a, b *title) int {
		c := cmp.Compare(said(a), said(b))
		if c == 0 && said(a) == ofKnownArrival {
			c = a.ReceivedAt.Compare(b.ReceivedAt)
		}
		return cmp.Or(c, a.Start.Compare(b.Start), byID(a.play, b.play))
	})
	for i, t := range slot {
		t.from = t.Start
		if i > 0 && said(t) == ofKnownArrival && t.ReceivedAt.After(t.Start) {
			t.from = t.ReceivedAt
		}
	}
	var next *title
	for _, t := range slices.Backward(slot) {
		t.next = next
		if !t.isTaken(t.from) {
			next = t
		}
	}
}

// slotBurst returns the plays of the slot that arrived in a burst of their own.
func slotBurst(slot []*title) map[*play]bool {
	if len(slot) == 1 {
		return nil
	}
	plays := make([]*play, len(slot))
	for i, t := range slot {
		plays[i] = t.play
	}
	waited := make(map[*play]bool)
	for _, lot := range queues(plays) {
		if !isBurst(lot) {
			continue
		}
		for _, p := range lot {
			waited[p] = true
		}
	}
	return waited
}
