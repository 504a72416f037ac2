package record

import (
	"math"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Purge says which plays are gone, and what of them was deleted.
type Purge struct {
	Before stationtime.Stamp `json:"before"`
	Source int               `json:"source"` // 0: every source
	At     stationtime.Stamp `json:"at"`
	By     string            `json:"by"`
	Reason string            `json:"reason"`
	Done   bool              `json:"done"`
	Gone   []Gone            `json:"gone"`
	Seal   string            `json:"seal,omitempty"`
}

// Gone is how much of a source and a month was deleted.
type Gone struct {
	Source  int     `json:"source"`
	Month   string  `json:"month"`
	Entries int64   `json:"entries"`
	Seconds float64 `json:"seconds"`
}

// NewPurge is the wire form of a purge.
func NewPurge(p model.Purge) Purge {
	wire := Purge{
		Before: stationtime.UTC(p.Before), Source: p.Source, At: stationtime.UTC(p.At), By: p.By, Reason: p.Reason, Done: p.Done, Gone: make([]Gone, len(p.Gone)),
	}
	if p.Seal != (model.Fingerprint{}) {
		wire.Seal = p.Seal.String()
	}
	for i, g := range p.Gone {
		wire.Gone[i] = Gone{g.Source, g.Month, g.Entries, float64(g.Length.Milliseconds()) / 1000}
	}
	return wire
}

// Purge returns the purge, normalized. A seal that can't be read is none.
func (w Purge) Purge() model.Purge {
	p := model.Purge{Before: w.Before.Time, Source: w.Source, At: w.At.Time, By: w.By, Reason: w.Reason, Done: w.Done}
	if seal, err := model.ParseFingerprint(w.Seal); err == nil {
		p.Seal = seal
	}
	for _, g := range w.Gone {
		p.Gone = append(p.Gone, model.Gone{
			Source: g.Source, Month: g.Month, Entries: g.Entries, Length: milliseconds(int64(math.Round(min(g.Seconds*1000, beyondAnyDuration)))),
		})
	}
	p.Normalize()
	return p
}
