package repo_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// counts are the databases whose lists have a length.
type counts interface {
	entries
	CountEntries(ctx context.Context, q model.EntryQuery) (int64, error)
	DeepEntries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
}

// wantPlace: the page at an offset is that part of the whole list, if its place is
// found by the numbers of the days.
func wantPlace(t rapid.TB, db counts, q model.EntryQuery, offset int) {
	t.Helper()
	whole, err := db.Entries(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Offset, q.Limit = offset, 3
	page, err := db.DeepEntries(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := whole[min(offset, len(whole)):min(offset+q.Limit, len(whole))]
	if !slices.EqualFunc(page, want, func(a, b model.Entry) bool { return model.PositionOf(a) == model.PositionOf(b) }) {
		t.Fatalf("at %d of %d, from %s to %s, oldest %t, raw %t: %v, want %v", offset, len(whole), q.From, q.To, q.Oldest, q.Raw, page, want)
	}
}

// wantCounted: the length of every list is the number of its entries.
func wantCounted(t rapid.TB, db counts, queries ...model.EntryQuery) {
	t.Helper()
	for _, q := range queries {
		found, err := db.Entries(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := db.CountEntries(context.Background(), q); err != nil || n != int64(len(found)) {
			t.Fatalf("from %s to %s, raw %t: counted %d, %v, want %d", q.From, q.To, q.Raw, n, err, len(found))
		}
	}
}

// anyQuery has none, one or both of the bounds.
func anyQuery(t *rapid.T, from, to time.Time) model.EntryQuery {
	q := model.EntryQuery{Oldest: rapid.Bool().Draw(t, "oldest"), Raw: rapid.Bool().Draw(t, "raw")}
	if rapid.Bool().Draw(t, "has from") {
		q.From = from
	}
	if rapid.Bool().Draw(t, "has to") {
		q.To = to
	}
	return q
}

var wholeList = []model.EntryQuery{{}, {Raw: true}}

// TestDB_CountEntries_property: after every step of a random history of two
// processes, every list is as long as it says. Entries lie on a few days, and
// corrections move them between these days and today.
func TestDB_CountEntries_property(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			nodes := []*repo.Node{repotest.OpenURL(t, url), repotest.OpenURL(t, url)}
			raw := rawSQL(t, kind, url)
			rapid.Check(t, func(rt *rapid.T) {
				empty(t, raw)
				today := time.Now().UTC().Truncate(time.Minute)
				at := func() time.Time {
					back := time.Duration(rapid.IntRange(0, 3).Draw(rt, "days back")) * 24 * time.Hour
					return today.Add(-back - time.Duration(rapid.IntRange(0, 20).Draw(rt, "hours back"))*time.Hour)
				}
				dbs := make([]counts, 0, 4)
				stores := make([]interface {
					StoreEntry(context.Context, model.Entry) error
					Absorb(context.Context, []model.Record, bool) ([]model.Absorbed, error)
					LogMissed(context.Context, model.Entry, model.Correction) (int64, model.Correction, error)
					Correct(context.Context, int64, func(model.Entry, []model.Correction) (model.Correction, error)) (model.Correction, error)
					CountDays(context.Context) error
				}, 0, 4)
				for _, node := range nodes {
					station := node.Station(t, 1)
					dbs, stores = append(dbs, node, station), append(stores, node, station)
				}
				made := today
				for range rapid.IntRange(1, 20).Draw(rt, "steps") {
					which := rapid.IntRange(0, len(stores)-1).Draw(rt, "process")
					db := stores[which]
					e := model.Entry{LogSource: 1, TrackStart: at(), Title: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "title")}
					made = made.Add(time.Second)
					var err error
					switch rapid.IntRange(0, 6).Draw(rt, "step") {
					case 0, 1:
						err = db.StoreEntry(t.Context(), e)
					case 2:
						_, err = db.Absorb(t.Context(), []model.Record{{Entry: e}, {Entry: model.Entry{LogSource: 2, TrackStart: at(), Title: "c"}}}, false)
					case 3:
						_, _, err = db.LogMissed(t.Context(), e, model.Correction{Kind: model.CorrectionLog, At: made, By: "alice", Reason: "missed"})
					case 4, 5:
						stored := find(t, nodes[0], model.EntryQuery{Raw: rapid.Bool().Draw(rt, "raw")})
						if len(stored) == 0 {
							continue
						}
						of := rapid.SampledFrom(stored).Draw(rt, "entry")
						to := at()
						c := rapid.SampledFrom([]model.Correction{
							{Kind: model.CorrectionVoid}, {Kind: model.CorrectionRestore}, {Kind: model.CorrectionAmend, Changes: model.Changes{TrackStart: &to}},
						}).Draw(rt, "correction")
						c.At, c.By, c.Reason = made, "alice", "wrong"
						_, err = db.Correct(t.Context(), of.ID, func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil })
					case 6:
						err = db.CountDays(t.Context())
					}
					if err != nil {
						rt.Fatal(err)
					}
					from, to := at(), at()
					wantCounted(rt, dbs[rapid.IntRange(0, len(dbs)-1).Draw(rt, "reader")], append(wholeList,
						model.EntryQuery{From: from}, model.EntryQuery{To: to}, model.EntryQuery{From: from, To: to, Raw: true})...)
					wantPlace(rt, dbs[which], anyQuery(rt, from, to), rapid.IntRange(0, 21).Draw(rt, "offset"))
				}
			})
		})
	}
}

// TestDB_CountEntries_prepare: what an older program stored, and what somebody
// deleted, counts from the next start on.
func TestDB_CountEntries_prepare(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		for day := range 250 {
			store(t, db, entry(day*86400, "a"), entry(day*86400+1, "b"))
		}
		execute := func(statement string) {
			t.Helper()
			if _, err := raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		execute("UPDATE playlog SET is_uncounted = 0")
		wantCounted(t, db, wholeList...)
		if err := db.CountDays(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCounted(t, db, wholeList...)
		execute("DELETE FROM playlog WHERE track_title = 'a'")
		execute("UPDATE playlog SET is_void = 1 WHERE played_at < '2020-07-01'")
		if err := db.CountDays(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCounted(t, db, wholeList...)
		var stored int64
		if err := raw.QueryRowContext(t.Context(), "SELECT SUM(sent) FROM playlog_day").Scan(&stored); err != nil || stored != 250 {
			t.Errorf("the days have %d entries, %v, want 250", stored, err)
		}
	})
}

// TestDB_CountEntries_meanwhile: several processes write and count at once. In
// the end all lists have their length, without another start.
func TestDB_CountEntries_meanwhile(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, url string) {
		other := repotest.OpenURL(t, url)
		for _, node := range []*repo.Node{db, other} {
			if err := node.CountDays(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				node := []*repo.Node{db, other}[i%2]
				for n := range 40 {
					e := entry(n%5*86400+n, fmt.Sprint(i))
					if err := node.StoreEntry(t.Context(), e); err != nil {
						t.Error(err)
						return
					}
					if _, err := node.CountEntries(t.Context(), model.EntryQuery{}); err != nil {
						t.Error(err)
						return
					}
					if n%4 != 0 {
						continue
					}
					stored, err := node.Entries(t.Context(), model.EntryQuery{From: e.TrackStart, To: e.TrackStart, Limit: 1})
					if err != nil || len(stored) != 1 {
						continue // moved by somebody else
					}
					moved := e.TrackStart.AddDate(0, 0, n%7+1)
					_, err = node.Correct(t.Context(), stored[0].ID, func(model.Entry, []model.Correction) (model.Correction, error) {
						return model.Correction{Kind: model.CorrectionAmend, At: noon.Add(time.Duration(n) * time.Second), By: "alice", Reason: "late", Changes: model.Changes{TrackStart: &moved}}, nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		for day := range 14 {
			from := noon.AddDate(0, 0, day).Truncate(24 * time.Hour)
			wantCounted(t, db, model.EntryQuery{From: from, To: from.AddDate(0, 0, 1)}, model.EntryQuery{To: from})
			wantCounted(t, other, model.EntryQuery{From: from})
		}
		wantCounted(t, db, wholeList...)
	})
}
