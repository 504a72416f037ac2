package onair

import (
	"slices"
	"time"
)

// Splice replaces what a materialized log holds in w by fresh, which Derive
// returned for w. old are the segments of that log that touch w: those with
// From <= w.To and Until >= w.From, bounds included, because a segment that
// ends where fresh begins may turn out to go on. More segments do no harm. If
// fresh is of one source, old must be of that source.
//
// It returns what to remove from the log and what to add, oldest first. Both
// are empty if nothing changed. An entry that the database lost and stored
// again has another number there, which is a change.
func Splice(old []Segment, w Window, fresh []Segment) (remove, add []Segment) {
	pieces := slices.Clone(fresh)
	for _, s := range old {
		pieces = append(pieces, s.outside(w)...)
	}
	slices.SortFunc(pieces, byTime)
	var joined []Segment
	for _, s := range pieces {
		if n := len(joined); n > 0 && joined[n-1].GoesOnAs(s) {
			joined[n-1].Until, joined[n-1].Estimated = s.Until, s.Estimated
			continue
		}
		joined = append(joined, s)
	}
	old = slices.SortedFunc(slices.Values(old), byTime)
	return without(old, joined), without(joined, old)
}

// outside returns the parts of s before and after w.
func (s Segment) outside(w Window) (parts []Segment) {
	if s.From.Before(w.From) {
		before := s
		if s.Until.IsZero() || s.Until.After(w.From) {
			before.Until, before.Estimated = w.From, false
		}
		parts = append(parts, before)
	}
	if !w.To.IsZero() && (s.Until.IsZero() || s.Until.After(w.To)) {
		after := s
		if s.From.Before(w.To) {
			after.From = w.To
		}
		parts = append(parts, after)
	}
	return parts
}

// GoesOnAs reports whether next is the same record, still on air.
func (s Segment) GoesOnAs(next Segment) bool {
	return s.Fingerprint == next.Fingerprint && s.Until.Equal(next.From)
}

// without returns the segments that are not among others. Both lists are
// sorted; in one log no two segments start together.
func without(segments, others []Segment) []Segment {
	return slices.DeleteFunc(slices.Clone(segments), func(s Segment) bool {
		i, found := slices.BinarySearchFunc(others, s, byTime)
		return found && others[i].Fingerprint == s.Fingerprint && others[i].Until.Equal(s.Until) && others[i].Entry == s.Entry && others[i].Estimated == s.Estimated
	})
}

func byTime(a, b Segment) int { return a.From.Compare(b.From) }

// Differing counts the places at which a log has a segment too many, a segment
// too few, or another segment. It takes what Splice says to remove and add.
func Differing(remove, add []Segment) int {
	starts := make([]time.Time, 0, len(remove)+len(add))
	for _, s := range slices.Concat(remove, add) {
		starts = append(starts, s.From)
	}
	return len(distinct(starts))
}
