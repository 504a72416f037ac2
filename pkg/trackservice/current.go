package trackservice

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// Current is the rule for what is playing. latest is the entry with the latest
// start that is not in the future. next is the first entry that starts after
// latest. Either is nil if there is none.
//
// An entry from a log of what was heard plays from when it was audible until it
// ended. If it ended by its own duration, it has grace until something else
// begins: the next title may be on its way. It has none if something ended it
// before, such as a switch. If its end is an estimate, it counts for as long from
// its arrival on: an engine that sends it only now may mean that it plays now. The
// moment at which it ends does not belong to it.
//
// An entry that is not derived yet plays until the next one starts, and until its
// duration, if known, and grace are over.
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
// nothing ends it. Repetitions of a title are one entry, which then ends after the
// duration of the first.
func endOf(e *model.Entry, grace time.Duration) time.Time {
	var planned time.Time
	if effective := e.Effective(); effective.Duration > 0 {
		planned = effective.TrackStart.Add(effective.Duration)
	}
	end := planned
	if air := e.Air; air != nil {
		end = air.Until
		if arrived := e.ReceivedAt; air.Estimated && arrived.After(air.From) {
			return arrived.Add(end.Sub(air.From))
		}
	}
	if end.IsZero() || planned.IsZero() || end.Before(planned) {
		return end
	}
	return end.Add(grace)
}
