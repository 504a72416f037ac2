package model

import "time"

// Airing is one time that an entry was on air.
type Airing struct {
	From  time.Time // UTC
	Until time.Time // UTC; zero: nothing is known that ends it
	// Estimated: nobody told the end, so Until is an estimate.
	Estimated bool
}

// IsOver reports whether it has ended by now. The moment at which it ends does
// not belong to it.
func (a Airing) IsOver(now time.Time) bool { return !a.Until.IsZero() && !a.Until.After(now) }
