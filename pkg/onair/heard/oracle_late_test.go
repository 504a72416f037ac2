package heard_test

import (
	"slices"
	"time"
)

// contradicted: a fallback whose last report before (at most two minutes old)
// and first report after say `false`, the latter before its own end and before
// the next play begins, whose next report before its own end is not `true`. A
// report at the fallback's own instant counts as before.
func (o *oracle) contradicted(f *said, begins []begin) bool {
	after := len(o.reports)
	for i, r := range o.reports {
		if r.at > f.start {
			after = i
			break
		}
	}
	if after == 0 || after == len(o.reports) {
		return false
	}
	before, first := o.reports[after-1], o.reports[after]
	if before.fallback || f.start-before.at > 2*time.Minute || first.fallback {
		return false
	}
	nextPlay := never
	for _, b := range begins {
		if b.at >= f.start {
			nextPlay = min(nextPlay, b.at)
		}
	}
	if first.at >= f.ownEnd() || first.at >= nextPlay {
		return false
	}
	if after+1 < len(o.reports) {
		if next := o.reports[after+1]; next.at < f.ownEnd() && next.fallback {
			return false
		}
	}
	return true
}

// mayBeLate: a play that arrives more than a second after its start, before its
// planned end and in no burst, if rule 4 does not say when it began.
func (o *oracle) mayBeLate(p *said) bool {
	return !p.fallback && p.isLate() && p.arrival < o.plannedEnd(p) && !o.inBurst[p] && !o.slots[p].isAt
}

// plannedEnd is that of the play together with its repetitions.
func (o *oracle) plannedEnd(p *said) moment {
	for _, g := range o.groups {
		if slices.Contains(g.members, p) {
			return g.end
		}
	}
	return p.end
}

// late is which plays are audible from their arrival, if these fallbacks are
// heard.
func (o *oracle) late(fallbacks []*said) map[*said]bool {
	late := make(map[*said]bool)
	for _, p := range o.plays {
		if o.mayBeLate(p) {
			late[p] = true
		}
	}
	for _, p := range o.plays {
		if late[p] && !o.sawFallback(p, fallbacks, late) {
			late[p] = false
		}
	}
	return late
}

// sawFallback: at any time from its start to its arrival, a fallback arrived or
// would otherwise be audible, or health was in fallback.
func (o *oracle) sawFallback(p *said, fallbacks []*said, late map[*said]bool) bool {
	otherwise := slices.DeleteFunc(o.begin(late), func(b begin) bool { return b.play == p })
	for _, f := range fallbacks {
		if f.arrived && f.arrival >= p.start && f.arrival <= p.arrival {
			return true
		}
	}
	for _, state := range o.statesOfFallback() {
		if state.from <= p.arrival && state.until >= p.start {
			return true
		}
	}
	runs, _ := o.run(fallbacks, otherwise)
	return slices.ContainsFunc(runs, func(r run) bool { return r.from < r.until && r.from <= p.arrival && r.until > p.start })
}

// statesOfFallback: a state lasts from its first report to its last, reports at
// most two minutes apart. Both ends belong to it.
func (o *oracle) statesOfFallback() (states []span) {
	for i, r := range o.reports {
		if !r.fallback {
			continue
		}
		if i > 0 && o.reports[i-1].fallback && r.at-o.reports[i-1].at <= 2*time.Minute {
			states[len(states)-1].until = r.at
			continue
		}
		states = append(states, span{r.at, r.at})
	}
	return states
}
