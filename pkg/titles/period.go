package titles

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// MaxPeriod is how long a period is in which plays are counted, at most.
const MaxPeriod = 366 * 24 * time.Hour

// Period is a time in which plays are counted, both ends included. The zero value
// of From means ever.
type Period struct{ From, To time.Time }

// CheckPeriod refuses a period that would take too long to count. Ever does not: what
// is known of each title says it. to is zero if nobody gave an end. The error is an
// *model.InvalidError.
func CheckPeriod(from, to, now time.Time) (Period, error) {
	p := Period{from, to}
	if to.IsZero() || to.After(now) {
		p.To = now
	}
	switch {
	case from.IsZero() && to.IsZero():
		return p, nil
	case from.IsZero():
		return p, model.Invalid("from_date", "", "is required beside to_date")
	case p.To.Sub(from) > MaxPeriod:
		return p, model.Invalid("from_date", from.Format(time.RFC3339), "must be at most 366 days before to_date, which is now if it is missing")
	}
	return p, nil
}

// IsEver reports whether all plays count.
func (p Period) IsEver() bool { return p.From.IsZero() }
