package repo_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/status"
)

func maintenances(t *testing.T, db *repo.Node) []model.Maintenance {
	t.Helper()
	all, err := db.Maintenances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDB_StoreMaintenance(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if all := maintenances(t, db); len(all) != 0 {
			t.Errorf("before anybody said something: %+v", all)
		}
		at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
		first := model.Maintenance{Source: 2, On: true, By: "alice", Reason: "new disk 🎵", ChangedAt: at(2)}
		for _, c := range []struct {
			name       string
			said, want model.Maintenance
		}{
			{"First", first, first},
			{
				"ClockSetBack", model.Maintenance{Source: 2, By: "bob", Reason: "late", ChangedAt: at(1)},
				model.Maintenance{Source: 2, By: "bob", Reason: "late", ChangedAt: at(2).Add(time.Microsecond)},
			},
			{
				"SameTime", model.Maintenance{Source: 2, On: true, By: "carol", ChangedAt: at(2).Add(time.Microsecond)},
				model.Maintenance{Source: 2, On: true, By: "carol", ChangedAt: at(2).Add(2 * time.Microsecond)},
			},
			{
				"Newer", model.Maintenance{Source: 2, By: "bob\n", Reason: strings.Repeat("ä", model.MaxReason+1), ChangedAt: at(3).Add(1999).In(time.FixedZone("", 3600))},
				model.Maintenance{Source: 2, By: "bob ", Reason: strings.Repeat("ä", model.MaxReason), ChangedAt: at(3).Add(time.Microsecond)},
			},
		} {
			if err := db.StoreMaintenance(t.Context(), c.said, status.LastMaintenance); err != nil {
				t.Fatal(err)
			}
			if all := maintenances(t, db); !slices.Equal(all, []model.Maintenance{c.want}) {
				t.Errorf("%s: %+v, want %+v", c.name, all, c.want)
			}
		}
		for _, source := range []int{3, 1} {
			if err := db.StoreMaintenance(t.Context(), model.Maintenance{Source: source, On: true, ChangedAt: noon}, status.LastMaintenance); err != nil {
				t.Fatal(err)
			}
		}
		if all := maintenances(t, db); len(all) != 3 || all[0].Source != 1 || all[1].Source != 2 || all[1].On || all[2].Source != 3 || !all[2].On {
			t.Errorf("by source: %+v", all)
		}
	})
}

// TestDB_StoreMaintenance_concurrent: the rule sees what was stored last, also
// by others meanwhile.
func TestDB_StoreMaintenance_concurrent(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const n = 16
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				m := model.Maintenance{Source: 1, Reason: "x", ChangedAt: noon}
				if err := db.StoreMaintenance(t.Context(), m, func(said, last model.Maintenance) model.Maintenance {
					said.Reason += last.Reason
					return said
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := model.Maintenance{Source: 1, Reason: strings.Repeat("x", n), ChangedAt: noon}
		if got := maintenances(t, db); !slices.Equal(got, []model.Maintenance{want}) {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

// TestStation_StoreMaintenance: it does not count as a change of what is on
// air, and it does not wait for such changes.
func TestStation_StoreMaintenance(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		s := db.Station(t, 1)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, err := s.Sequence(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release := s.HoldTurn()
		defer release()
		if err := s.StoreMaintenance(t.Context(), model.Maintenance{Source: 1, On: true, ChangedAt: noon}, status.LastMaintenance); err != nil {
			t.Error(err)
		}
		if after, err := s.Sequence(t.Context()); err != nil || after != before {
			t.Errorf("the sequence is %d, %v, was %d", after, err, before)
		}
	})
}
