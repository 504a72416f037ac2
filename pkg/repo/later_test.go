package repo_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/status"
)

// TestLater: of several statements on one source, SQL keeps the one that
// package status says.
func TestLater(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		source := 0 // each history has its own source
		at := rapid.Custom(func(t *rapid.T) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "microseconds")) * time.Microsecond)
		})
		text := rapid.SampledFrom([]string{"", "a", "A", "b", "a ", "ä", "🎵", "ﬀ"})
		t.Run("Clock", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				source++
				var want model.Clock
				for range rapid.IntRange(2, 4).Draw(rt, "statements") {
					c := model.Clock{Source: source, SentAt: at.Draw(rt, "at"), Body: []byte(`{"a":"` + text.Draw(rt, "text") + `"}`)}
					if err := db.StoreClock(t.Context(), c); err != nil {
						rt.Fatal(err)
					}
					want = status.Later(want, c)
				}
				got, err := db.Clock(t.Context(), source)
				if err != nil || !got.SentAt.Equal(want.SentAt) || string(got.Body) != string(want.Body) {
					rt.Fatalf("%s of %s, %v, want %s of %s", got.Body, got.SentAt, err, want.Body, want.SentAt)
				}
			})
		})
		t.Run("Maintenance", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				source++
				var want model.Maintenance
				for range rapid.IntRange(2, 4).Draw(rt, "statements") {
					m := model.Maintenance{Source: source, On: rapid.Bool().Draw(rt, "on"), By: text.Draw(rt, "by"), Reason: text.Draw(rt, "reason"), ChangedAt: at.Draw(rt, "at")}
					m.Normalize()
					if err := db.StoreMaintenance(t.Context(), m); err != nil {
						rt.Fatal(err)
					}
					want = status.Later(want, m)
				}
				if got := maintenances(t, db); !slices.Contains(got, want) {
					rt.Fatalf("%+v, want %+v", got[len(got)-1], want)
				}
			})
		})
	})
}
