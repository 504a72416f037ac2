package playlog

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// maxAhead is how much later than its arrival a play may start without a doubt.
const maxAhead = 5 * time.Minute

// firstStart is the earliest start that a playout engine can mean. A clock that
// was never set shows an earlier one, and so does an engine's fallback.
var firstStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Start is when a play started of which an engine told that time; zero if it
// told none. A start never costs a play: without a usable one, the arrival is
// taken. The doubt says what is wrong with what was told; it is empty if nothing
// is.
func Start(told, arrival time.Time) (start time.Time, doubt string) {
	arrival = arrival.UTC().Truncate(time.Microsecond)
	switch {
	case told.IsZero():
		return arrival, "was not told; the arrival is taken"
	case told.Before(firstStart), !told.Equal(model.Within(told)):
		return arrival, "is no time at which something was played; the arrival is taken"
	case told.After(arrival.Add(maxAhead)):
		return told, "is more than five minutes ahead of its arrival; check the clocks"
	}
	return told, ""
}

// IsDoubtful reports whether a play starts so much later than it arrived that it
// counts only when a person has confirmed or moved its start.
func IsDoubtful(e *model.Entry) bool {
	return !e.ReceivedAt.IsZero() && e.TrackStart.After(e.ReceivedAt.Add(maxAhead))
}

// SaysNothing reports whether an entry that was read says neither what was
// played nor when.
func SaysNothing(e *model.Entry) bool {
	return *e == model.Entry{TrackNum: e.TrackNum, TrackType: e.TrackType, Duration: e.Duration}
}
