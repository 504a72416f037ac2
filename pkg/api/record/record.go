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
	"aura.radio/engine/pkg/stationtime"
)

// Entry is a playlog entry with its corrections. Zero values are left out.
type Entry struct {
	model.Entry
	// TrackStart is written in the place of the model's own.
	TrackStart  stationtime.Stamp  `json:"track_start"`
	ReceivedAt  *stationtime.Stamp `json:"received_at,omitempty"` // likewise
	DurationMS  int64              `json:"duration_ms,omitempty"`
	Corrections []Correction       `json:"corrections,omitempty"`
}

// Correction is a correction of the entry that it travels with.
type Correction struct {
	Kind    string            `json:"kind"`
	At      stationtime.Stamp `json:"at"`
	By      string            `json:"by"`
	Reason  string            `json:"reason,omitempty"`
	Changes Changes           `json:"changes,omitzero"`
	Before  Changes           `json:"before,omitzero"`
}

// Changes are the fields that a correction sets.
type Changes struct {
	model.Changes
	// TrackStart is written in the place of the model's own.
	TrackStart *stationtime.Stamp `json:"track_start,omitempty"`
}

// newChanges is the wire form of changes.
func newChanges(c model.Changes) Changes {
	wire := Changes{Changes: c}
	if c.TrackStart != nil {
		wire.TrackStart = new(stationtime.UTC(*c.TrackStart))
	}
	return wire
}

// changes returns the changes.
func (w Changes) changes() model.Changes {
	c := w.Changes
	if w.TrackStart != nil {
		c.TrackStart = &w.TrackStart.Time
	}
	return c
}

// Health is a state that a source reported about itself. Zero values are left
// out.
type Health struct {
	Source         int                `json:"source"`
	LogTime        stationtime.Stamp  `json:"log_time"`
	Healthy        bool               `json:"is_healthy"`
	Details        string             `json:"details,omitempty"`
	ReceivedAt     *stationtime.Stamp `json:"received_at,omitempty"`
	LastAt         *stationtime.Stamp `json:"last_at,omitempty"`
	LastReceivedAt *stationtime.Stamp `json:"last_received_at,omitempty"`
	LastDetails    string             `json:"last_details,omitempty"`
	Signs          model.Signs        `json:"signs,omitempty"`
	Doubts         model.Doubts       `json:"doubts,omitempty"`
}

// Clock is the studio clock as a source last sent it.
type Clock struct {
	Source int               `json:"source"`
	SentAt stationtime.Stamp `json:"sent_at"`
	Body   json.RawMessage   `json:"body"`
	// Both are left out if they are zero.
	ReceivedAt *stationtime.Stamp `json:"received_at,omitempty"`
	Doubts     model.Doubts       `json:"doubts,omitempty"`
}

// NewEntry is the wire form of a record.
func NewEntry(r model.Record) Entry {
	wire := Entry{Entry: r.Entry, TrackStart: stationtime.UTC(r.Entry.TrackStart), DurationMS: r.Entry.Duration.Milliseconds()}
	wire.ReceivedAt = stamp(r.Entry.ReceivedAt)
	for _, c := range r.Corrections {
		wire.Corrections = append(wire.Corrections, Correction{
			Kind: c.Kind, At: stationtime.UTC(c.At), By: c.By, Reason: c.Reason, Changes: newChanges(c.Changes), Before: newChanges(c.Before),
		})
	}
	return wire
}

// Record returns the record, normalized.
func (w Entry) Record() model.Record {
	r := model.Record{Entry: w.Entry}
	r.Entry.TrackStart, r.Entry.Duration = w.TrackStart.Time, milliseconds(w.DurationMS)
	r.Entry.ReceivedAt = moment(w.ReceivedAt)
	for _, c := range w.Corrections {
		r.Corrections = append(r.Corrections, model.Correction{
			Kind: c.Kind, At: c.At.Time, By: c.By, Reason: c.Reason, Changes: c.Changes.changes(), Before: c.Before.changes(),
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

// stamp is the wire form of a time that may be unknown.
func stamp(t time.Time) *stationtime.Stamp {
	if t.IsZero() {
		return nil
	}
	return new(stationtime.UTC(t))
}

// moment is the time of a stamp, zero if it is unknown.
func moment(s *stationtime.Stamp) time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.Time
}

// NewHealth is the wire form of a state.
func NewHealth(h model.Health) Health {
	return Health{
		Source: h.Source, LogTime: stationtime.UTC(h.LogTime), Healthy: h.Healthy, Details: h.Details, ReceivedAt: stamp(h.ReceivedAt),
		LastAt: stamp(h.Last.LogTime), LastReceivedAt: stamp(h.Last.ReceivedAt), LastDetails: h.Last.Details, Signs: h.Signs, Doubts: h.Doubts,
	}
}

// Health returns the state, normalized.
func (w Health) Health() model.Health {
	h := model.Health{
		Source: w.Source, LogTime: w.LogTime.Time, Healthy: w.Healthy, Details: w.Details, ReceivedAt: moment(w.ReceivedAt),
		Last:  model.Report{LogTime: moment(w.LastAt), ReceivedAt: moment(w.LastReceivedAt), Details: w.LastDetails},
		Signs: w.Signs, Doubts: w.Doubts,
	}
	h.Normalize()
	return h
}

// NewClock is the wire form of a clock.
func NewClock(c model.Clock) Clock {
	return Clock{Source: c.Source, SentAt: stationtime.UTC(c.SentAt), Body: c.Body, ReceivedAt: stamp(c.ReceivedAt), Doubts: c.Doubts}
}

// Clock returns the clock, normalized.
func (w Clock) Clock() model.Clock {
	c := model.Clock{Source: w.Source, SentAt: w.SentAt.Time, Body: w.Body, ReceivedAt: moment(w.ReceivedAt), Doubts: w.Doubts}
	c.Normalize()
	return c
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

// Identity is which database a node serves, as nodes tell it one another.
type Identity struct {
	Host   int    `json:"host"`
	ID     string `json:"id"`
	Starts int64  `json:"starts"`
	Start  string `json:"start"`
}

// NewIdentity makes the wire form of an identity.
func NewIdentity(id model.Identity) Identity {
	return Identity{Host: id.Host, ID: id.Database.String(), Starts: id.Starts, Start: id.Start.String()}
}

// Identity reads the wire form. Only engine-apis tell it.
func (w Identity) Identity() (model.Identity, error) {
	database, err := model.ParseFingerprint(w.ID)
	if err != nil {
		return model.Identity{}, model.Invalid("database.id", w.ID, err.Error())
	}
	start, err := model.ParseFingerprint(w.Start)
	if err != nil {
		return model.Identity{}, model.Invalid("database.start", w.Start, err.Error())
	}
	return model.Identity{
		Owner: model.Owner{Service: model.EngineAPI, Host: w.Host}, Database: database, Starts: w.Starts, Start: start,
	}, nil
}
