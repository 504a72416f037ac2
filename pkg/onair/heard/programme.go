package heard

import (
	"slices"
	"time"
)

// sender is the programme of the source, and its health.
type sender struct {
	plays  []*play // of the programme, in order
	health reports
}

// believed returns the fallbacks that sounded, and doubts the others.
func (s *sender) believed(fallbacks []*play) (heard []*play) {
	for _, f := range fallbacks {
		if f.inBurst {
			f.because(DoubtfulStart, nil)
			f.isDoubted = true
			continue
		}
		heard = append(heard, f)
	}
	over := cover{programme: s.enter(heard), health: s.health} // as if each were heard
	return slices.DeleteFunc(heard, func(f *play) bool {
		switch {
		case f.waited:
			f.because(DoubtfulStart, nil)
		case over.contradicted(f):
			f.because(ContradictedByHealth, nil)
		default:
			return false
		}
		f.title, f.isDoubted = nil, true
		return true
	})
}

// enter returns when each play of the programme sounds, late or not, below the
// given fallbacks. Those that may be late are decided in order. Until then each
// is taken as late.
func (s *sender) enter(fallbacks []*play) entrances {
	c := newCover(fallbacks, s)
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
	for _, p := range open {
		c.programme.leave(p, p.ReceivedAt)
		if c.makesLate(p) {
			p.title.isLate = p.title.isLate || p.isFirst()
			c.programme.enter(p, p.ReceivedAt)
		} else {
			c.programme.enter(p, p.from)
		}
	}
	return c.programme
}

// isFirst reports whether the play is no repetition.
func (p *play) isFirst() bool { return p.title.play == p }

// mayBeLate reports whether the play may have begun when it arrived. If it
// replaced another, that says when it began.
func (p *play) mayBeLate() bool {
	isBeforeEnd := p.title.end.IsZero() || p.ReceivedAt.Before(p.title.end)
	return p.arrivedLate() && !p.inBurst && p.isEarliest && isBeforeEnd
}
