package heard_test

import (
	"cmp"
	"slices"
)

// begin is a moment from which a play of the programme is audible.
type begin struct {
	at     moment
	until  moment  // when another took its place in the slot, otherwise never
	enders []ender // all that may
	play   *said
	group  *group
}

// run is a time in which a fallback is audible.
type run struct {
	from, until moment
	group       *fallbackGroup
	isCut       bool // because something else began
}

// fallbackGroup is one fallback: the first and its repetitions.
type fallbackGroup struct {
	members []*said
	end     moment
}

// decided is what rules 3 to 5 say.
type decided struct {
	oracle   *oracle
	begins   []begin
	runs     []run
	fallback []*fallbackGroup
	notHeard map[*said]bool
}

func (o *oracle) layFallback() *decided {
	var inNoBurst []*said
	notHeard := make(map[*said]bool)
	for _, p := range o.plays {
		switch {
		case !p.fallback:
		case o.inBurst[p]: // or that arrived in a burst
			notHeard[p] = true
		default:
			inNoBurst = append(inNoBurst, p)
		}
	}
	// Taken as if every fallback in no burst were heard.
	asIf := o.begin(o.late(inNoBurst))
	var left []*said
	for _, f := range inNoBurst {
		if o.trailed[f] || o.contradicted(f, asIf) {
			notHeard[f] = true
			continue
		}
		left = append(left, f)
	}
	begins := o.begin(o.late(left))
	runs, groups := o.run(left, begins)
	return &decided{oracle: o, begins: begins, runs: runs, fallback: groups, notHeard: notHeard}
}

// begin lists when plays of the programme become audible, ascending; of those
// at one instant the last counts.
func (o *oracle) begin(late map[*said]bool) (begins []begin) {
	for _, g := range o.groups {
		var own []begin
		for _, m := range g.members {
			s, inSlot := o.slots[m]
			if inSlot && s.isOut {
				continue
			}
			b := begin{at: m.start, until: never, play: m, group: g}
			if inSlot {
				b.until, b.enders = s.until, s.enders
			}
			switch {
			case s.isAt:
				b.at = s.at
			case late[m]:
				b.at = m.arrival
			}
			if b.at < b.until {
				own = append(own, b)
			}
		}
		// Told again: from then it sounds again. If a later one of its slot arrives at
		// that very instant, that one sounds, but a fallback ends all the same.
		began := slices.Clone(own)
		for _, m := range g.members {
			for _, at := range m.again {
				s, until := o.slots[m], never
				notYet := slices.ContainsFunc(began, func(b begin) bool { return b.play == m && b.at >= at })
				for _, e := range s.enders {
					if e.at >= at && !slices.Contains(g.members, e.play) {
						until = min(until, e.at)
					}
				}
				if !notYet && at > m.start {
					own = append(own, begin{at: at, until: until, enders: s.enders, play: m, group: g})
				}
			}
		}
		end := g.lasts(own)
		for _, b := range own {
			if b.at < end {
				begins = append(begins, b)
			}
		}
	}
	slices.SortStableFunc(begins, func(a, b begin) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(o.rank[a.play], o.rank[b.play]))
	})
	return begins
}

// lasts is until when a play is audible at most: its planned end, or the
// longest unknown duration from when it became audible.
func (g *group) lasts(own []begin) moment {
	if g.end != never {
		return g.end
	}
	first := never
	for _, b := range own {
		first = min(first, b.at)
	}
	if first == never {
		return never
	}
	return first + g.members[0].longest
}
