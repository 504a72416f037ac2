package heard

import (
	"cmp"
	"slices"
	"time"
)

// oneSlot is how far apart the starts of plays of one slot are at most, each
// from the one before.
const oneSlot = time.Second

// place is what rule 4 leaves of a play.
type place struct {
	slot       int       // plays of one slot replace each other
	rank       int       // of two that become audible at one instant the greater counts
	isEarliest bool      // of its slot
	from       time.Time // when it becomes audible, if nothing makes it late
	next       *play     // the next one of its slot that becomes audible
}

// isTaken reports whether the next one of the slot is audible by then.
func (p place) isTaken(at time.Time) bool { return p.next != nil && !at.Before(p.next.from) }

// replace gives each play its place. Repetitions have places too, because a
// slot may begin with one. The plays stand in order.
func replace(plays []*play) {
	for slot, rank := 0, 0; rank < len(plays); slot++ {
		n := slotLength(plays[rank:])
		settled := settle(plays[rank : rank+n])
		for i, p := range settled {
			p.slot, p.rank, p.isEarliest = slot, rank+i, i == 0
		}
		rank += n
	}
}

// slotLength is how many of the plays, which stand in order, share the slot of the
// first: each starts within a second of the one before, and none before it has
// ended by then.
func slotLength(plays []*play) int {
	ends := forever // the first end
	for n, p := range plays {
		if n > 0 && (p.Start.Sub(plays[n-1].Start) > oneSlot || !p.Start.Before(ends)) {
			return n
		}
		if !p.end.IsZero() && p.end.Before(ends) {
			ends = p.end
		}
	}
	return len(plays)
}

// settle returns the plays of one slot in the order in which they replaced each
// other: those of unknown arrival by their starts, the others by their arrivals,
// and last what a person says.
func settle(slot []*play) []*play {
	waited := slotBurst(slot)
	said := func(p *play) said {
		if waited[p] {
			return ofUnknownArrival
		}
		return p.said
	}
	slot = slices.SortedFunc(slices.Values(slot), func(a, b *play) int {
		c := cmp.Compare(said(a), said(b))
		if c == 0 && said(a) == ofKnownArrival {
			c = a.ReceivedAt.Compare(b.ReceivedAt)
		}
		return cmp.Or(c, inOrder(a, b))
	})
	for i, p := range slot {
		p.from = p.Start
		if i > 0 && said(p) == ofKnownArrival && p.ReceivedAt.After(p.Start) {
			p.from = p.ReceivedAt
		}
	}
	var next *play
	for _, p := range slices.Backward(slot) {
		p.next = next
		if !p.isTaken(p.from) {
			next = p
		}
	}
	return slot
}

// slotBurst returns the plays of the slot that arrived in a burst of their own.
func slotBurst(slot []*play) map[*play]bool {
	if len(slot) == 1 {
		return nil
	}
	waited := make(map[*play]bool)
	for _, lot := range queues(slot) {
		if !isBurst(lot) {
			continue
		}
		for _, p := range lot {
			waited[p] = true
		}
	}
	return waited
}
