// Package onairtest says, for tests, what an on-air log must be.
//
// It promises to share nothing with the derivation. For every minute the oracle
// works out from all records and activations what is on air, and it is as
// simple as it can be. So it needs histories in which every time is a whole
// minute, from the begin on and before the horizon.
package onairtest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Horizon is how many minutes the oracle looks at. All starts and ends are
// before it, so what is on air at the horizon stays on air for ever.
const Horizon = 40

// begin is short before midnight, so that histories fall on two days.
var begin = time.Date(2020, 6, 27, 23, 48, 0, 0, time.UTC)

// At is the time that is that many minutes after the begin of all histories.
func At(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }

// Oracle is the whole on-air log.
func Oracle(records []onair.Record, activations []model.Activation, defaultSource int) []onair.Segment {
	var log []onair.Segment
	var before *onair.Record
	for minute := range Horizon {
		now := At(minute)
		r := onAirAt(now, records, activeAt(now, activations, defaultSource))
		if before != nil && (r == nil || *r != *before) {
			log[len(log)-1].Until = now
		}
		if r != nil && (before == nil || *r != *before) {
			log = append(log, onair.Segment{Entry: r.Entry, Fingerprint: r.Fingerprint, Source: r.Source, From: now})
		}
		before = r
	}
	return log
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

// Text shows a log with minutes after the begin, such as "1a 0-3, 2b 3-". If a
// fingerprint is a letter and zeros, it shows the letter.
func Text(log []onair.Segment) string {
	minutes := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return fmt.Sprint(int(t.Sub(begin).Minutes()))
	}
	parts := make([]string, len(log))
	for i, s := range log {
		name := s.Fingerprint.String()
		if s.Fingerprint == (model.Fingerprint{s.Fingerprint[0]}) {
			name = string(rune(s.Fingerprint[0]))
		}
		parts[i] = fmt.Sprintf("%d%s %s-%s", s.Source, name, minutes(s.From), minutes(s.Until))
	}
	return strings.Join(parts, ", ")
}
