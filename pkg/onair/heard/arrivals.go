package heard

import (
	"cmp"
	"slices"
	"time"
)

const (
	// proves is how long after a play's start an arrival or a telling proves
	// anything.
	proves = 6 * time.Hour
	// together is how close the arrivals of a burst are.
	together = time.Second
	// punctual is how long after its start a play arrives in time.
	punctual = time.Second
)

// arrival is when the play arrived; zero if that is not known.
func (p *play) arrival() (at time.Time) {
	if p.said == ofKnownArrival {
		at = p.ReceivedAt
	}
	return at
}

// tellings returns when the play was told again, as far as that proves anything.
func (p *play) tellings() []time.Time {
	first, last := 0, len(p.Again)
	for first < last && !p.Again[first].After(p.Start) {
		first++
	}
	for first < last && p.Again[last-1].Sub(p.Start) > proves {
		last--
	}
	return p.Again[first:last]
}

// arrivedLate reports whether the arrival is known and more than a second after
// the start.
func (p *play) arrivedLate() bool {
	return p.said == ofKnownArrival && p.ReceivedAt.After(p.Start.Add(punctual))
}

// queues returns the plays of known arrival in lots: each play arrived less than
// a second after the one before.
func queues(plays []*play) (lots [][]*play) {
	var known []*play
	for _, p := range plays {
		if p.said == ofKnownArrival {
			known = append(known, p)
		}
	}
	slices.SortFunc(known, func(a, b *play) int { return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), inOrder(a, b)) })
	for len(known) > 0 {
		n := 1
		for n < len(known) && known[n].ReceivedAt.Sub(known[n-1].ReceivedAt) < together {
			n++
		}
		lots, known = append(lots, known[:n]), known[n:]
	}
	return lots
}

// isBurst reports whether plays that arrived together waited in a queue.
func isBurst(lot []*play) bool {
	return len(lot) > 1 && slices.ContainsFunc(lot, func(p *play) bool { return !p.isFallback && p.arrivedLate() })
}

// bursts marks the plays of bursts. A fallback behind the last play of its burst
// does not count for it: it may sound now. If that play was late and health says
// nothing of fallback, it waited like the others.
func bursts(plays []*play, health reports) {
	for _, lot := range queues(plays) {
		last := len(lot) - 1
		for last >= 0 && lot[last].isFallback {
			last--
		}
		if last < 0 {
			continue
		}
		if burst := lot[:last+1]; isBurst(burst) {
			for _, p := range burst {
				p.inBurst = true
			}
		}
		for _, p := range lot[last+1:] {
			p.waited = lot[last].arrivedLate() && !health.saysFallback(p.Start, p.bound())
		}
	}
}
