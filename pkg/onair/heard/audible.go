package heard

import "slices"

// sound adds what is heard of the title. Two intervals that meet are one.
func (t *title) sound(i Interval) {
	if n := len(t.intervals); n > 0 && t.intervals[n-1].Until.Equal(i.From) {
		t.intervals[n-1].Until = i.Until
		return
	}
	t.intervals = append(t.intervals, i)
}

// stretch is a title that is audible.
type stretch struct {
	Interval
	of *title
}

// sequence is the programme as it would sound without fallback: each title until
// the next one, and until its own end.
func sequence(all entrances) (s []stretch) {
	for i, e := range all {
		t := e.of.title
		until := t.until()
		if next := all[i+1:].after(e); next != nil && next.at.Before(until) {
			until = next.at
			e.of.cutBy(next.of)
		}
		switch {
		case e.at.Before(until) && !t.isShort:
			s = append(s, stretch{Interval{e.at, until}, t})
		case i > 0 && !e.again && e.of.isFirst() && !e.at.Before(t.until()): // it had ended when it came
			t.because(ReplacedBy, all[i-1].of.title.play)
		}
	}
	return s
}

// after returns what ends e: the first entrance that sounds. What replaced it in
// its slot need not sound.
func (all entrances) after(e entrance) *entrance {
	for i, next := range all {
		replaces := next.of.slot == e.of.slot && !next.again && !next.of.title.isShort
		if next.sounds() || replaces {
			return &all[i]
		}
	}
	return nil
}

// cutBy notes that a title ends because the next one begins.
func (p *play) cutBy(next *play) {
	if p.title == next.title {
		return
	}
	p.title.isCut = true
	if p.slot == next.slot {
		p.title.because(ReplacedBy, next.title.play)
	}
}

// under gives the titles of the programme what fallback leaves of them.
// Fallback's intervals are in order.
func under(fallback []Interval, programme []stretch) {
	for _, s := range programme {
		for len(fallback) > 0 && !fallback[0].Until.After(s.From) {
			fallback = fallback[1:]
		}
		for _, f := range fallback {
			if !f.From.Before(s.Until) {
				break
			}
			s.of.isCut = true
			s.of.because(CoveredByFallback, nil)
			if s.From.Before(f.From) {
				s.of.sound(Interval{s.From, f.From})
			}
			s.From = f.Until
		}
		if s.From.Before(s.Until) {
			s.of.sound(s.Interval)
		}
	}
}

// lay lays the fallbacks over the programme.
func lay(programme entrances, fallbacks []*title) {
	for _, e := range programme {
		t := e.of.title
		t.intervals, t.why, t.isCut = nil, nil, false
		if t.isLate {
			t.because(CoveredByFallback, nil)
		}
	}
	var over []Interval
	for _, f := range fallbacks {
		if !f.isShort {
			over = append(over, f.intervals...)
		}
	}
	slices.SortFunc(over, func(a, b Interval) int { return a.From.Compare(b.From) })
	under(over, sequence(programme))
}
