package trackservice

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// Current is the rule for what is playing. latest is the entry with the latest
// start that is not in the future. next is the first entry that starts after
// latest. Either is nil if there is none.
//
// The latest entry plays until the next one starts, and until its duration, if
// known, and grace are over. The moment at which it ends does not belong to it.
// An entry from the on-air log plays from when it went on air until it ended.
// It has grace only if it ended by its own duration: an entry that a switch
// ended is over.
//
// until is when the result, or how it is shown, may change although nothing is
// stored; zero means never.
func Current(latest, next *model.Entry, now time.Time, grace time.Duration) (playing bool, until time.Time) {
	if next != nil {
		until = next.PlayedAt()
		if !now.Before(until) {
			return false, time.Time{} // latest is no longer the latest
		}
	}
	if latest == nil {
		return false, until
	}
	if start := latest.PlayedAt(); now.Before(start) {
		return false, start
	}
	end := endOf(latest, grace)
	if end.IsZero() {
		return true, until
	}
	if !now.Before(end) {
		return false, until
	}
	if air := latest.Air; air != nil && now.Before(air.Until) {
		end = air.Until // from then on the entry is shown with its end
	}
	if until.IsZero() || end.Before(until) {
		until = end
	}
	return true, until
}

// endOf is when an entry stops playing if no other entry follows, zero if
// nothing ends it.
func endOf(e *model.Entry, grace time.Duration) time.Time {
	var planned time.Time
	if effective := e.Effective(); effective.Duration > 0 {
		planned = effective.TrackStart.Add(effective.Duration)
	}
	if e.Air != nil && !e.Air.Until.Equal(planned) {
		return e.Air.Until
	}
	if planned.IsZero() {
		return planned
	}
	return planned.Add(grace)
}
