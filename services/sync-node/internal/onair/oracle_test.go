package onair_test

import (
	"bytes"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/sync-node/internal/onair"
)

// The oracle asks anew for every minute who is on air, looking through
// everything there is. It shares nothing with the derivation, is as simple as
// it can be, and needs histories whose every time is a whole minute before
// horizon.
const horizon = 40

// oracle is the whole log.
func oracle(records []onair.Record, activations []model.Activation, defaultSource int) []onair.Segment {
	var log []onair.Segment
	var before *onair.Record
	for minute := range horizon {
		now := at(minute)
		r := onAirAt(now, records, activeAt(now, activations, defaultSource))
		if before != nil && (r == nil || *r != *before) {
			log[len(log)-1].Until = now
		}
		if r != nil && (before == nil || *r != *before) {
			log = append(log, onair.Segment{Entry: r.Entry, Fingerprint: r.Fingerprint, Source: r.Source, From: now})
		}
		before = r
	}
	return log // what is on air at the horizon stays so for ever
}

func activeAt(now time.Time, activations []model.Activation, defaultSource int) int {
	active, since, epoch := defaultSource, time.Time{}, int64(0)
	for _, a := range activations {
		if a.From.After(now) {
			continue
		}
		if a.From.After(since) || a.From.Equal(since) && a.Epoch > epoch {
			active, since, epoch = a.Source, a.From, a.Epoch
		}
	}
	return active
}

func onAirAt(now time.Time, records []onair.Record, active int) *onair.Record {
	for _, r := range records {
		started := !r.Start.After(now)
		over := r.Duration != 0 && !r.Start.Add(r.Duration).After(now)
		if r.Source == active && started && !over && !cutAt(now, r, records) {
			return &r
		}
	}
	return nil
}

// cutAt reports whether the same source has started something later than r.
func cutAt(now time.Time, r onair.Record, records []onair.Record) bool {
	for _, other := range records {
		later := other.Start.After(r.Start) ||
			other.Start.Equal(r.Start) && bytes.Compare(other.Fingerprint[:], r.Fingerprint[:]) > 0
		if other.Source == r.Source && later && !other.Start.After(now) {
			return true
		}
	}
	return false
}
