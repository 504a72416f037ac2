package repo_test

import (
	"context"
	"slices"
	"testing"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestDB_Entries_named: a list of entries that name a work has those of which
// model.Entry says so, with their corrections and without, in both logs.
func TestDB_Entries_named(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		texts := []string{"", "a", "Ä \"'\\", `"`, "  "}
		second := 0
		for _, artist := range texts {
			for _, title := range texts {
				e := entry(60*second, title)
				e.Artist, e.ShowName = artist, "show"
				store(t, db, e)
				second++
			}
		}
		all := find(t, db, model.EntryQuery{Oldest: true})
		for i, e := range all {
			change := model.Changes{Artist: &texts[i%4], Title: &texts[[]int{0, 1, 4}[i/4%3]]}
			switch i % 5 {
			case 0:
				change = model.Changes{Title: &texts[0]}
			case 1:
				change = model.Changes{Album: &texts[1]}
			case 2:
				continue
			}
			_, err := db.Correct(t.Context(), e.ID, func(model.Entry, []model.Correction) (model.Correction, error) {
				return model.Correction{Kind: model.CorrectionAmend, At: noon, By: "a", Changes: change}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		s := db.Station(t, 1)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.CountDays(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, log := range map[string]interface {
			Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
			CountEntries(ctx context.Context, q model.EntryQuery) (int64, error)
		}{"Playlog": db, "OnAir": s.OnAir()} {
			for _, raw := range []bool{false, true} {
				q := model.EntryQuery{Raw: raw, Oldest: true}
				want, err := log.Entries(t.Context(), q)
				if err != nil || len(want) != len(all) {
					t.Fatalf("%s: %d entries, %v", name, len(want), err)
				}
				want = slices.DeleteFunc(want, func(e model.Entry) bool {
					if !raw {
						e = e.Effective()
					}
					return !e.IsNamed()
				})
				q.Named = true
				got, err := log.Entries(t.Context(), q)
				if err != nil || !slices.EqualFunc(got, want, func(a, b model.Entry) bool { return a.ID == b.ID }) {
					t.Errorf("%s, raw %t: %d entries, %v; want %d", name, raw, len(got), err, len(want))
				}
				if len(want) == len(all) {
					t.Errorf("%s, raw %t: all name a work", name, raw)
				}
				if n, err := log.CountEntries(t.Context(), q); err != nil || int(n) != len(want) {
					t.Errorf("%s, raw %t: counts %d, %v; want %d", name, raw, n, err, len(want))
				}
			}
		}
	})
}
