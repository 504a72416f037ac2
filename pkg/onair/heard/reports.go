package heard

import (
	"slices"
	"sort"
	"time"
)

// Fresh is how long a report of health speaks for the time after it.
const Fresh = 2 * time.Minute

// Speaks bounds what a report at that time may say something of, as far as that
// is not up to the plays.
func Speaks(at time.Time) (from, to time.Time) { return at.Add(-Fresh - 1), at.Add(Fresh + 1) }

// reports are what health said, ascending, one for each instant.
type reports []Report

// newReports sorts what health said. Of two reports at one instant true counts.
func newReports(said []Report) (r reports) {
	inOrder := func(a, b Report) int { return a.At.Compare(b.At) }
	if !slices.IsSortedFunc(said, inOrder) {
		said = slices.SortedFunc(slices.Values(said), inOrder)
	}
	r = make(reports, 0, len(said))
	for _, s := range said {
		if n := len(r); n > 0 && r[n-1].At.Equal(s.At) {
			r[n-1].Fallback = r[n-1].Fallback || s.Fallback
			continue
		}
		r = append(r, s)
	}
	return r
}

// after returns the reports after t.
func (r reports) after(t time.Time) reports {
	return r[sort.Search(len(r), func(i int) bool { return r[i].At.After(t) }):]
}

// upTo returns the reports that are not after t.
func (r reports) upTo(t time.Time) reports { return r[:len(r)-len(r.after(t))] }

// startWith reports whether the first one says that, before the limit.
func (r reports) startWith(fallback bool, limit time.Time) bool {
	return len(r) > 0 && r[0].Fallback == fallback && r[0].At.Before(limit)
}

// saidNone reports whether the last one up to t said that there was no fallback,
// and still speaks for t.
func (r reports) saidNone(t time.Time) bool {
	before := r.upTo(t)
	n := len(before)
	return n > 0 && !before[n-1].Fallback && t.Sub(before[n-1].At) <= Fresh
}

// saysFallback reports whether health said true after a fallback's start and
// before its end.
func (r reports) saysFallback(start, end time.Time) bool {
	for _, s := range r.after(start) {
		if !s.At.Before(end) {
			break
		}
		if s.Fallback {
			return true
		}
	}
	return false
}

// wasInFallback reports whether health was in fallback at any time from a to b.
// A state lasts from its first report to its last.
func (r reports) wasInFallback(a, b time.Time) bool {
	before, later := r.upTo(a), r.after(a)
	if n := len(before); n > 0 && before[n-1].Fallback {
		if before[n-1].At.Equal(a) || later.startWith(true, before[n-1].At.Add(Fresh+1)) {
			return true
		}
	}
	for _, s := range later {
		if s.At.After(b) {
			break
		}
		if s.Fallback {
			return true
		}
	}
	return false
}
