package heard

import (
	"time"

	"aura.radio/engine/pkg/model"
)

// Play is what was said of one play of the source, corrections applied.
type Play struct {
	// ID is the entry's fingerprint. No two plays of one history share it.
	ID model.Fingerprint
	// Start is when the play began by what was said.
	Start time.Time
	// Duration is planned, as it was told last; 0 is unknown.
	Duration time.Duration
	// ReceivedAt is when the play arrived first; zero if no engine sent it
	// itself. It is not looked at if a person logged the play or set its start.
	ReceivedAt time.Time
	// Again says when the engine told the play again without changing anything,
	// ascending.
	Again []time.Time
	// Type is one of the model.TrackType constants, or a newer number.
	Type int

	Artist, Title, Album string

	ShowName string
	// ShowID, TimeslotID and MediaID are 0 if they are unknown.
	ShowID, TimeslotID, MediaID int64

	// Manual: a person logged the play.
	Manual bool
	// StartSet: a person gave, moved or confirmed the start.
	StartSet bool
	// Void: a person said that it was not played.
	Void bool
}

// Report is what the source's health said of fallback.
type Report struct {
	At       time.Time // when it arrived
	Fallback bool
}

// Config is what a station sets of the rule.
type Config struct {
	// FallbackShows are the names of shows that stand for the engine's fallback.
	FallbackShows []string
	// LongestFile bounds a play of unknown duration that is neither a stream nor
	// a line.
	LongestFile time.Duration
	// LongestLive bounds a stream or a line of unknown duration.
	LongestLive time.Duration
}

// Defaults are the settings of a station that sets nothing.
func Defaults() Config {
	return Config{FallbackShows: []string{"Fallback"}, LongestFile: 15 * time.Minute, LongestLive: 4 * time.Hour}
}

// Interval is [From, Until). It is never empty.
type Interval struct {
	From, Until time.Time
}

// Reason says why a play was not heard, or not wholly.
type Reason string

// The reasons. That the next play began is none.
const (
	// RepetitionOf: it is one play with an earlier one, which has its intervals.
	RepetitionOf Reason = "repetition of"
	// ReplacedBy: another play took its place in the slot (rule 4).
	ReplacedBy Reason = "replaced by"
	// CoveredByFallback: for a while a fallback lay over it; or it began late.
	CoveredByFallback Reason = "covered by fallback"
	// Void: a person voided it, or the play that it repeats.
	Void Reason = "void"
	// DoubtfulStart: it starts more than five minutes after its arrival; or it
	// is a fallback that waited in a burst.
	DoubtfulStart Reason = "doubtful start"
	// TooShort: it was audible for less than a second because something began.
	TooShort Reason = "too short"
	// ContradictedByHealth: a fallback during which health said false.
	ContradictedByHealth Reason = "contradicted by health"
)

// Why is a reason, with the other play that it names. By is zero if it names
// none.
type Why struct {
	Reason Reason
	By     model.Fingerprint
}

// Heard is what was heard of one play.
type Heard struct {
	ID model.Fingerprint
	// Intervals are ascending. Two that meet are one.
	Intervals []Interval
	// Estimated: the duration is unknown, and the last interval ends because the
	// longest duration was over.
	Estimated bool
	// Why says why it was not heard, or not wholly. No reason stands twice.
	Why []Why
	// Doubted: a doubt is due, because a fallback was told that was not heard.
	Doubted bool
}
