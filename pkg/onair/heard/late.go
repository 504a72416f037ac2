package heard

import (
	"slices"
	"time"
)

// enter returns when each play of the programme sounds, late or not, below the
// given fallbacks. Those that may be late are decided in order. Until then each
// is taken as late.
func (s *source) enter(fallbacks []*play) entrances {
	c := s.cover(fallbacks, nil)
	var open []*play
	for _, p := range s.plays {
		p.title.since, p.title.isLate, p.isLost = time.Time{}, false, false
	}
	for _, p := range s.plays {
		if p.mayBeLate() {
			open = append(open, p)
			c.programme.enter(p, p.ReceivedAt)
		} else {
			c.programme.enter(p, p.from)
		}
	}
	for _, p := range s.plays {
		c.programme.again(p)
	}
	slices.SortFunc(c.programme, entrance.compare)
	for _, p := range open {
		p.isOut = true
		isLate := c.makesLate(p)
		p.isOut = false
		if !isLate {
			c.programme.move(p, p.ReceivedAt, p.from)
		} else if p.isFirst() {
			p.title.isLate = true
		}
	}
	return slices.DeleteFunc(c.programme, func(e entrance) bool { return e.again && !e.sounds() })
}

// mayBeLate reports whether the play may have begun when it arrived. If it
// replaced another, that says when it began.
func (p *play) mayBeLate() bool {
	isBeforeEnd := p.title.end.IsZero() || p.ReceivedAt.Before(p.title.end)
	return p.arrivedLate() && !p.inBurst && p.isEarliest && isBeforeEnd
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
		if e.sounds() && !c.playBegins(e.at) {
			return true
		}
	}
	return false
}
