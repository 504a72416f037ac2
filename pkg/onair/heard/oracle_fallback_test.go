package heard_test

import (
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
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

// run lists when the fallbacks are audible.
func (o *oracle) run(fallbacks []*said, programme []begin) (runs []run, groups []*fallbackGroup) {
	member := make(map[*said]*fallbackGroup)
	plays := make(map[moment]bool)
	for _, b := range programme {
		plays[b.at] = true
	}
	var instants []moment
	for _, f := range fallbacks {
		instants = append(append(instants, f.start), f.again...)
	}
	slices.Sort(instants)
	for _, x := range slices.Compact(instants) {
		for _, f := range fallbacks { // in order: each ends the one before it
			begins := f.start == x
			switch {
			case begins:
				runs = endAt(runs, x)
				o.join(f, x, &runs, &groups, member, fallbacks, programme)
			case slices.Contains(f.again, x) && f.start < x:
				// A fallback that had ended is audible again from then.
				g := member[f]
				isAudible := slices.ContainsFunc(runs, func(r run) bool { return r.group == g && r.from <= x && x < r.until })
				begins = !isAudible && x < g.end
			}
			switch {
			case !begins:
			case plays[x]: // at one instant the play wins
				runs = append(runs, run{from: x, until: x, group: member[f], isCut: true})
			default:
				runs = append(endAt(runs, x), o.runFrom(x, member[f], member, fallbacks, programme))
			}
		}
	}
	return runs, groups
}

// endAt ends a fallback that begins at a moment, because another begins then.
func endAt(runs []run, x moment) []run {
	if n := len(runs) - 1; n >= 0 && runs[n].until > x {
		runs[n].until, runs[n].isCut = x, true
	}
	return runs
}

// join makes a fallback part of the one that it repeats, or one of its own.
func (o *oracle) join(f *said, x moment, runs *[]run, groups *[]*fallbackGroup, member map[*said]*fallbackGroup, fallbacks []*said, begins []begin) {
	alone := &fallbackGroup{[]*said{f}, f.ownEnd()}
	member[f] = alone
	for _, r := range (*runs)[max(0, len(*runs)-1):] { // only the last one may be audible
		// A fallback repeats itself only if it was still audible when sent again.
		if r.until != x || r.group.end <= x {
			continue
		}
		before := r.group.members[len(r.group.members)-1]
		stands := slices.ContainsFunc(o.plays, func(p *said) bool {
			return !p.fallback && inOrder(before, p) < 0 && inOrder(p, f) < 0
		})
		sounds := o.runFrom(x, alone, member, fallbacks, begins).until
		if slices.ContainsFunc(fallbacks, func(next *said) bool { return next.start == x && inOrder(f, next) < 0 }) {
			sounds = x
		}
		if !r.isCutBy(x, begins) || stands || !repeats(before, f, sounds) {
			continue
		}
		r.group.members = append(r.group.members, f)
		if f.end != never { // a last one of unknown duration ends when the one before would have
			r.group.end = f.end
		}
		member[f] = r.group
		return
	}
	*groups = append(*groups, alone)
}

// isCutBy: the fallback was audible until another was sent at this moment.
func (r run) isCutBy(x moment, begins []begin) bool {
	return r.isCut && !slices.ContainsFunc(begins, func(b begin) bool { return b.at == x })
}

// runFrom is audible until the first of: its own end; the next play, repetition
// or fallback becoming audible; the first report of `false` after it whose next
// report, before its own end and before the next play or fallback, is not
// `true`.
func (o *oracle) runFrom(x moment, g *fallbackGroup, member map[*said]*fallbackGroup, fallbacks []*said, begins []begin) run {
	next := never
	for _, b := range begins {
		if b.at > x {
			next = min(next, b.at)
		}
	}
	for _, f := range fallbacks {
		if f.start > x {
			next = min(next, f.start)
		}
		for _, at := range f.again {
			other := member[f] // nil before its start, which comes first anyway
			if other != nil && other != g && at > x && at < other.end {
				next = min(next, at)
			}
		}
	}
	r := run{from: x, until: min(g.end, next), group: g, isCut: next < g.end}
	for i, said := range o.reports {
		if said.at <= x || said.at >= r.until || said.fallback {
			continue
		}
		if i+1 < len(o.reports) {
			if then := o.reports[i+1]; then.at < r.until && then.fallback {
				continue // one `false` may have been on its way
			}
		}
		return run{from: x, until: said.at, group: g}
	}
	return r
}

// together lists the members of each play, of the programme and of fallback.
func (d *decided) together() (all [][]*said) {
	for _, g := range d.oracle.groups {
		all = append(all, g.members)
	}
	for _, g := range d.fallback {
		all = append(all, g.members)
	}
	return all
}

// verdicts are rules 6 and 7.
func (d *decided) verdicts() map[model.Fingerprint]verdict {
	gone := make(map[*said]bool) // by the first of the group
	for {
		audible := d.audible(gone)
		// All that are too short go at once, and again until none is.
		found := false
		for first, a := range audible {
			if a.total() < time.Second && a.isCut {
				gone[first], found = true, true
			}
		}
		if found {
			continue
		}
		all := make(map[model.Fingerprint]verdict)
		for first, a := range audible {
			all[first.ID] = a.verdict()
		}
		for f := range d.notHeard {
			all[f.ID] = verdict{doubted: true}
		}
		return all
	}
}

// audibility is when one play is audible.
type audibility struct {
	spans []span
	isCut bool   // something else began
	guess moment // when the longest unknown duration is over; never if the duration is known
}

func (a *audibility) total() (sum time.Duration) {
	for _, s := range a.spans {
		sum += s.until - s.from
	}
	return sum
}

// verdict joins spans that meet.
func (a *audibility) verdict() (v verdict) {
	slices.SortFunc(a.spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range a.spans {
		if n := len(v.intervals) - 1; n >= 0 && v.intervals[n].until == s.from {
			v.intervals[n].until = s.until
		} else {
			v.intervals = append(v.intervals, s)
		}
	}
	n := len(v.intervals) - 1
	v.estimated = n >= 0 && v.intervals[n].until == a.guess
	return v
}

// audible: a play is audible until the next play (no fallback) is, and until
// its planned end; while a fallback lies over it, that is audible instead.
func (d *decided) audible(gone map[*said]bool) map[*said]*audibility {
	all := make(map[*said]*audibility)
	of := func(members []*said, guess moment) *audibility {
		if all[members[0]] == nil {
			all[members[0]] = &audibility{guess: guess}
		}
		return all[members[0]]
	}
	var runs []run
	for i, r := range d.runs {
		if gone[r.group.members[0]] {
			continue
		}
		runs = append(runs, r)
		guess := never
		if endOf(r.group.members) == never {
			guess = r.group.end
		}
		a := of(r.group.members, guess)
		if r.from < r.until {
			a.spans = append(a.spans, span{r.from, r.until})
		}
		// The next may be its own repetition.
		goesOn := i+1 < len(d.runs) && d.runs[i+1].group == r.group && d.runs[i+1].from == r.until
		a.isCut = a.isCut || r.isCut && !goesOn
	}
	begins := slices.DeleteFunc(slices.Clone(d.begins), func(b begin) bool { return gone[b.group.members[0]] })
	for i, b := range begins {
		// What is no play replaced nothing.
		b.until = never
		for _, e := range b.enders {
			if e.at >= b.at && !d.isGone(e.play, gone) && !slices.Contains(b.group.members, e.play) {
				b.until = min(b.until, e.at)
			}
		}
		end, guess := d.lasts(b.group), never
		if b.group.end == never {
			guess = end
		}
		a := of(b.group.members, guess)
		until := min(end, b.until)
		isCut := b.until < end
		if i+1 < len(begins) && begins[i+1].at <= until {
			// The next begin may be of the same play, which then goes on.
			isCut = begins[i+1].group != b.group && begins[i+1].at < end
			until = begins[i+1].at
		}
		a.isCut = a.isCut || isCut
		uncovered := span{b.at, until}.without(runs)
		for _, s := range uncovered {
			a.isCut = a.isCut || s.until < until
		}
		a.spans = append(a.spans, uncovered...)
	}
	return all
}

func (d *decided) isGone(p *said, gone map[*said]bool) bool {
	for _, g := range d.oracle.groups {
		if slices.Contains(g.members, p) {
			return gone[g.members[0]]
		}
	}
	return false
}

func (d *decided) lasts(g *group) moment {
	return g.lasts(slices.DeleteFunc(slices.Clone(d.begins), func(b begin) bool { return b.group != g }))
}

// without takes the runs, which do not overlap, out of a span.
func (s span) without(runs []run) (rest []span) {
	from := s.from
	for _, r := range runs { // ascending
		if r.until <= from || r.from >= s.until {
			continue
		}
		if from < r.from {
			rest = append(rest, span{from, r.from})
		}
		from = r.until
	}
	if from < s.until {
		rest = append(rest, span{from, s.until})
	}
	return rest
}
