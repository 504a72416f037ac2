package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Health is one status that a source reported about itself.
type Health struct {
	ID      int64
	Source  int       // from 1
	LogTime time.Time // when the engine wrote it: UTC, microseconds
	Healthy bool
	// Details is the engine's own text, often JSON inside a string; kept as it
	// came.
	Details string
}

// MaxDetails bounds the details of a health status, in characters.
const MaxDetails = 64 * 1024

// UID identifies the status by its content, so that storing a copy of it
// changes nothing.
func (h *Health) UID() Fingerprint {
	d := newDigest("health/1")
	d.number(int64(h.Source))
	d.time(h.LogTime)
	d.text(strconv.FormatBool(h.Healthy))
	d.text(h.Details)
	return d.sum()
}

// Validate refuses what would not be the same record in every database. The
// error is an *InvalidError.
func (h *Health) Validate() error {
	wrong := statusMistakes("log_time", h.Source, h.LogTime)
	if utf8.RuneCountInString(h.Details) > MaxDetails || !utf8.ValidString(h.Details) || strings.ContainsRune(h.Details, 0) {
		wrong = append(wrong, NewFieldError("details", "", fmt.Sprintf("must be UTF-8 without NUL, of at most %d characters", MaxDetails)))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// statusMistakes are those of what a source says about itself at a time.
func statusMistakes(field string, source int, at time.Time) (wrong []FieldError) {
	if invalid, ok := errors.AsType[*InvalidError](ValidateSource("source", source)); ok {
		wrong = append(wrong, invalid.Fields...)
	}
	if at.Before(time.UnixMicro(0)) || at.After(maxTime) {
		wrong = append(wrong, NewFieldError(field, at.UTC().Format(time.RFC3339), "must be after 1970 and before 9999"))
	}
	return wrong
}

// Activation is one switch of the active source: an audit record.
type Activation struct {
	// Epoch counts activations from 1 in the order in which they were
	// accepted. One that was found again when its number had been given anew is
	// numbered from 0 downwards.
	Epoch      int64
	Source     int
	From       time.Time // when it really happened: UTC, microseconds
	RecordedAt time.Time // when it was accepted: UTC, microseconds
	By         string
	Reason     string
	// Pinned: it stays until a person releases it.
	Pinned bool
}

// Normalize brings the activation into the form in which it is stored.
func (a *Activation) Normalize() {
	a.From = a.From.UTC().Truncate(time.Microsecond)
	a.RecordedAt = a.RecordedAt.UTC().Truncate(time.Microsecond)
	a.By, _ = cleanText(a.By, MaxText)
	a.Reason, _ = cleanText(a.Reason, MaxReason)
}

// Repeats reports whether both are one activation: all that was said of it is
// the same.
func (a *Activation) Repeats(b *Activation) bool {
	return a.Source == b.Source && a.From.Equal(b.From) && a.By == b.By && a.Reason == b.Reason && a.Pinned == b.Pinned
}

// Content identifies the activation whatever its epoch is, which may be another
// one after its database was lost.
func (a *Activation) Content() Fingerprint {
	d := newDigest("activation/1")
	d.number(int64(a.Source))
	d.time(a.From)
	d.time(a.RecordedAt)
	d.text(a.By)
	d.text(a.Reason)
	d.flag(a.Pinned)
	return d.sum()
}

// Validate refuses what would not be the same record in every database. The
// error is an *InvalidError.
func (a *Activation) Validate() error {
	wrong := statusMistakes("from", a.Source, a.From)
	if a.RecordedAt.Before(time.UnixMicro(0)) || a.RecordedAt.After(maxTime) {
		wrong = append(wrong, NewFieldError("recorded_at", a.RecordedAt.UTC().Format(time.RFC3339), "must be after 1970 and before 9999"))
	}
	clean := *a
	if clean.Normalize(); clean.By != a.By || clean.Reason != a.Reason {
		wrong = append(wrong, NewFieldError("by", a.By, "must be, as the reason, text as it is stored"))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// NoEpoch is below every epoch.
const NoEpoch = math.MinInt64

// ActiveSource is which source is on air.
type ActiveSource struct {
	Source int
	// Since is nil for the default source before the first activation.
	Since *time.Time
	// Epoch is the latest accepted one; 0 before the first activation.
	Epoch  int64
	Pinned bool
	// Stale: this is the last known state; the authority can't be reached.
	Stale bool
}

// ValidateSource refuses what is no source's number; field names it on the
// wire. The error is an *InvalidError.
func ValidateSource(field string, source int) error {
	if source < 1 || source > math.MaxInt32 {
		return Invalid(field, strconv.Itoa(source), "must be a source's number, from 1")
	}
	return nil
}

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
