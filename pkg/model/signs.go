package model

import (
	"slices"
	"strings"
	"time"
)

// Signs are what a report of health says beyond being healthy, as canonical
// JSON; "" if it says nothing more. Two equal signs are equal texts.
type Signs string

// Sign is the decoded form of Signs.
type Sign struct {
	// Fallback: the engine plays music of its own, because the programme is
	// missing. Silence: nothing is heard. nil: it does not say.
	Fallback *bool `json:"fallback,omitempty"`
	Silence  *bool `json:"silence,omitempty"`
	// Frozen: the level is the same to the last digit for long, as that of a
	// sound card which is dead.
	Frozen bool `json:"frozen,omitempty"`
	// LevelSince is since when the level is the same; zero if there is none.
	LevelSince time.Time `json:"level_since,omitzero"`
	// RestartedAt is when the engine started, as far as its uptime fell since it
	// was heard first; otherwise zero.
	RestartedAt time.Time `json:"restarted_at,omitzero"`
	// Moving are the numbers of the details that have changed since the engine
	// started, by their place.
	Moving []string `json:"moving,omitempty"`
}

// Bounds of the numbers that are known to move.
const (
	maxMoving      = 64
	maxMovingPlace = 100 // bytes
	anyPlace       = "*"
)

// Text is the canonical form.
func (s Sign) Text() Signs {
	for _, at := range []*time.Time{&s.LevelSince, &s.RestartedAt} {
		if !at.IsZero() {
			*at = micro(Within(*at))
		}
	}
	s.Moving = slices.Compact(slices.Sorted(slices.Values(s.Moving)))
	if len(s.Moving) > maxMoving || slices.ContainsFunc(s.Moving, func(place string) bool { return place == anyPlace || len(place) > maxMovingPlace }) {
		s.Moving = []string{anyPlace}
	}
	text := canonical(s)
	if text == "{}" {
		return ""
	}
	return Signs(strings.ReplaceAll(text, "\x00", ""))
}

// Read decodes the text. A text that Sign.Text did not make counts as empty.
func (t Signs) Read() Sign { return decoded[Sign](string(t)) }

// IsMoving reports whether the number at a place is known to change.
func (s Sign) IsMoving(place string) bool {
	return slices.Contains(s.Moving, place) || slices.Contains(s.Moving, anyPlace)
}
