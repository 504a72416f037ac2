package heard

import (
	"slices"
	"time"
)

// shortest is how long a play is audible at least.
const shortest = time.Second

// total is how long the title is audible.
func (t *title) total() (d time.Duration) {
	for _, i := range t.intervals {
		d += i.Until.Sub(i.From)
	}
	return d
}

// audible gives each title what is heard of it. What is too short is no play:
// the programme goes on as if it had not been. That takes time from nobody, so
// nothing else becomes too short by it.
func audible(programme entrances, fallbacks []*title) {
	lay(programme, fallbacks)
	all := slices.Clone(fallbacks)
	for _, e := range programme {
		all = append(all, e.of.title)
	}
	anyShort := false
	for _, t := range all {
		t.isShort = t.isCut && t.total() < shortest
		anyShort = anyShort || t.isShort
	}
	if !anyShort {
		return
	}
	lay(programme, fallbacks)
	for _, t := range all {
		if t.isShort {
			t.intervals, t.why = nil, nil
			t.because(TooShort, nil)
		}
	}
}
