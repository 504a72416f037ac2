package model

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Clock is the studio clock that a source sent last.
type Clock struct {
	Source int
	SentAt time.Time // when it arrived: UTC, microseconds
	// Body is the whole JSON object that arrived.
	Body json.RawMessage
	// ReceivedAt is when it arrived at the source's own host: UTC,
	// microseconds. It is zero if no engine sent it there itself.
	ReceivedAt time.Time
	// Doubts are about what was not understood.
	Doubts Doubts
}

// Normalize brings what another node sent into the form in which it is stored.
func (c *Clock) Normalize() {
	c.SentAt = micro(c.SentAt)
	if !c.ReceivedAt.IsZero() {
		c.ReceivedAt = micro(Within(c.ReceivedAt))
	}
	c.Doubts, _ = c.Doubts.clean()
}

// MaxClock bounds the body of a clock, in bytes. It is well above the 1 MiB that
// an engine may send, because nodes write the clock again when they pass it on,
// and it may grow.
const MaxClock = 3 << 20

// Validate refuses a value that is not a clock. The error is an *InvalidError.
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
