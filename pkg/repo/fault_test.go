package repo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/status"
)

const poison = "poison"

// poisonous makes the database refuse changes to a table if its column says
// poison.
func poisonous(t *testing.T, kind repotest.Kind, url, event, table, column string) {
	t.Helper()
	when := "NEW." + column + " = '" + poison + "'"
	if kind == repotest.KindSQLite {
		execSQL(t, rawSQL(t, kind, url), "CREATE TRIGGER refuse BEFORE "+event+" ON "+table+" WHEN "+when+
			" BEGIN SELECT RAISE(ABORT, 'refused by a test'); END")
		return
	}
	execSQL(t, rawSQL(t, kind, url), "CREATE TRIGGER refuse BEFORE "+event+" ON "+table+" FOR EACH ROW IF "+when+
		" THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by a test'; END IF")
}

func onEachURL(t *testing.T, fn func(t *testing.T, db *repo.Node, kind repotest.Kind, url string)) {
	t.Helper()
	onEachKind(t, repotest.MigratedURL, func(t *testing.T, kind repotest.Kind, url string) {
		fn(t, repotest.OpenURL(t, url), kind, url)
	})
}

func wantRefused(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "refused by a test") || errors.Is(err, model.ErrUnavailable) {
		t.Errorf("error %v, want the trigger's", err)
	}
}

// TestDB_StoreEntry_poisoned: a bad entry fails alone, and the others of its
// group are stored.
func TestDB_StoreEntry_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		poisonous(t, kind, url, "INSERT", "playlog", "track_title")
		const n, bad = 100, 70
		group := make([]model.Entry, n)
		for i := range group {
			group[i] = entry(i, "good")
		}
		group[bad].Title = poison
		for i, err := range db.CommitGroup(group...) {
			if i == bad {
				wantRefused(t, err)
			} else if err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		}
		if stored := find(t, db, model.EntryQuery{}); len(stored) != n-1 {
			t.Errorf("%d are stored, want %d", len(stored), n-1)
		}
		wantRefused(t, db.StoreEntry(t.Context(), group[bad]))
	})
}

// TestDB_LogMissed_poisoned: if the correction fails, no entry remains.
func TestDB_LogMissed_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		poisonous(t, kind, url, "INSERT", "correction", "reason")
		_, _, err := db.LogMissed(t.Context(), entry(0, "a"), model.Correction{Kind: model.CorrectionLog, At: noon, Reason: poison})
		wantRefused(t, err)
		if left := find(t, db, model.EntryQuery{}); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// TestDB_Correct_poisoned: if applying the correction fails, no correction
// remains.
func TestDB_Correct_poisoned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		store(t, db, entry(0, poison))
		poisonous(t, kind, url, "UPDATE", "playlog", "track_title")
		id := only(t, db).ID
		_, err := db.Correct(t.Context(), id, func(model.Entry, []model.Correction) (model.Correction, error) { return amend(0, "b"), nil })
		wantRefused(t, err)
		if left, err := db.Corrections(t.Context(), id); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// TestDB_Close: what StoreEntry accepted before Close is stored; what comes
// later is refused.
func TestDB_Close(t *testing.T) {
	onEachURL(t, func(t *testing.T, first *repo.Node, _ repotest.Kind, url string) {
		db, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		acknowledged := 0
		begun := make(chan struct{}, 200)
		for i := range 200 {
			all.Go(func() {
				begun <- struct{}{}
				err := db.StoreEntry(t.Context(), entry(i, "a"))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					acknowledged++
				} else if !errors.Is(err, model.ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		for range 100 {
			<-begun
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		if stored := find(t, first, model.EntryQuery{}); len(stored) != acknowledged {
			t.Errorf("%d are stored, %d acknowledged", len(stored), acknowledged)
		}
		if err := db.StoreEntry(t.Context(), entry(1000, "late")); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("after Close: %v, want %v", err, model.ErrUnavailable)
		}
	})
}

// promptly returns what do returns. do must return well before
// repotest.QueryTimeout.
func promptly(t *testing.T, do func() error) error {
	t.Helper()
	answer := make(chan error, 1)
	go func() { answer <- do() }()
	return patience.Receive(t, "an answer of the repo", answer)
}

func wantUnavailable(t *testing.T, do func() error) {
	t.Helper()
	if err := promptly(t, do); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, model.ErrUnavailable)
	}
}

// openImpatient opens a database for calls that must fail. Calls that must
// succeed need storeAtLast or another handle.
func openImpatient(t *testing.T, url string) *repo.Node {
	t.Helper()
	db, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: 300 * time.Millisecond}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// wantPatience checks that writes which the database refuses succeed as soon as
// it is back.
func wantPatience(t *testing.T, db *repo.Node, mend func()) {
	t.Helper()
	station := db.Station(t, 1)
	results := make(chan error, 10)
	begun := 0
	for name, write := range map[string]func() error{
		"StoreEntry":            func() error { return db.StoreEntry(t.Context(), entry(6000, "patient")) },
		"StoreHealth":           func() error { return db.StoreHealth(t.Context(), model.Health{Source: 1, LogTime: noon}, asSaid) },
		"StoreEntry, sync node": func() error { return station.StoreEntry(t.Context(), entry(7000, "patient")) },
		"StoreMaintenance": func() error {
			return station.StoreMaintenance(t.Context(), model.Maintenance{Source: 1, ChangedAt: noon}, status.LastMaintenance)
		},
	} {
		begun++
		refused := db.AwaitRefusal(t)
		go func() {
			err := write()
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			results <- err
		}()
		refused()
	}
	if len(results) > 0 {
		t.Errorf("did not wait: %v", <-results)
		begun--
	}
	mend()
	for range begun {
		if err := patience.Receive(t, "the result of a write", results); err != nil {
			t.Error(err)
		}
	}
}

// TestDB_patience: writes wait for the schema, but not when the service stops.
func TestDB_patience(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, _ repotest.Kind, url string) {
		hasty := openImpatient(t, url)
		wantUnavailable(t, func() error { return hasty.StoreEntry(t.Context(), entry(0, "hasty")) })

		stopping, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: repotest.QueryTimeout}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		refused, result := stopping.AwaitRefusal(t), make(chan error, 1)
		go func() { result <- stopping.StoreEntry(t.Context(), entry(0, "stopping")) }()
		refused()
		if err := promptly(t, stopping.Close); err != nil {
			t.Error(err)
		}
		if err := patience.Receive(t, "the result of a write", result); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("stopping: %v, want %v", err, model.ErrUnavailable)
		}

		db := repotest.OpenURL(t, url)
		wantPatience(t, db, func() {
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// storeAtLast stores an entry, however often the call times out.
func storeAtLast(t *testing.T, db *repo.Node, e model.Entry) {
	t.Helper()
	patience.Await(t, func() error { return db.StoreEntry(t.Context(), e) })
}

// TestDB_SQLite_locked: another process holds the write lock for long.
func TestDB_SQLite_locked(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	patient := repotest.OpenURL(t, url)
	db := openImpatient(t, url)
	tx, err := rawSQL(t, repotest.KindSQLite, url).BeginTx(t.Context(), nil) // immediate
	if err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, func() error { return db.StoreEntry(t.Context(), entry(0, "a")) })
	wantUnavailable(t, func() error { _, _, err := db.LogMissed(t.Context(), entry(1, "b"), amend(0, "c")); return err })
	if err := promptly(t, func() error { return patient.Ready(t.Context()) }); err != nil {
		t.Errorf("readers are locked out: %v", err)
	}
	wantUnavailable(t, func() error { return db.Writable(t.Context()) })
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	storeAtLast(t, db, entry(0, "a"))
}

// TestDB_StoreDeliveries_slow: callers wait only as long as they want to, even
// if the database ignores their context.
func TestDB_StoreDeliveries_slow(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	db := repotest.OpenURL(t, url)
	first := deliver(t, db, owed("command", "a"))[0]
	tx, err := rawSQL(t, repotest.KindSQLite, url).BeginTx(t.Context(), nil) // immediate: like a stalled disk
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, call := range map[string]func() error{
		"StoreDeliveries": func() error {
			_, err := db.StoreDeliveries(ctx, []model.Delivery{owed("command", "b")})
			return err
		},
		"EndDelivery": func() error { return db.EndDelivery(ctx, first.ID, noon, "") },
	} {
		if err := promptly(t, call); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, want %v", name, err, context.DeadlineExceeded)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := deliver(t, db, owed("command", "c")); got[0].ID == 0 {
		t.Errorf("%+v", got)
	}
}

// TestDB_OnLate: an entry that was stored when nobody waited for it any more is
// reported.
func TestDB_OnLate(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	db := repotest.OpenURL(t, url)
	late := make(chan struct{}, 1)
	db.OnLate(func() { late <- struct{}{} })
	tx, err := rawSQL(t, repotest.KindSQLite, url).BeginTx(t.Context(), nil) // immediate
	if err != nil {
		t.Fatal(err)
	}
	db.CommitNext(t, entry(0, "x"))
	ctx, leave := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- db.StoreEntry(ctx, entry(1, "a")) }()
	db.AwaitQueued(t)
	leave()
	if err := patience.Receive(t, "an answer without the database", answer); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	patience.Receive(t, "the entry whose caller left", late)
	if got := titlesOf(find(t, db, model.EntryQuery{})); got != "ax" {
		t.Errorf("stored are %q", got)
	}
	store(t, db, entry(2, "b"))
	if len(late) > 0 {
		t.Error("told of an entry whose caller was there")
	}
}

// TestDB_SQLite_full: the disk is full, then it is not full any more.
func TestDB_SQLite_full(t *testing.T) {
	t.Parallel()
	db := repotest.Open(t, repotest.KindSQLite)
	if err := db.ExecRaw(t.Context(), "PRAGMA max_page_count = 1"); err != nil { // the current number of pages
		t.Fatal(err)
	}
	var err error
	stored := 0
	for ; err == nil && stored < 1000; stored++ {
		err = db.StoreEntry(t.Context(), entry(stored, strings.Repeat("x", model.MaxText)))
	}
	if !errors.Is(err, model.ErrUnavailable) {
		t.Fatalf("error %v, want %v", err, model.ErrUnavailable)
	}
	for _, err := range db.CommitGroup(entry(2000, strings.Repeat("y", model.MaxText)), entry(2001, strings.Repeat("z", model.MaxText))) {
		if !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("in a group: %v, want %v", err, model.ErrUnavailable)
		}
	}
	if err := db.ExecRaw(t.Context(), "PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	store(t, db, entry(3000, "fits"))
	if got := find(t, db, model.EntryQuery{}); len(got) != stored {
		t.Errorf("%d are stored, want the %d acknowledged", len(got), stored)
	}
}

// TestDB_MariaDB_server is not parallel, because it disturbs every user of the
// server.
func TestDB_MariaDB_server(t *testing.T) {
	server := repotest.MariaDB(t)
	url := repotest.MigratedURL(t, repotest.KindMariaDB)
	db := repotest.OpenURL(t, url)
	second := 0
	storeNext := func() error {
		second++
		return db.StoreEntry(t.Context(), entry(second, "a"))
	}
	for name, end := range map[string]func(){"Killed": server.Kill, "Stopped": server.Stop} {
		t.Run(name, func(t *testing.T) {
			defer server.Restart(t)
			if err := storeNext(); err != nil {
				t.Fatal(err)
			}
			end()
			hasty := openImpatient(t, url)
			for n := range 3 {
				wantUnavailable(t, func() error { return hasty.StoreEntry(t.Context(), entry(4000+n, "hasty")) })
			}
			// Reads do not wait.
			wantUnavailable(t, func() error { return db.Ready(t.Context()) })
			wantUnavailable(t, func() error { _, err := db.LatestEntry(t.Context(), noon); return err })
			wantPatience(t, db, func() { server.Restart(t) })
			if err := storeNext(); err != nil {
				t.Errorf("after the restart: %v", err)
			}
		})
	}
	t.Run("ReadOnly", func(t *testing.T) {
		db := repotest.OpenURL(t, server.CommonURL(t))
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.SetReadOnly(t, true)
		wantNoWrites(t, db, "read-only") // nothing else writes
		wantPatience(t, db, func() { server.SetReadOnly(t, false) })
		wantWrites(t, db)
	})
	t.Run("NoConnectionLeft", func(t *testing.T) {
		url := server.CommonURL(t)
		first := repotest.OpenURL(t, url)
		if err := first.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.LimitConnections(t, url, 1)
		release, err := first.HoldWriter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantPatience(t, repotest.OpenURL(t, url), release)
	})
	t.Run("Hung", func(t *testing.T) {
		db := openImpatient(t, url)
		storeAtLast(t, db, entry(5000, "before"))
		latest := func() error { _, err := db.LatestEntry(t.Context(), noon.Add(24*time.Hour)); return err }
		patience.Await(t, latest)
		server.Pause()
		defer server.Resume()
		for range 2 {
			wantUnavailable(t, func() error { return db.StoreEntry(t.Context(), entry(5001, "hung")) })
		}
		// Once a read has timed out, reads are not even tried.
		wantUnavailable(t, latest)
		for _, read := range []func() error{latest, func() error { return db.Ready(t.Context()) }} {
			if err := read(); !repo.IsSilent(err) || !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("a read was tried: %v", err)
			}
		}
		// Writes are.
		if err := db.StoreEntry(t.Context(), entry(5001, "hung")); repo.IsSilent(err) || !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("a write was not tried: %v", err)
		}
		server.Resume()
		patience.Await(t, latest)
		// The handle with the long timeout proves that the server is back.
		if err := storeNext(); err != nil {
			t.Fatal(err)
		}
		storeAtLast(t, db, entry(5002, "after"))
	})
}
