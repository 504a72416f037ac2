package heard

import (
	"slices"
	"time"
)

// programme is what the station planned to send, and what lay over it.
type programme struct {
	plays  []*play // of the programme, in order
	health reports
}

// believed returns the fallbacks that sounded, and doubts the others.
func (pr *programme) believed(fallbacks []*play) (heard []*play) {
	for _, f := range fallbacks {
		if f.inBurst {
			f.because(DoubtfulStart, nil)
			f.isDoubted = true
			continue
		}
		heard = append(heard, f)
	}
	cover := pr.enter(heard) // as if each of them were heard
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
func (pr *programme) enter(fallbacks []*play) *cover {
	for _, p := range pr.plays {
		t := p.title
		t.since, t.isLate, t.isLost = time.Time{}, false, false
	}
	c := newCover(fallbacks, pr)
	for _, p := range pr.plays {
		if !p.mayBeLate() {
			c.enter(p, p.planned())
		}
	}
	for _, p := range pr.plays {
		switch {
		case !p.mayBeLate():
		case c.makesLate(p):
			p.title.isLate = p.title.isLate || p.isFirst()
			c.enter(p, p.ReceivedAt)
		default:
			c.enter(p, p.planned())
		}
	}
	return c
}

// isFirst reports whether the play is no repetition.
func (p *play) isFirst() bool { return p.title.play == p }

// planned is when the play becomes audible if it is not late.
func (p *play) planned() time.Time {
	if p.isFirst() {
		return p.title.from
	}
	return p.Start
}

// mayBeLate reports whether the play may have begun when it arrived. A title
// that replaced another has its time by that.
func (p *play) mayBeLate() bool {
	t := p.title
	isBeforeEnd := t.end.IsZero() || p.ReceivedAt.Before(t.end)
	return p.arrivedLate() && !p.inBurst && isBeforeEnd && (t.isEarliest || !p.isFirst())
}
