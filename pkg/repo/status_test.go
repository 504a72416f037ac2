package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
)

// asSaid is the rule by which every statement is stored as it came.
func asSaid[S any](said, _ S) S { return said }

func TestDB_StoreHealth(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if _, err := db.LatestHealth(t.Context(), 1); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
		for _, h := range []model.Health{
			{Source: 1, LogTime: noon.Add(2 * time.Second), Details: "second"},
			{Source: 1, LogTime: noon.Add(2 * time.Second), Details: "third", Healthy: true},
			{Source: 1, LogTime: noon, Details: "first 🎵"},
			{Source: 1, LogTime: noon, Details: "first 🎵"},
			{Source: 2, LogTime: noon.Add(time.Hour), Details: "other"},
		} {
			if err := db.StoreHealth(t.Context(), h, asSaid); err != nil {
				t.Fatal(err)
			}
		}
		latest, err := db.LatestHealth(t.Context(), 1)
		want := model.Health{ID: latest.ID, Source: 1, LogTime: noon.Add(2 * time.Second), Healthy: true, Details: "third"}
		if err != nil || latest != want {
			t.Errorf("%+v, %v, want %+v", latest, err, want)
		}
		for _, test := range []struct {
			from  time.Time
			limit int
			want  string
		}{
			{noon, 10, "[third second first 🎵]"},
			{noon, 2, "[third second]"},
			{noon.Add(time.Nanosecond), 10, "[third second]"},
		} {
			history, err := db.HealthHistory(t.Context(), 1, test.from, test.limit)
			if err != nil {
				t.Fatal(err)
			}
			var details []string
			for _, h := range history {
				details = append(details, h.Details)
			}
			if got := fmt.Sprint(details); got != test.want {
				t.Errorf("from %s: %s, want %s", test.from, got, test.want)
			}
		}
	})
}

// TestDB_Activate_clock: an activation that does not state its time is active
// when it is accepted, even if its writer's clock is behind.
func TestDB_Activate_clock(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		for name, history := range map[string]activator{"DB": db, "Station": db.Station(t, 1)} {
			t.Run(name, func(t *testing.T) {
				ahead := model.Activation{Source: 2, From: noon.Add(time.Second), RecordedAt: noon.Add(time.Second), By: name}
				behind := model.Activation{Source: 3, From: noon, RecordedAt: noon, By: name}
				for _, a := range []model.Activation{ahead, behind} {
					stored, err := history.Activate(t.Context(), asked(a), source.Admit)
					if err != nil || !stored.From.Equal(ahead.From) {
						t.Fatalf("%+v, %v", stored, err)
					}
					if got, err := db.ActiveSource(t.Context(), noon); err != nil || got.Source != a.Source || got.Epoch != stored.Epoch {
						t.Errorf("active is %+v, %v", got, err)
					}
				}
			})
		}
	})
}

func TestDB_Activate(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if _, err := db.ActiveSource(t.Context(), noon); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
		activate := func(number int, from time.Time, pinned bool) model.Activation {
			t.Helper()
			d, err := db.Activate(t.Context(), asked(model.Activation{Source: number, From: from, RecordedAt: noon, By: "alice", Reason: "test", Pinned: pinned}), source.Admit)
			if err != nil {
				t.Fatal(err)
			}
			return d.Activation
		}
		first := activate(1, noon, false)
		second := activate(2, noon.Add(time.Hour), false)
		late := activate(3, noon.Add(time.Minute), true) // delivered late
		if first.Epoch != 1 || late.Epoch != 3 {
			t.Errorf("epochs %d, %d", first.Epoch, late.Epoch)
		}
		for _, test := range []struct {
			now    time.Time
			source int
			since  time.Time
		}{
			{noon, 3, noon.Add(time.Minute)}, // a caller that read the clock earlier
			{noon.Add(2 * time.Minute), 3, noon.Add(time.Minute)},
			{noon.Add(2 * time.Hour), 2, noon.Add(time.Hour)},
		} {
			got, err := db.ActiveSource(t.Context(), test.now)
			want := model.ActiveSource{Source: test.source, Since: &test.since, Epoch: 3, Pinned: true}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v, want %+v", test.now, got, err, want)
			}
		}
		history, err := db.Activations(t.Context(), 0, 10)
		if want := []model.Activation{second, late, first}; err != nil || !reflect.DeepEqual(history, want) {
			t.Errorf("%+v, %v, want %+v", history, err, want)
		}
		if history, err := db.Activations(t.Context(), 1, 1); err != nil || len(history) != 1 || history[0].Source != 3 {
			t.Errorf("%+v, %v", history, err)
		}
		t.Run("Refused", func(t *testing.T) {
			_, err := db.Activate(t.Context(), asked(model.Activation{Source: 1, From: noon}), func(r source.Request, k source.Known) (source.Decision, error) {
				if k.Last != late {
					t.Errorf("asked about %+v, want %+v", k.Last, late)
				}
				return refuse(r, k)
			})
			if !errors.Is(err, model.ErrPinned) {
				t.Errorf("error %v, want %v", err, model.ErrPinned)
			}
		})
	})
}

// activator is the part of DB and of Station that activates.
type activator interface {
	Activate(ctx context.Context, r source.Request, admit source.Rule) (source.Decision, error)
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
}

// TestActivate_repeated: an activation that is delivered again is stored once,
// wherever it stands, and even if it would be refused by now.
func TestActivate_repeated(t *testing.T) {
	repeated := func(t *testing.T, db activator) {
		activate := func(a model.Activation, byMonitor bool) (int64, error) {
			a.RecordedAt = noon
			r := asked(a)
			r.ByMonitor = byMonitor // a monitor may not replace a pinned activation
			d, err := db.Activate(t.Context(), r, source.Admit)
			return d.Epoch, err
		}
		late := model.Activation{Source: 2, From: noon.Add(-time.Hour), By: "alice", Reason: "1 is silent"}
		for i, a := range []model.Activation{late, {Source: 1, From: noon.Add(-time.Minute), By: "alice"}, {Source: 1, From: noon, By: "alice", Pinned: true}} {
			if epoch, err := activate(a, false); err != nil || epoch != int64(i+1) {
				t.Fatalf("%d: epoch %d, %v", i, epoch, err)
			}
		}
		if epoch, err := activate(late, true); err != nil || epoch != 1 {
			t.Errorf("delivered again: epoch %d, %v", epoch, err)
		}
		for name, change := range map[string]func(*model.Activation){
			"source": func(a *model.Activation) { a.Source = 3 },
			"time":   func(a *model.Activation) { a.From = a.From.Add(time.Microsecond) },
			"by":     func(a *model.Activation) { a.By = "Alice" },
			"reason": func(a *model.Activation) { a.Reason += " " },
			"pin":    func(a *model.Activation) { a.Pinned = true },
		} {
			other := late
			change(&other)
			if _, err := activate(other, true); !errors.Is(err, model.ErrPinned) {
				t.Errorf("with another %s: %v", name, err)
			}
		}
		// An activation for now is not a repeated delivery, and may be meant
		// again.
		if epoch, err := activate(model.Activation{Source: 2, From: noon, By: "alice"}, false); err != nil || epoch != 4 {
			t.Errorf("another one meanwhile: epoch %d, %v", epoch, err)
		}
		if epoch, err := activate(model.Activation{Source: 1, From: noon, By: "alice", Pinned: true}, false); err != nil || epoch != 5 {
			t.Errorf("again now: epoch %d, %v", epoch, err)
		}
		if history, err := db.Activations(t.Context(), 0, 10); err != nil || len(history) != 5 {
			t.Errorf("%+v, %v", history, err)
		}
	}
	t.Run("DB", func(t *testing.T) { onEach(t, func(t *testing.T, db *repo.Node) { repeated(t, db) }) })
	t.Run("Station", func(t *testing.T) {
		onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) { repeated(t, s) })
	})
}

// TestActivate_repeatedAtOnce: concurrent deliveries of the same activation are
// stored once.
func TestActivate_repeatedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				a := model.Activation{Source: i%4 + 1, From: noon.Add(-time.Hour), RecordedAt: noon.Add(time.Duration(i) * time.Second)}
				if _, err := db.Activate(t.Context(), asked(a), source.Admit); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if history, err := db.Activations(t.Context(), 0, 100); err != nil || len(history) != 4 {
			t.Errorf("%d activations of 4, %v", len(history), err)
		}
	})
}

// TestDB_Activate_concurrent: every activation gets its own epoch. Of several
// that saw the same epoch, one wins.
func TestDB_Activate_concurrent(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const n = 8
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				if _, err := db.Activate(t.Context(), asked(model.Activation{Source: i + 1, From: noon, RecordedAt: noon}), source.Admit); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var mu sync.Mutex
		won := 0
		for range n {
			all.Go(func() {
				r := asked(model.Activation{Source: n + 1, From: noon, RecordedAt: noon})
				r.Epoch = new(int64(n))
				_, err := db.Activate(t.Context(), r, source.Admit)
				if err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !errors.Is(err, model.ErrStaleEpoch) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		history, err := db.Activations(t.Context(), 0, 100)
		if err != nil || len(history) != n+1 || history[0].Epoch != n+1 || won != 1 {
			t.Errorf("%d activations, %d won, %v", len(history), won, err)
		}
	})
}

func TestDB_StoreClock(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if _, err := db.Clock(t.Context(), 1); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
		for _, c := range []struct {
			sent int
			body string
			want string
		}{
			{1, `{"n": "first 🎵"}`, `{"n": "first 🎵"}`},
			{3, `{"n":3}`, `{"n":3}`},
			{2, `{"n":2}`, `{"n":3}`},
			{3, `{"n":4}`, `{"n":4}`},
		} {
			clock := model.Clock{Source: 1, SentAt: noon.Add(time.Duration(c.sent) * time.Second), Body: []byte(c.body)}
			if err := db.StoreClock(t.Context(), clock, status.Later); err != nil {
				t.Fatal(err)
			}
			got, err := db.Clock(t.Context(), 1)
			if err != nil || string(got.Body) != c.want || got.SentAt.Before(clock.SentAt) {
				t.Errorf("after %s: %s of %s, %v, want %s", c.body, got.Body, got.SentAt, err, c.want)
			}
		}
	})
}

// TestStatus_concurrent: of several statements that arrive at once, each comes
// after the one that was stored before it.
func TestStatus_concurrent(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const n = 4
		ctx := t.Context()
		atOnce := func(tell func() error) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					if err := tell(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		last := noon.Add((n - 1) * time.Microsecond)

		clocks := status.NewClocks(db, 1, 1)
		atOnce(func() error { return clocks.Keep(ctx, model.Clock{Source: 1, SentAt: noon, Body: []byte("{}")}) })
		if c, err := db.Clock(ctx, 1); err != nil || !c.SentAt.Equal(last) {
			t.Errorf("the clock is of %s, %v, want %s", c.SentAt, err, last)
		}

		works := status.NewMaintenances(db)
		atOnce(func() error { return works.Set(ctx, model.Maintenance{Source: 1, ChangedAt: noon}) })
		if all := maintenances(t, db); len(all) != 1 || !all[0].ChangedAt.Equal(last) {
			t.Errorf("maintenance is %+v, want it of %s", all, last)
		}

		const setBack = time.Hour // so much was the host's clock
		if err := db.StoreHealth(ctx, model.Health{Source: 1, LogTime: noon.Add(setBack)}, asSaid); err != nil {
			t.Fatal(err)
		}
		healths := status.NewHealths(db, status.Config{}, zerolog.Nop())
		atOnce(func() error { return healths.Record(ctx, model.Health{Source: 1}, noon) })
		history, err := db.HealthHistory(ctx, 1, noon, 10*n)
		if want := last.Add(setBack + time.Microsecond); err != nil || len(history) != 1 || !history[0].Said().LogTime.Equal(want) {
			t.Errorf("health is %+v, %v, want one that was last said at %s", history, err, want)
		}
	})
}
