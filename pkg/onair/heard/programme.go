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
	cover := s.enter(heard) // as if each of them were heard
	return slices.DeleteFunc(heard, func(f *play) bool {
		switch {
		case f.waited:
			f.because(DoubtfulStart, nil)
		case cover.contradicted(f):
			f.because(ContradictedByHealth, nil)
		default:
			return false
		}
		f.title, f.isDoubted = nil, true
		return true
	})
}

// enter lets each play of the programme sound, late or not, below the given
// fallbacks. What can't be late comes first, the others are decided in order.
func (s *sender) enter(fallbacks []*play) *cover {
	for _, p := range s.plays {
		p.title.since, p.title.isLate, p.isLost = time.Time{}, false, false
	}
	c := newCover(fallbacks, s)
	for _, p := range s.plays {
		if !p.mayBeLate() {
			c.enter(p, p.from)
		}
	}
	for _, p := range s.plays {
		switch {
		case !p.mayBeLate():
		case c.makesLate(p):
			p.title.isLate = p.title.isLate || p.isFirst()
			c.enter(p, p.ReceivedAt)
		default:
			c.enter(p, p.from)
		}
	}
	return c
}

// isFirst reports whether the play is no repetition.
func (p *play) isFirst() bool { return p.title.play == p }

// mayBeLate reports whether the play may have begun when it arrived. If it
// replaced another, that says when it began.
func (p *play) mayBeLate() bool {
	isBeforeEnd := p.title.end.IsZero() || p.ReceivedAt.Before(p.title.end)
	return p.arrivedLate() && !p.inBurst && p.isEarliest && isBeforeEnd
}
