package repo_test

import (
	"testing"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestDB_PurgeHealths: what ended before goes, a batch at a time, except the newest
// state of a source and what says something of fallback.
func TestDB_PurgeHealths(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx, yes := t.Context(), true
		state := func(source int, from, to float64) model.Health {
			h := model.Health{Source: source, LogTime: after(from), ReceivedAt: after(from), Healthy: true}
			if to > from {
				h.Last = model.Report{LogTime: after(to), ReceivedAt: after(to)}
			}
			return h
		}
		fallback := state(1, 5, 0)
		fallback.Signs = model.Sign{Fallback: &yes}.Text()
		lasts := state(1, 6, 200)
		kept := []model.Health{fallback, lasts, state(1, 150, 0)}
		gone := []model.Health{state(1, 1, 0), state(1, 2, 90), state(1, 99, 0), state(2, 1, 0), state(2, 2, 0)}
		newest := state(2, 3, 0)
		if err := db.AbsorbHealths(ctx, append(append(append([]model.Health{}, kept...), gone...), newest), true); err != nil {
			t.Fatal(err)
		}
		if err := db.Park(ctx, model.KindHealth, gone[0].UID(), "no"); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{2, 2, 1, 0} {
			if n, err := db.PurgeHealths(ctx, after(100), 2); err != nil || n != want {
				t.Errorf("batch %d deletes %d, want %d: %v", i, n, want, err)
			}
		}
		left := map[model.Fingerprint]bool{}
		for _, source := range []int{1, 2} {
			states, _, err := db.HealthRecords(ctx, model.RecordQuery{Source: source})
			if err != nil {
				t.Fatal(err)
			}
			for i := range states {
				left[states[i].UID()] = true
			}
		}
		for _, h := range append(kept, newest) {
			if !left[h.UID()] {
				t.Errorf("the state of source %d at %s is gone", h.Source, h.LogTime)
			}
		}
		if len(left) != len(kept)+1 {
			t.Errorf("left are %d states, want %d", len(left), len(kept)+1)
		}
		if waiting, err := db.Outbox(ctx); err != nil || waiting.Parked != 0 {
			t.Errorf("what was refused of it stays: %+v %v", waiting, err)
		}
	})
}
