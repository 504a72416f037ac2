package repo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/status"
)

// TestDB_AbsorbClocks: of several clocks of one source, a database keeps the one
// that status.Later says.
func TestDB_AbsorbClocks(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		source := 0 // each history has its own source
		at := rapid.Custom(func(t *rapid.T) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "microseconds")) * time.Microsecond)
		})
		text := rapid.SampledFrom([]string{"", "a", "A", "b", "a ", "ä", "🎵", "ﬀ"})
		rapid.Check(t, func(rt *rapid.T) {
			source++
			var want model.Clock
			for range rapid.IntRange(2, 4).Draw(rt, "clocks") {
				c := model.Clock{Source: source, SentAt: at.Draw(rt, "at"), Body: []byte(`{"a":"` + text.Draw(rt, "text") + `"}`)}
				if err := db.AbsorbClocks(t.Context(), []model.Clock{c}, false); err != nil {
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
}
