package repo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/status"
)

// after is so many seconds after noon.
func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// reporter is an engine of 2025 that started at noon, as its own host hears it.
type reporter struct {
	*status.Healths
	t *testing.T
}

func reporterOf(t *testing.T, store status.HealthStore) reporter {
	return reporter{status.NewHealths(store, status.Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, zerolog.Nop()), t}
}

// reports at so many seconds after noon.
func (e reporter) reports(fallback bool, seconds ...float64) {
	e.t.Helper()
	for _, s := range seconds {
		h := model.Health{Source: 1, ReceivedAt: after(s), Healthy: true, Details: fmt.Sprintf(`{"fallback":%t,"rms":%f,"uptime":%g}`, fallback, -20-s/1000, s)}
		if err := e.Record(e.t.Context(), h, after(s)); err != nil {
			e.t.Fatal(err)
		}
	}
}

// lasting are states as the seconds from their first report to their last.
func lasting(states []model.Health) string {
	var all []string
	for _, h := range states {
		all = append(all, fmt.Sprintf("%g-%g", h.LogTime.Sub(noon).Seconds(), h.Said().LogTime.Sub(noon).Seconds()))
	}
	return strings.Join(all, ", ")
}

// healthRecords are the states of source 1, oldest first.
func healthRecords(t *testing.T, db interface {
	HealthRecords(ctx context.Context, q model.RecordQuery) ([]model.Health, *model.Position, error)
}) []model.Health {
	t.Helper()
	states, _, err := db.HealthRecords(t.Context(), model.RecordQuery{Source: 1})
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func unsyncedHealths(t *testing.T, db *repo.Node) []model.Health {
	t.Helper()
	states, err := db.UnsyncedHealths(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// TestDB_StoreHealth_states: reports that say nothing new are one row, which is
// sent to the sync node now and then, and when the state has ended.
func TestDB_StoreHealth_states(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		e := reporterOf(t, db)
		send := func(states []model.Health) {
			t.Helper()
			if err := db.AbsorbHealths(t.Context(), states, true); err != nil {
				t.Fatal(err)
			}
		}
		wait := func(want string) []model.Health {
			t.Helper()
			states := unsyncedHealths(t, db)
			if got := lasting(states); got != want {
				t.Errorf("%q wait, want %q", got, want)
			}
			return states
		}
		e.reports(false, 0)
		underWay := wait("0-0")
		e.reports(false, 5, 5)
		send(underWay)
		send(wait("0-5")) // it changed on its way
		wait("")
		e.reports(false, 15)
		wait("") // the sync node knows enough
		e.reports(false, 25)
		send(wait("0-25"))
		e.reports(false, 30)
		e.reports(true, 35)
		send(wait("0-30, 35-35"))
		wait("")
		states := healthRecords(t, db)
		if got := lasting(states); got != "0-30, 35-35" {
			t.Fatalf("kept are %s", got)
		}
		first, sign := states[0], states[1].Signs.Read()
		if !first.ReceivedAt.Equal(noon) || !first.Last.ReceivedAt.Equal(after(30)) || first.Last.Details != `{"fallback":false,"rms":-20.030000,"uptime":30}` {
			t.Errorf("the first is %+v", first)
		}
		if sign.Fallback == nil || !*sign.Fallback || sign.Silence == nil || *sign.Silence {
			t.Errorf("the last says %s", states[1].Signs)
		}
		e.reports(true, 40)
		for from, want := range map[float64]string{-1: "35-40, 0-30", 0: "35-40, 0-30", 30: "35-40, 0-30", 31: "35-40", 40: "35-40", 41: ""} {
			history, err := db.HealthHistory(t.Context(), 1, after(from), 10)
			if got := lasting(history); err != nil || got != want {
				t.Errorf("since %g: %s, %v, want %s", from, got, err, want)
			}
		}
		if latest, err := db.LatestHealth(t.Context(), 1); err != nil || lasting([]model.Health{latest}) != "35-40" {
			t.Errorf("the latest is %+v, %v", latest, err)
		}
	})
}

// TestDB_StoreHealth_fallback: what health said last before a fallback play and
// first after it is kept.
func TestDB_StoreHealth_fallback(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		e := reporterOf(t, db)
		play := func(show string, source int, start, arrival float64) {
			t.Helper()
			store(t, db, model.Entry{LogSource: source, TrackStart: after(start), ReceivedAt: after(arrival), Title: "a", ShowName: show})
		}
		kept := func(want string) {
			t.Helper()
			if got := lasting(healthRecords(t, db)); got != want {
				t.Errorf("kept are %s, want %s", got, want)
			}
		}
		e.reports(false, 0, 10, 20)
		play("Morning", 1, 22, 22)
		play("Fallback", 2, 22, 22) // of another source
		e.reports(false, 30, 40)
		kept("0-40")
		play("Fallback", 1, 42, 42)
		e.reports(false, 50, 60)
		kept("0-40, 50-60")
		play("Fallback", 1, -500, 65) // late
		e.reports(false, 70, 80)
		kept("0-40, 50-60, 70-80")
	})
}

// TestStation_AbsorbHealths_order: in whatever order and however often the sync
// node gets copies of states, it ends up with those of the node.
func TestStation_AbsorbHealths_order(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
		t.Parallel()
		random := rand.New(rand.NewPCG(seed, 0))
		db, station := open(t), open(t).Station(t, 1)
		e := reporterOf(t, db)
		var copies []model.Health
		for i := range 40 {
			e.reports(random.IntN(8) == 0, float64(10*i))
			latest, err := db.LatestHealth(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			copies = append(copies, latest)
		}
		copies = append(copies, copies[:10]...)
		random.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
		for part := range slices.Chunk(copies, 7) {
			if err := station.AbsorbHealths(t.Context(), part, false); err != nil {
				t.Fatal(err)
			}
		}
		here, there := healthRecords(t, db), healthRecords(t, station)
		for _, states := range [][]model.Health{here, there} {
			for i := range states {
				states[i].ID = 0
			}
		}
		if !slices.Equal(here, there) {
			t.Errorf("here  %s\nthere %s", lasting(here), lasting(there))
		}
	})
}

// TestDB_AbsorbHealths_plain: a copy from a node of the first version takes
// nothing away.
func TestDB_AbsorbHealths_plain(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		reporterOf(t, db).reports(false, 0, 10)
		before := healthRecords(t, db)
		plain := before[0]
		plain = model.Health{Source: plain.Source, LogTime: plain.LogTime, Healthy: plain.Healthy, Details: plain.Details}
		if err := db.AbsorbHealths(t.Context(), []model.Health{plain}, true); err != nil {
			t.Fatal(err)
		}
		if after := healthRecords(t, db); !slices.Equal(before, after) {
			t.Errorf("%+v becomes %+v", before, after)
		}
		if waiting := unsyncedHealths(t, db); len(waiting) != 1 {
			t.Errorf("%+v wait, although the sync node does not have all", waiting)
		}
	})
}

func TestDB_LastPlay(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(3, "b"), entry(5, "c"), entry(1, "a"))
		other := entry(9, "d")
		other.LogSource = 2
		store(t, db, other)
		if got, err := db.LastPlay(t.Context(), 1); err != nil || got.Title != "c" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := db.LastPlay(t.Context(), 3); err == nil {
			t.Error("found a play of a source that never played")
		}
	})
}

// TestDB_AbsorbClocks_received: a clock keeps its arrival and its doubts.
func TestDB_AbsorbClocks_received(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		sent := model.Clock{
			Source: 1, SentAt: after(1), Body: []byte(`{}`), ReceivedAt: noon,
			Doubts: model.NewDoubts(model.NewDoubt("body", "{}", "has no field of a clock that is known")),
		}
		plain := model.Clock{Source: 1, SentAt: after(1), Body: []byte(`{}`)}
		for _, clocks := range [][]model.Clock{{sent, plain}, {plain, sent}} {
			if err := db.AbsorbClocks(t.Context(), clocks, false); err != nil {
				t.Fatal(err)
			}
			got, err := db.Clock(t.Context(), 1)
			if err != nil || !got.ReceivedAt.Equal(noon) || got.Doubts != sent.Doubts {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}
