package model

import (
	"math"
	"time"
)

// Activation is one switch of the active source: an audit record.
type Activation struct {
	// Epoch counts activations from 1 in the order in which they were accepted.
	// If an activation is found again after its number was given to another
	// one, it is numbered from 0 downwards.
	Epoch      int64
	Source     int
	From       time.Time // when it really happened: UTC, microseconds
	RecordedAt time.Time // when it was accepted: UTC, microseconds
	By         string
	Reason     string
	// Pinned: the activation stays until a person releases it.
	Pinned bool
}

// Normalize brings the activation into the form in which it is stored.
func (a *Activation) Normalize() {
	a.From = a.From.UTC().Truncate(time.Microsecond)
	a.RecordedAt = a.RecordedAt.UTC().Truncate(time.Microsecond)
	a.By, _ = cleanText(a.By, MaxText)
	a.Reason, _ = cleanText(a.Reason, MaxReason)
}

// Repeats reports whether a and b are the same activation: everything except
// the epoch is equal.
func (a *Activation) Repeats(b *Activation) bool {
	return a.Source == b.Source && a.From.Equal(b.From) && a.By == b.By && a.Reason == b.Reason && a.Pinned == b.Pinned
}

// Content identifies the activation independently of its epoch. The epoch may
// be another one after the database of the activation was lost.
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

// Validate refuses an activation that would not be the same record in every
// database. The error is an *InvalidError.
func (a *Activation) Validate() error {
	wrong := statusMistakes("from", a.Source, a.From)
	if a.RecordedAt.Before(time.UnixMicro(0)) || a.RecordedAt.After(maxTime) {
		wrong = append(wrong, NewFieldError("recorded_at", a.RecordedAt.UTC().Format(time.RFC3339), "must be after 1970 and before 9999"))
	}
	clean := *a
	if clean.Normalize(); clean.By != a.By || clean.Reason != a.Reason {
		wrong = append(wrong, NewFieldError("by", a.By, "must be text in the stored form, and so must the reason"))
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// NoEpoch is below every epoch.
const NoEpoch = math.MinInt64
