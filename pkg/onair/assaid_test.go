package onair_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// TestAsSaid: what is told of plays, part by part, is the log that Derive makes of
// them.
func TestAsSaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var plays, before, after []heard.Play
		var records []onair.Record
		entries := make(map[model.Fingerprint]int64)
		part := anyStart(t)
		var next time.Time
		for i := range rapid.IntRange(0, 8).Draw(t, "plays") {
			p := heard.Play{ID: model.Fingerprint{byte(i)}, Start: anyStart(t), Duration: anyDuration(t), Void: rapid.IntRange(0, 3).Draw(t, "void") == 0}
			plays = append(plays, p)
			entries[p.ID] = int64(i + 1)
			if !p.Void {
				records = append(records, onair.Record{Entry: int64(i + 1), Fingerprint: p.ID, Source: 1, Start: p.Start, Duration: p.Duration})
			}
			if p.Start.Before(part) {
				before = append(before, p)
				continue
			}
			after = append(after, p)
			if !p.Void && (next.IsZero() || p.Start.Before(next)) {
				next = p.Start
			}
		}
		told := append(onair.AsSaid(before, next), onair.AsSaid(after, time.Time{})...)
		want := onair.Derive(onair.Window{}, records, nil, 1)
		if got := onair.Sounding(onair.Window{}, 1, told, entries); !slices.Equal(got, want) {
			t.Fatalf("of %v is told %v, want %v", plays, got, want)
		}
		for _, h := range told {
			if (len(h.Intervals) == 0) != (len(h.Why) == 1) {
				t.Fatalf("%v is told of a play", h)
			}
		}
	})
}
