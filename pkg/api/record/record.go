// Package record is the wire form of what nodes exchange, and its conversion
// from and to the domain. It promises that a record which is encoded and
// decoded again is the same record with the same content hash, and that fields
// which a newer node added are ignored.
package record

import (
	"encoding/json"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// Entry is a playlog entry with its corrections. Zero values are left out.
type Entry struct {
	model.Entry
	DurationMS  int64        `json:"duration_ms,omitempty"`
	Corrections []Correction `json:"corrections,omitempty"`
}

// Correction is a correction of the entry that it travels with.
type Correction struct {
	Kind    string        `json:"kind"`
	At      time.Time     `json:"at"`
	By      string        `json:"by"`
	Reason  string        `json:"reason,omitempty"`
	Changes model.Changes `json:"changes,omitzero"`
	Before  model.Changes `json:"before,omitzero"`
}

// Health is a status that a source reported about itself.
type Health struct {
	Source  int       `json:"source"`
	LogTime time.Time `json:"log_time"`
	Healthy bool      `json:"is_healthy"`
	Details string    `json:"details,omitempty"`
}

// Clock is the studio clock as a source last sent it.
type Clock struct {
	Source int             `json:"source"`
	SentAt time.Time       `json:"sent_at"`
	Body   json.RawMessage `json:"body"`
}

// NewEntry is the wire form of a record.
func NewEntry(r model.Record) Entry {
	wire := Entry{Entry: r.Entry, DurationMS: r.Entry.Duration.Milliseconds()}
	wire.TrackStart = wire.TrackStart.UTC()
	for _, c := range r.Corrections {
		wire.Corrections = append(wire.Corrections, Correction{
			Kind: c.Kind, At: c.At.UTC(), By: c.By, Reason: c.Reason, Changes: c.Changes, Before: c.Before,
		})
	}
	return wire
}

// Record returns the record, normalized.
func (w Entry) Record() model.Record {
	r := model.Record{Entry: w.Entry}
	r.Entry.Duration = milliseconds(w.DurationMS)
	for _, c := range w.Corrections {
		r.Corrections = append(r.Corrections, model.Correction{
			Kind: c.Kind, At: c.At, By: c.By, Reason: c.Reason, Changes: c.Changes, Before: c.Before,
		})
	}
	r.Normalize()
	return r
}

// beyondAnyDuration, in milliseconds, is more than any entry may have, and less
// than a time.Duration can hold.
const beyondAnyDuration = 1e12

func milliseconds(n int64) time.Duration {
	return time.Duration(min(max(n, -beyondAnyDuration), beyondAnyDuration)) * time.Millisecond
}

// NewHealth is the wire form of a health status.
func NewHealth(h model.Health) Health {
	return Health{Source: h.Source, LogTime: h.LogTime.UTC(), Healthy: h.Healthy, Details: h.Details}
}

// Health returns the status.
func (w Health) Health() model.Health {
	return model.Health{Source: w.Source, LogTime: w.LogTime.UTC().Truncate(time.Microsecond), Healthy: w.Healthy, Details: w.Details}
}

// NewClock is the wire form of a clock.
func NewClock(c model.Clock) Clock {
	return Clock{Source: c.Source, SentAt: c.SentAt.UTC(), Body: c.Body}
}

// Clock returns the clock.
func (w Clock) Clock() model.Clock {
	return model.Clock{Source: w.Source, SentAt: w.SentAt.UTC().Truncate(time.Microsecond), Body: w.Body}
}

// Decode reads one record of a batch. The error is an *model.InvalidError, in
// words fit for the sender.
func Decode[T Entry | Health | Clock](raw json.RawMessage) (T, error) {
	var wire T
	if err := json.Unmarshal(raw, &wire); err != nil {
		return wire, model.Invalid("record", "", fmt.Sprintf("must have the form that the API's documentation describes: %v", err))
	}
	return wire, nil
}
