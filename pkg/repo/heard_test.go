package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// serves lets a node begin as a service does.
func serves(t *testing.T, db *repo.Node) *repo.Node {
	t.Helper()
	if _, err := db.Begin(t.Context(), engine(1), false); err != nil {
		t.Fatal(err)
	}
	if err := db.PrepareHeard(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// wantHeardAll fails if what was derived is not what the oracle derives from all
// that is stored. It does not derive.
func wantHeardAll(t *testing.T, db *repo.Node, raw *sql.DB, sources int) {
	t.Helper()
	ctx := t.Context()
	rules, err := db.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	said := onairtest.Station{Rules: rules}
	ids := entryNumbers(t, raw)
	for source := 1; source <= sources; source++ {
		records, _, err := db.Records(ctx, model.RecordQuery{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			r.Entry.ID, r.Entry.Overlay = ids[r.Entry.Fingerprint()], model.Fold(r.Corrections)
			said.Entries = append(said.Entries, r.Entry)
		}
		healths, _, err := db.HealthRecords(ctx, model.RecordQuery{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		said.Healths = append(said.Healths, healths...)
	}
	for source := 1; source <= sources; source++ {
		if got, want := heardLog(t, raw, source), said.Source(source); !slices.Equal(got, want) {
			t.Fatalf("of source %d was heard\n%s, want\n%s", source, onairtest.Text(got), onairtest.Text(want))
		}
	}
	wantDictionary(t, raw, "heard")
}

// pends is an error while anything is to be derived.
func pends(ctx context.Context, raw *sql.DB) error {
	var pending int
	err := raw.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM heard_pending) + (SELECT COUNT(*) FROM playlog WHERE is_uncounted = 1) + "+
		"(SELECT COUNT(*) FROM note WHERE name = 'heard' AND body NOT LIKE '%whole%')").Scan(&pending)
	if err == nil && pending > 0 {
		err = errors.New("something is to be derived")
	}
	return err
}

// TestHeard_older: what a program of an older version left out is derived after the
// next start, in the background.
func TestHeard_older(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		catchUp := func(want bool) {
			t.Helper()
			if did, err := db.CatchUpHeard(ctx); err != nil || did != want {
				t.Fatalf("derived again: %t, %v", did, err)
			}
			wantHeardAll(t, db, raw, 2)
		}
		for i := range 20 { // an older program stored them, and the last is not counted yet
			store(t, db, entry(60*i, fmt.Sprint(i)))
		}
		execSQL(t, raw, "UPDATE playlog SET is_uncounted = 0 WHERE id < 20")
		serves(t, db)
		catchUp(true) // the first time only the titles are left, which are not counted yet
		serves(t, db)
		catchUp(false)
		// An older program serves it, and counts what it stores.
		if _, err := db.Begin(ctx, engine(1), false); err != nil {
			t.Fatal(err)
		}
		store(t, db, entry(60*5+30, "between"))
		correct(t, db, 3, amend(7, "c"))
		execSQL(t, raw, "UPDATE playlog SET is_uncounted = 0")
		execSQL(t, raw, "DELETE FROM heard_pending")
		serves(t, db)
		catchUp(true)
		serves(t, db)
		catchUp(false)
	})
}

// TestHeard_crash: a write that was not derived before the process ended is derived
// by the next one.
func TestHeard_crash(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, db)
		for i := range 5 {
			store(t, db, entry(60*i, fmt.Sprint(i)))
		}
		if _, err := db.Heard().LatestEntry(ctx, noon); err != nil {
			t.Fatal(err)
		}
		store(t, db, entry(90, "new"))
		store(t, db, model.Entry{LogSource: 1, TrackStart: noon, Title: "0", Duration: time.Second})
		correct(t, db, 3, amend(7, "c"))
		correct(t, db, 4, model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "x"})
		another := repotest.OpenURL(t, url)
		serves(t, another)
		if _, err := another.Heard().LatestEntry(ctx, noon); err != nil {
			t.Fatal(err)
		}
		wantHeardAll(t, db, raw, 1)
	})
}

// TestHeard_unwritable: while nothing can be derived, reads answer from what was
// derived.
func TestHeard_unwritable(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, db)
		log := db.Heard()
		store(t, db, entry(0, "first"))
		if e, err := log.LatestEntry(ctx, noon.Add(time.Hour)); err != nil || e.Title != "first" {
			t.Fatalf("%+v, %v", e, err)
		}
		when := map[repotest.Kind]string{
			repotest.KindSQLite:  "BEGIN SELECT RAISE(ABORT, 'full'); END",
			repotest.KindMariaDB: "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'full'",
		}
		execSQL(t, raw, "CREATE TRIGGER fault BEFORE INSERT ON heard "+when[kind])
		store(t, db, entry(60, "second"))
		if e, err := log.LatestEntry(ctx, noon.Add(time.Hour)); err != nil || e.Title != "first" {
			t.Errorf("while it can't be derived: %s, %v", e.Title, err)
		}
		execSQL(t, raw, "DROP TRIGGER fault")
		if e, err := log.LatestEntry(ctx, noon.Add(time.Hour)); err != nil || e.Title != "second" {
			t.Errorf("afterwards: %s, %v", e.Title, err)
		}
	})
}

// TestHeard_concurrent: while many write and many read, in two processes, nothing
// is left out.
func TestHeard_concurrent(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		dbs := []*repo.Node{serves(t, db), repotest.OpenURL(t, url)}
		serves(t, dbs[1])
		const writers, each = 4, 25
		var writing, reading sync.WaitGroup
		failed := make(chan error, 100)
		try := func(err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		}
		for w := range writers {
			writing.Go(func() {
				db := dbs[w%2]
				for i := range each {
					at := noon.Add(time.Duration(7*i+w) * 20 * time.Second)
					e := model.Entry{LogSource: 1 + w%2, TrackStart: at, Title: fmt.Sprint(i % 3), ReceivedAt: at, Duration: time.Minute}
					e.Normalize()
					try(db.StoreEntry(ctx, e))
					again := e
					again.Duration, again.ReceivedAt = 90*time.Second, at.Add(5*time.Second)
					try(db.StoreEntry(ctx, again))
					_, err := db.Absorb(ctx, []model.Record{{Entry: e, Corrections: []model.Correction{amend(i, "x")}}}, false)
					try(err)
					fallback := i%2 == 0
					try(db.AbsorbHealths(ctx, []model.Health{{
						Source: 1 + w%2, LogTime: at, ReceivedAt: at, Healthy: true, Signs: model.Sign{Fallback: &fallback}.Text(),
					}}, false))
				}
			})
		}
		ended, end := context.WithCancel(ctx)
		for _, db := range dbs {
			reading.Go(func() {
				for ended.Err() == nil {
					if _, err := db.Heard().Entries(ctx, model.EntryQuery{Limit: 10}); err != nil {
						try(err)
					}
				}
			})
		}
		writing.Wait()
		end()
		reading.Wait()
		select {
		case err := <-failed:
			t.Fatal(err)
		default:
		}
		patience.Await(t, func() error { // a read may have waited too long for another
			if _, err := db.CatchUpHeard(ctx); err != nil {
				return err
			}
			return pends(ctx, raw)
		})
		wantHeardAll(t, db, raw, 2)
		var total int64
		for source := 1; source <= 2; source++ {
			total += int64(len(heardLog(t, raw, source)))
		}
		if n, err := db.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil || n != total {
			t.Errorf("%d segments are counted, want %d, %v", n, total, err)
		}
	})
}

// TestHeard_tooMuch: what is too much for a read is derived in the background, and
// whoever keeps answers in memory is told.
func TestHeard_tooMuch(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		db.SetHeard(2, 3)
		serves(t, db)
		ctx, stop := context.WithCancel(t.Context())
		changed, ended := make(chan struct{}, 1), make(chan error)
		go func() {
			ended <- db.KeepHeard(ctx, func() {
				select {
				case changed <- struct{}{}:
				default:
				}
			})
		}()
		for i := range 20 {
			store(t, db, entry(60*i, fmt.Sprint(i)))
		}
		if _, err := db.Heard().LatestEntry(ctx, noon); err != nil && !errors.Is(err, model.ErrNotFound) {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(patience.Limit()):
			t.Error("nobody was told")
		}
		raw := rawSQL(t, kind, url)
		patience.Await(t, func() error { return pends(ctx, raw) })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		wantHeardAll(t, db, raw, 1)
	})
}

// TestHeard_outdated: whoever keeps answers in memory is told when a read answered
// without what changed, even if another read derived that before the background
// could.
func TestHeard_outdated(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		serves(t, db)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if _, err := db.CatchUpHeard(ctx); err != nil { // the titles, for the first time
			t.Fatal(err)
		}
		store(t, db, entry(0, "a"))
		read := func(waits time.Duration, want int64) {
			t.Helper()
			db.SetPatience(waits)
			if n, err := db.Heard().CountEntries(ctx, model.EntryQuery{}); n != want || err != nil {
				t.Fatalf("%d plays were heard, want %d, %v", n, want, err)
			}
		}
		read(0, 0)
		read(patience.Limit(), 1)
		changed, ended := make(chan struct{}, 1), make(chan error, 1)
		go func() { ended <- db.KeepHeard(ctx, func() { changed <- struct{}{}; stop() }) }()
		patience.Receive(t, "word of a change", changed)
		if err := patience.Receive(t, "the end of the background", ended); err != nil {
			t.Error(err)
		}
	})
}

// TestHeard_several: what several sources played at once stands side by side, and
// paging shows each once.
func TestHeard_several(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		ctx := t.Context()
		serves(t, db)
		for i := range 4 {
			for source := range 3 {
				e := model.Entry{LogSource: source + 1, TrackStart: noon.Add(time.Duration(i) * time.Minute), Title: fmt.Sprint(i), Duration: 30 * time.Second}
				e.Normalize()
				store(t, db, e)
			}
		}
		for _, oldest := range []bool{false, true} {
			var seen []model.Entry
			q := model.EntryQuery{Oldest: oldest, Limit: 2}
			for {
				page, err := db.Heard().Entries(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				seen = append(seen, page...)
				last := model.PositionOf(page[len(page)-1])
				q.After = &last
			}
			all, err := db.Heard().Entries(ctx, model.EntryQuery{Oldest: oldest})
			if err != nil || len(all) != 12 || !slices.EqualFunc(all, seen, func(a, b model.Entry) bool { return a.ID == b.ID && *a.Air == *b.Air }) {
				t.Errorf("%d of %d entries, %v", len(seen), len(all), err)
			}
			for _, e := range all {
				if (*e.Air != model.Airing{From: e.TrackStart, Until: e.TrackStart.Add(30 * time.Second)}) {
					t.Errorf("%s of source %d was heard %+v", e.Title, e.LogSource, *e.Air)
				}
			}
		}
	})
}

// Without a known end it is estimated.
func TestHeard_estimated(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		serves(t, db)
		store(t, db, model.Entry{LogSource: 1, TrackStart: noon, Title: "a"})
		want := model.Airing{From: noon, Until: noon.Add(15 * time.Minute), Estimated: true}
		if e, err := db.Heard().LatestEntry(t.Context(), noon); err != nil || *e.Air != want {
			t.Errorf("it was heard %+v, %v", e.Air, err)
		}
	})
}
