package trackservice

import "time"

// MaxDelay is the longest delay of a listener.
const MaxDelay = Delay(5 * time.Minute)

// Delay is by how much a listener hears later than the log says, because a stream
// is behind. Such a listener is shown what was right that long ago, by what is
// known now.
type Delay time.Duration

// Heard is the time of the log that the listener hears at now.
func (d Delay) Heard(now time.Time) time.Time { return now.Add(-time.Duration(d)) }

// Reaches is when the listener hears a time of the log. Zero, which means never,
// stays zero.
func (d Delay) Reaches(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Duration(d))
}

// shared is the delay to the second, as all listeners of one stream have it. So
// there are few streams.
func (d Delay) shared() Delay {
	return min(max(0, Delay(time.Duration(d).Round(time.Second))), MaxDelay)
}
