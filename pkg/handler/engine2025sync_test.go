package handler

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestEngine2025_syncNode: the recorded engine speaks on several days, and its
// engine-api shows what was heard. A sync node shows the same, in whatever order
// and in whatever batches it is told: every version of each record that there ever
// was, and some of them twice.
func TestEngine2025_syncNode(t *testing.T) {
	t.Parallel()
	days := 2
	if os.Getenv("AURA_SOAK") != "" {
		days = 20
	}
	for _, kind := range []repotest.Kind{repotest.KindSQLite, repotest.KindMariaDB} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			random := newRandom(t)
			var now time.Time
			clock := func(a *API) { a.Now = func() time.Time { return now } }
			node, syncNode := newStationOn(t, kind, clock), newSyncNodeOn(t, kind, clock)
			first := moment(t, "2026-11-01T09:00:00Z")
			for day := range days {
				begin := first.AddDate(0, 0, day)
				known := versions{seen: map[string]bool{}}
				node.replay(begin, &now, func(name string) string { return name }, func(sentLine) { known.add(node, begin) })
				now = begin.Add(time.Hour)
				node.compareRecording(begin)

				told := known.all
				told = append(told, told[:random.IntN(len(told))]...)
				random.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
				for len(told) > 0 {
					n := min(1+random.IntN(12), len(told))
					syncNode.tell(told[:n])
					told = told[n:]
				}
				syncNode.compareRecording(begin)
				syncNode.compareOnAirLog(begin)
			}
			here, there := get[api.Report](node, "/report/2026-11"), get[api.Report](syncNode, "/report/2026-11")
			if len(here.Plays) != days*strings.Count(heardOf2025(t), "\n") || reportedSince(first, here) != reportedSince(first, there) {
				t.Errorf("the engine-api reports\n%s\nand the sync node\n%s", reportedSince(first, here), reportedSince(first, there))
			}
		})
	}
}

// tell sends records and healths to a sync node.
func (s *station) tell(told []any) {
	s.t.Helper()
	members := map[string]any{"records": []any{}, "healths": []any{}}
	for _, one := range told {
		name := "records"
		if _, isHealth := one.(record.Health); isHealth {
			name = "healths"
		}
		members[name] = append(members[name].([]any), one)
	}
	s.send(members)
}

// versions collects what an engine-api would send to the sync node.
type versions struct {
	seen map[string]bool
	all  []any // records and healths, each version once
}

// add adds what is stored since then, as it is now.
func (v *versions) add(s *station, since time.Time) {
	s.t.Helper()
	q := model.RecordQuery{Source: 1, From: since, Limit: 100}
	records, _, err := s.db.Records(s.t.Context(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	healths, _, err := s.db.HealthRecords(s.t.Context(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range records {
		v.addOne(s.t, record.NewEntry(r))
	}
	for _, h := range healths {
		v.addOne(s.t, record.NewHealth(h))
	}
}

func (v *versions) addOne(t testing.TB, one any) {
	if key := batch(t, map[string]any{"one": one}); !v.seen[key] {
		v.seen[key] = true
		v.all = append(v.all, one)
	}
}

// compareOnAirLog fails if the full records of the on-air log of the day are
// anything else than what was heard of the recorded engine.
func (s *station) compareOnAirLog(begin time.Time) {
	s.t.Helper()
	day := s.api.Zone.In(begin).Format(time.DateOnly)
	got := ""
	for _, e := range slices.Backward(get[[]api.PlaylogEntry](s, "/playlog?from_date="+day+"&to_date="+day)) {
		until, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(e.OnAirUntil))
		if err != nil {
			s.t.Fatal(err)
		}
		title := e.TrackTitle
		if title == "" {
			title = e.ShowName
		}
		got += heardLine(begin, e.OnAirFrom.Time, until, title, e.ShowName)
	}
	if want := heardOf2025(s.t); got != want {
		s.t.Errorf("the on-air log is\n%s\nwant\n%s", got, want)
	}
}
