package heard

import (
	"slices"
	"time"
)

// shortest is how long a play is audible at least.
const shortest = time.Second

// sound adds what is heard of the title. Two intervals that meet are one.
func (t *title) sound(i Interval) {
	if n := len(t.intervals); n > 0 && t.intervals[n-1].Until.Equal(i.From) {
		t.intervals[n-1].Until = i.Until
		return
	}
	t.intervals = append(t.intervals, i)
}

// total is how long the title is audible.
func (t *title) total() (d time.Duration) {
	for _, i := range t.intervals {
		d += i.Until.Sub(i.From)
	}
	return d
}

// isTooShort reports whether it is no play, because something else began.
func (t *title) isTooShort() bool { return t.isCut && t.total() < shortest }

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
		if i+1 < len(all) && all[i+1].at.Before(until) {
			next := all[i+1].of.title
			until = all[i+1].at
			t.cut(next)
		}
		switch {
		case e.at.Before(until):
			s = append(s, stretch{Interval{e.at, until}, t})
		case i > 0 && !t.isCut: // it had ended when it came
			t.because(ReplacedBy, all[i-1].of.title.play)
		}
	}
	return s
}

// cut notes that a title ends because the next one begins.
func (t *title) cut(next *title) {
	if t == next {
		return
	}
	t.isCut = true
	if t.slot == next.slot {
		t.because(ReplacedBy, next.play)
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

// audible gives each title what is heard of it. What is too short is no play:
// the programme goes on as if it had not been. That takes time from nobody, so
// nothing else becomes too short by it.
func audible(programme entrances, fallbacks []*title) {
	lay(programme, fallbacks)
	isShort := make(map[*title]bool)
	for _, e := range programme {
		isShort[e.of.title] = e.of.title.isTooShort()
	}
	for _, f := range fallbacks {
		isShort[f] = f.isTooShort()
	}
	programme = slices.DeleteFunc(programme, func(e entrance) bool { return isShort[e.of.title] })
	fallbacks = slices.DeleteFunc(fallbacks, func(f *title) bool { return isShort[f] })
	lay(programme, fallbacks)
	for t, is := range isShort {
		if is {
			t.intervals, t.why = nil, nil
			t.because(TooShort, nil)
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
		over = append(over, f.intervals...)
	}
	slices.SortFunc(over, func(a, b Interval) int { return a.From.Compare(b.From) })
	under(over, sequence(programme))
}
