package heard_test

import (
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
)

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
