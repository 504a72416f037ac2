package heard_test

import (
	"slices"
	"time"
)

// findReplaced: of plays (no fallback) whose starts are at most a second apart,
// and of which none has ended, as planned, when another starts, in order of
// arrival, each is audible until the next one arrived, and that one from its
// arrival.
func (o *oracle) findReplaced() {
	o.slots = make(map[*said]slot)
	var sets [][]*said
	for _, p := range o.plays {
		if p.fallback {
			continue
		}
		if n := len(sets) - 1; n >= 0 {
			set := sets[n]
			hasEnded := slices.ContainsFunc(set, func(e *said) bool { return e.end <= p.start })
			if p.start-set[len(set)-1].start <= time.Second && !hasEnded {
				sets[n] = append(set, p)
				continue
			}
		}
		sets = append(sets, []*said{p})
	}
	o.rank = make(map[*said]int)
	for _, set := range sets {
		if len(set) > 1 {
			set = o.replaceIn(set)
		}
		for _, p := range set {
			o.rank[p] = len(o.rank)
		}
	}
}

// replaceIn returns the order in the slot.
func (o *oracle) replaceIn(set []*said) []*said {
	// Here only a burst among these plays counts.
	inBurst := make(map[*said]bool)
	for _, chain := range arrivingTogether(set) {
		for _, p := range chain {
			inBurst[p] = isBurst(chain)
		}
	}
	var unknown, known, byPerson []*said
	for _, p := range set {
		switch {
		case p.byPerson():
			byPerson = append(byPerson, p)
		case !p.arrived || inBurst[p]:
			unknown = append(unknown, p)
		default:
			known = append(known, p)
		}
	}
	slices.SortFunc(known, byArrival)
	order := slices.Concat(unknown, known, byPerson)
	// Those of unknown arrival settle among themselves as today and the winner
	// counts as first; by a person counts as last, from its start.
	begins := make([]moment, len(order))
	for i, p := range order {
		begins[i] = p.start
		if i >= len(unknown) && i < len(unknown)+len(known) && i > 0 {
			begins[i] = max(p.start, p.arrival)
		}
	}
	isOut := func(i int) bool { return slices.Min(append(slices.Clone(begins[i+1:]), never)) <= begins[i] }
	for i, p := range order {
		s := slot{isAt: i > 0 || len(unknown) > 0 || len(known) == 0, at: begins[i], until: never}
		for j := i + 1; j < len(order); j++ {
			s.until = min(s.until, begins[j])
			if !isOut(j) { // one that lost to a later one is not the next one
				s.enders = append(s.enders, ender{begins[j], order[j]})
			}
		}
		s.isOut = s.until <= s.at
		o.slots[p] = s
	}
	return order
}
