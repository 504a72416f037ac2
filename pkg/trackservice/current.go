package trackservice

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// Current is the rule for what is playing. latest is the entry with the latest
// start that is not in the future, next the first one that starts after it; nil
// where there is none. The latest entry plays until the next one starts, and
// until its duration, where known, and grace are over; the moment at which it
// ends does not belong to it. until is when this may change without anything
// being stored, zero for never.
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
	duration := latest.Effective().Duration
	if duration == 0 {
		return true, until
	}
	end := latest.PlayedAt().Add(duration + grace)
	if !now.Before(end) {
		return false, until
	}
	if until.IsZero() || end.Before(until) {
		until = end
	}
	return true, until
}
