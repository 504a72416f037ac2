package model

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Clock is the studio clock as a source sent it last.
type Clock struct {
	Source int
	SentAt time.Time // when it arrived: UTC, microseconds
	// Body is the JSON object that came, whole.
	Body json.RawMessage
}

// MaxClock bounds the body of a clock, in bytes: well above what an engine may
// send, because on its way between nodes it is written anew and may grow.
const MaxClock = 512 * 1024

// Validate refuses what is no clock. The error is an *InvalidError.
func (c *Clock) Validate() error {
	wrong := statusMistakes("sent_at", c.Source, c.SentAt)
	var object map[string]json.RawMessage
	if err := json.Unmarshal(c.Body, &object); err != nil || object == nil || len(c.Body) > MaxClock || !utf8.Valid(c.Body) {
		wrong = append(wrong, NewFieldError("body", "", fmt.Sprintf("must be a JSON object in UTF-8, of at most %d bytes", MaxClock)))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}
