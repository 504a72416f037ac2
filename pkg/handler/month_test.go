package handler

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestMonth: a month of 15,000 plays like those of a real station. Jingles, gaps,
// titles without durations, streams, repetitions, replaced titles and ten hours of
// fallback are sent in mixed encodings; one day is sent in the wrong zone, and
// shifted back. Plays, seconds and order of the report equal what the generator
// knows, which does not derive it: at the engine-api, and at a sync node that gets
// the records in shuffled batches.
//
// `make test` sends the first days of such a month. `make soak` sends all of it, to
// both databases.
func TestMonth(t *testing.T) {
	t.Parallel()
	kinds, plays := []repotest.Kind{repotest.KindSQLite}, 2000
	if os.Getenv("AURA_SOAK") != "" {
		kinds, plays = append(kinds, repotest.KindMariaDB), 15_000
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			m := generateMonth(t, newRandom(t), plays)
			var now time.Time
			clock := func(a *API) { a.Now = func() time.Time { return now } }
			node, syncNode := newStationOn(t, kind, clock), newSyncNodeOn(t, kind, clock)
			for i, r := range m.requests {
				now = r.at
				node.do(http.StatusNoContent, http.MethodPost, r.path, r.body)
				if i%1000 == 0 { // a website asks all the time
					node.do(http.StatusOK, http.MethodGet, "/trackservice", "")
				}
			}
			now = m.first.AddDate(0, 1, 1)
			shiftBack(t, node, m)
			m.compare(t, get[api.Report](node, "/report/"+m.first.Format("2006-01")))

			batches := slices.Collect(slices.Chunk(allRecords(t, node), 500))
			m.random.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
			for _, told := range batches {
				m.random.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
				syncNode.tell(told)
			}
			m.compare(t, get[api.Report](syncNode, "/report/"+m.first.Format("2006-01")))
		})
	}
}

// shiftBack corrects the day that was sent in the wrong zone.
func shiftBack(t *testing.T, s *station, m *month) {
	t.Helper()
	shift := playlog.Shift{By: m.wrongBy, Reason: "wrong zone", IfNearer: true}
	entries, err := s.db.Entries(t.Context(), model.EntryQuery{From: m.wrongDay.Add(-m.wrongBy), To: m.wrongDay.AddDate(0, 0, 1).Add(-m.wrongBy - 1), Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, e := range entries {
		earlier, err := s.db.Corrections(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		shown := e.Effective()
		c, left := shift.Of(&shown, earlier)
		if left != "" {
			continue
		}
		c.By = "M. Tester"
		if _, err := s.api.Recorder.Correct(t.Context(), e.ID, c); err != nil {
			t.Fatal(err)
		}
		moved++
	}
	if moved != m.wrong {
		t.Fatalf("%d plays were shifted, want %d", moved, m.wrong)
	}
}

// allRecords are all records and healths of a node.
func allRecords(t *testing.T, s *station) (told []any) {
	t.Helper()
	q := model.RecordQuery{Source: 1, Limit: 1000}
	for next := new(model.Position); next != nil; q.After = next {
		records, more, err := s.db.Records(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			told = append(told, record.NewEntry(r))
		}
		next = more
	}
	q.After = nil
	for next := new(model.Position); next != nil; q.After = next {
		healths, more, err := s.db.HealthRecords(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range healths {
			told = append(told, record.NewHealth(h))
		}
		next = more
	}
	return told
}

// compare fails at the first play that is not what the generator knows.
func (m *month) compare(t *testing.T, r api.Report) {
	t.Helper()
	seconds := 0.0
	for i, want := range m.heard {
		seconds += want.until.Sub(want.from).Seconds()
		if i >= len(r.Plays) {
			t.Fatalf("%d plays are reported, want %d", len(r.Plays), len(m.heard))
		}
		p := r.Plays[i]
		title := p.TrackTitle
		if title == "" {
			title = p.ShowName
		}
		got := sounding{p.TrackStart.UTC(), p.TrackEnd.UTC(), title, p.Estimated}
		if got != want || math.Abs(p.Seconds-want.until.Sub(want.from).Seconds()) > 1e-6 {
			t.Fatalf("play %d of %d is %v of %v s, want %v; the one before was %v", i+1, len(m.heard), got, p.Seconds, want, m.heard[max(i-1, 0)])
		}
	}
	if len(r.Plays) != len(m.heard) || int(r.Totals.Plays) != len(m.heard) || math.Abs(r.Totals.Seconds-seconds) > 1e-3 {
		t.Errorf("%d plays of %v s are reported, want %d of %v s", r.Totals.Plays, r.Totals.Seconds, len(m.heard), seconds)
	}
}

// sounding is what was heard without a break.
type sounding struct {
	from, until time.Time
	title       string
	isEstimated bool
}

func (s sounding) String() string {
	return fmt.Sprintf("%s %s-%s estimated %t", s.title, s.from.Format("02 15:04:05.000"), s.until.Format("15:04:05.000"), s.isEstimated)
}
