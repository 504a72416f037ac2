package model

import (
	"fmt"
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
	// Details is the engine's own text, often JSON inside a string. It is kept
	// unchanged.
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

// Validate refuses a status that would not be the same record in every
// database. The error is an *InvalidError.
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
