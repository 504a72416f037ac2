package model

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Delivery is a task that a status monitor must do for a channel. It is done at
// least once, after all deliveries that were stored before it for the same
// channel.
type Delivery struct {
	ID      int64  // grows in the order of storing; 0 before it is stored
	Channel string // the recipient; see MaxChannel
	// Body is a JSON object that the channel understands.
	Body      json.RawMessage
	CreatedAt time.Time // UTC, microseconds
	Tries     int       // failed tries
	Error     string    // of the last try; "" if none failed
	// EndedAt is zero while the delivery waits.
	EndedAt time.Time // UTC, microseconds
	// Outcome is why the delivery was given up; "" if it was done or still
	// waits.
	Outcome string
}

// Bounds of a delivery: its body in bytes, and the name of its channel in
// characters.
const (
	MaxDelivery = 64 * 1024
	MaxChannel  = 64
)

// Normalize brings the delivery into the form in which it is stored.
func (d *Delivery) Normalize() {
	d.CreatedAt = d.CreatedAt.UTC().Truncate(time.Microsecond)
	d.EndedAt = d.EndedAt.UTC().Truncate(time.Microsecond)
	d.Error, _ = cleanText(d.Error, MaxReason)
	d.Outcome, _ = cleanText(d.Outcome, MaxReason)
}

// Validate refuses a delivery that cannot be stored as it is. The error is an
// *InvalidError.
func (d *Delivery) Validate() error {
	var wrong []FieldError
	if clean, cut := cleanText(d.Channel, MaxChannel); cut || clean != d.Channel || clean == "" {
		wrong = append(wrong, NewFieldError("channel", d.Channel, fmt.Sprintf("must be a name without control characters, of at most %d characters", MaxChannel)))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(d.Body, &object); err != nil || object == nil || len(d.Body) > MaxDelivery || !utf8.Valid(d.Body) {
		wrong = append(wrong, NewFieldError("body", "", fmt.Sprintf("must be a JSON object in UTF-8, of at most %d bytes", MaxDelivery)))
	}
	if d.CreatedAt.Before(minTime) || d.CreatedAt.After(maxTime) {
		wrong = append(wrong, NewFieldError("created_at", d.CreatedAt.UTC().Format(time.RFC3339), "must be after 1970 and before 9999"))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}
