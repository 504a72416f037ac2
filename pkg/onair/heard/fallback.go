package heard

import (
	"slices"
	"time"
)

// cover is the fallback over the programme. It is walked through in the order of
// time, while it is decided what below it was late.
type cover struct {
	programme entrances // of the programme, as far as it is decided
	fallbacks entrances
	arrivals  []time.Time // of the fallbacks, ascending
	plays     []*play     // of the programme, in order
	health    reports

	next    int    // the next of the fallbacks' entrances
	current *spell // the last one that began
}

// spell is what is heard of a fallback at a stretch.
type spell struct {
	of   *title
	from time.Time
}

// cover lays fallbacks, which stand in order, over the programme.
func (s *source) cover(fallbacks []*play, programme entrances) *cover {
	c := &cover{programme: programme, plays: s.plays, health: s.health}
	for i, f := range fallbacks {
		newTitle(f).since = f.Start
		f.rank = i
		c.fallbacks = append(c.fallbacks, entrance{at: f.Start, of: f})
		for _, at := range f.tellings() {
			c.fallbacks = append(c.fallbacks, entrance{at, f, true})
		}
		if f.said == ofKnownArrival {
			c.arrivals = append(c.arrivals, f.ReceivedAt)
		}
	}
	slices.SortFunc(c.fallbacks, entrance.compare)
	slices.SortFunc(c.arrivals, time.Time.Compare)
	return c
}

// walk goes through all fallback that begins up to t.
func (c *cover) walk(t time.Time) {
	for c.next < len(c.fallbacks) && !c.fallbacks[c.next].at.After(t) {
		c.begin(c.fallbacks[c.next])
		c.next++
	}
}

// begin ends the current spell and begins another, or joins it.
func (c *cover) begin(e entrance) {
	s, f := c.current, e.of
	if s != nil {
		until, isCut := c.until(s)
		if e.again && (!e.sounds() || s.of == f.title && until.After(e.at)) {
			return
		}
		if !e.again && isCut && until.Equal(e.at) && !c.playBegins(e.at) && c.repeats(f, s.of.last) {
			s.of.join(f)
			isCut = false
		}
		s.end(until, isCut)
	}
	c.current = &spell{f.title, e.at}
}

// playBegins reports whether a play becomes audible at t. At one instant the
// play wins.
func (c *cover) playBegins(t time.Time) bool {
	return c.programme.from(t).first(t.Add(1)).Equal(t)
}

// end adds the spell to what is heard of the fallback.
func (s *spell) end(until time.Time, isCut bool) {
	s.of.isCut = s.of.isCut || isCut
	if s.from.Before(until) {
		s.of.sound(Interval{s.from, until})
	}
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

// lie returns the fallbacks with what is heard of them.
func (c *cover) lie() (titles []*title) {
	for ; c.next < len(c.fallbacks); c.next++ {
		c.begin(c.fallbacks[c.next])
	}
	if c.current != nil {
		c.current.end(c.until(c.current))
	}
	seen := make(map[*title]bool)
	for _, e := range c.fallbacks {
		if t := e.of.title; !seen[t] {
			seen[t] = true
			titles = append(titles, t)
		}
	}
	return titles
}
