package heard_test

import (
	"slices"
)

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
