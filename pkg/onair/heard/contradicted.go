package heard

import "slices"

// believed returns the fallbacks that sounded, and doubts the others.
func (s *source) believed(fallbacks []*play) (heard []*play) {
	for _, f := range fallbacks {
		if f.inBurst {
			f.because(DoubtfulStart, nil)
			f.isDoubted = true
			continue
		}
		heard = append(heard, f)
	}
	over := cover{health: s.health}
	if slices.ContainsFunc(heard, func(f *play) bool { return s.health.saidNone(f.Start) }) {
		over.programme = s.enter(heard) // as if each were heard
	}
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

// contradicted reports whether health said before and after a fallback's start
// that there was none.
func (c *cover) contradicted(f *play) bool {
	if !c.health.saidNone(f.Start) {
		return false
	}
	after := c.health.after(f.Start)
	limit := c.programme.from(f.Start).first(f.bound())
	return after.startWith(false, limit) && !after[1:].startWith(true, f.bound())
}
