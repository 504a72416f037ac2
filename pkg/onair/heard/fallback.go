package heard

import (
	"slices"
	"time"
)

// cover is the fallback over the programme. It is walked through in the order of
// time, while it is decided what below it was late.
type cover struct {
	programme entrances // of the programme, so far as they are decided
	fallbacks entrances
	arrivals  []time.Time // of the fallbacks, ascending
	plays     []*play     // of the programme, in order
	health    reports

	next    int    // the next of the fallbacks' entrances
	current *spell // the last one that began
	spells  []spell
}

// spell is what is heard of a fallback at a stretch.
type spell struct {
	of   *title
	from time.Time
}

// newCover is the cover of the programme by fallbacks, which stand in order.
func newCover(fallbacks []*play, pr *programme) *cover {
	c := &cover{plays: pr.plays, health: pr.health}
	for i, f := range fallbacks {
		t := newTitle(f)
		t.rank, t.since = i, f.Start
		c.fallbacks.add(entrance{at: f.Start, rank: i, of: f})
		for _, at := range f.Again {
			if at.After(f.Start) && at.Sub(f.Start) <= proves {
				c.fallbacks.add(entrance{at, i, f, true})
			}
		}
		if f.said == ofKnownArrival {
			c.arrivals = append(c.arrivals, f.ReceivedAt)
		}
	}
	slices.SortFunc(c.arrivals, time.Time.Compare)
	return c
}

// enter adds a play of the programme that becomes audible at a time.
func (c *cover) enter(p *play, at time.Time) {
	t := p.title
	if p.isFirst() && t.isTaken(at) {
		t.isLost = true
	} else {
		if t.since.IsZero() || at.Before(t.since) {
			t.since = at
		}
		c.programme.add(entrance{at: at, rank: t.rank, of: p})
	}
	c.programme.again(p)
}

// walk goes through all fallback that begins up to t.
func (c *cover) walk(t time.Time) {
	for c.next < len(c.fallbacks) && !c.fallbacks[c.next].at.After(t) {
		c.begin(c.fallbacks[c.next])
		c.next++
	}
}

// begin ends the current spell and begins another.
func (c *cover) begin(e entrance) {
	s, f := c.current, e.of
	if s == nil {
		c.current = &spell{f.title, e.at}
		return
	}
	until, isCut := c.until(s)
	switch {
	case e.again && (!e.sounds() || s.of == f.title && until.After(e.at)):
		return
	case !e.again && until.Equal(e.at) && isCut && c.repeats(f, s.of.last):
		s.of.join(f)
	}
	c.end()
	c.current = &spell{f.title, e.at}
}

// end ends the current spell.
func (c *cover) end() {
	if c.current == nil {
		return
	}
	s := c.current
	until, isCut := c.until(s)
	if s.from.Before(until) {
		s.of.sound(Interval{s.from, until})
	}
	s.of.isCut = s.of.isCut || isCut
	c.current = nil
}

// until is when a spell ends: at the fallback's own end; when the next play or
// fallback becomes audible, and isCut; or when health says false. One false may
// have been on its way if true follows it.
func (c *cover) until(s *spell) (end time.Time, isCut bool) {
	own := s.of.until()
	end = c.programme.from(s.from).first(c.nextOther(s, own))
	for after := c.health.after(s.from); len(after) > 0 && after[0].At.Before(end); after = after[1:] {
		if !after[0].Fallback && !after[1:].startWith(true, end) {
			return after[0].At, false
		}
	}
	return end, end.Before(own)
}

// nextOther is when another fallback becomes audible; the limit if that is
// earlier.
func (c *cover) nextOther(s *spell, limit time.Time) time.Time {
	for _, e := range c.fallbacks[c.next:] {
		if !e.at.Before(limit) {
			break
		}
		if e.of.title != s.of && (!e.again || e.sounds()) {
			return e.at
		}
	}
	return limit
}

// repeats reports whether a fallback is the same as the one before it, which was
// audible until then. No play stands between.
func (c *cover) repeats(f, before *play) bool {
	i, _ := slices.BinarySearchFunc(c.plays, before, inOrder)
	isBetween := i < len(c.plays) && inOrder(c.plays[i], f) < 0
	until, _ := c.until(&spell{f.title, f.Start})
	return !isBetween && f.repeats(before, until)
}

// makesLate reports whether fallback lay over the programme at any time from the
// play's start to its arrival.
func (c *cover) makesLate(p *play) bool {
	c.walk(p.Start)
	if c.health.wasInFallback(p.Start, p.ReceivedAt) {
		return true
	}
	i, _ := slices.BinarySearchFunc(c.arrivals, p.Start, time.Time.Compare)
	if i < len(c.arrivals) && !c.arrivals[i].After(p.ReceivedAt) {
		return true
	}
	if c.current != nil {
		if until, _ := c.until(c.current); until.After(p.Start) {
			return true
		}
	}
	for _, e := range c.fallbacks[c.next:] {
		if e.at.After(p.ReceivedAt) {
			break
		}
		if e.sounds() && c.programme.from(e.at).first(e.at.Add(1)).After(e.at) {
			return true
		}
	}
	return false
}

// lie returns the fallbacks with what is heard of them.
func (c *cover) lie() (titles []*title) {
	for ; c.next < len(c.fallbacks); c.next++ {
		c.begin(c.fallbacks[c.next])
	}
	c.end()
	seen := make(map[*title]bool)
	for _, e := range c.fallbacks {
		if t := e.of.title; !seen[t] {
			seen[t] = true
			titles = append(titles, t)
		}
	}
	return titles
}

// contradicted reports whether health said before and after a fallback's start
// that there was none.
func (c *cover) contradicted(f *play) bool {
	before, after := c.health.upTo(f.Start), c.health.after(f.Start)
	if n := len(before); n == 0 || before[n-1].Fallback || f.Start.Sub(before[n-1].At) > fresh {
		return false
	}
	limit := c.programme.from(f.Start).first(f.bound())
	return after.startWith(false, limit) && !after[1:].startWith(true, f.bound())
}
