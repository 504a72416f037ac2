package heard

import (
	"cmp"
	"slices"
	"time"
)

// Part is a part of what was said that tells what was heard of its plays, as the
// whole would.
type Part struct {
	Plays   []Play
	Reports []Report
}

// Split cuts what was said into parts, in order. A part begins where nothing
// that began earlier can still sound, be repeated or replaced, or have waited in
// one queue with what is later.
func Split(c Config, said []Play, reports []Report) (parts []Part) {
	all := make([]reach, len(said))
	for i, p := range said {
		all[i] = c.reach(p)
	}
	slices.SortFunc(all, func(a, b reach) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	health := newReports(reports)
	for len(all) > 0 {
		part, to := Part{}, all[0].to
		from := all[0].from
		for len(all) > 0 && !all[0].from.After(to) {
			part.Plays = append(part.Plays, all[0].play)
			if all[0].to.After(to) {
				to = all[0].to
			}
			all = all[1:]
		}
		part.Reports = health.upTo(to.Add(fresh)).after(from.Add(-fresh - 1))
		parts = append(parts, part)
	}
	return parts
}

// reach is how far a play may matter.
type reach struct {
	from, to time.Time
	play     Play
}

func (c Config) reach(p Play) reach {
	r := reach{from: p.Start, to: p.Start, play: p}
	extend := func(t time.Time) {
		if t.After(r.to) {
			r.to = t
		}
	}
	d := c.newPlay(p)
	if d.said == ofKnownArrival {
		if p.ReceivedAt.Before(r.from) {
			r.from = p.ReceivedAt
		}
		extend(p.ReceivedAt)
	}
	for _, at := range p.Again {
		if at.Sub(p.Start) <= proves {
			extend(at)
		}
	}
	if d.end.IsZero() { // of a title the first says how long it is at most
		r.to = r.to.Add(max(c.LongestFile, c.LongestLive))
	}
	extend(d.end)
	r.to = r.to.Add(atOnce)
	return r
}
