package repo_test

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/migrations"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// onEachEmpty runs fn in parallel on every kind of database, without a schema.
func onEachEmpty(t *testing.T, fn func(t *testing.T, kind repotest.Kind, url string)) {
	t.Helper()
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			fn(t, kind, repotest.URL(t, kind))
		})
	}
}

func TestDB_Migrate(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		db := repotest.OpenURL(t, url)
		if err := db.Ready(t.Context()); !errors.Is(err, repo.ErrSchemaOlder) || !strings.Contains(err.Error(), "version 0") {
			t.Errorf("before: %v, want %v", err, repo.ErrSchemaOlder)
		}
		for range 2 {
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := db.Ready(t.Context()); err != nil {
				t.Errorf("after: %v", err)
			}
		}
		status, err := db.MigrationStatus(t.Context())
		if err != nil || len(status) == 0 {
			t.Fatalf("%v, %v", status, err)
		}
		for i, m := range status {
			if m.Version != int64(i+1) || !m.Applied || m.AppliedAt.IsZero() || !strings.HasSuffix(m.Name, ".sql") {
				t.Errorf("%+v", m)
			}
		}

		for left := len(status) - 1; left >= 0; left-- {
			if err := db.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
			status, err := db.MigrationStatus(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range status {
				if m.Applied != (i < left) {
					t.Errorf("%d left: %+v", left, m)
				}
			}
			if err := db.Ready(t.Context()); !errors.Is(err, repo.ErrSchemaOlder) {
				t.Errorf("%d left: %v, want %v", left, err, repo.ErrSchemaOlder)
			}
		}
		if err := db.MigrateDown(t.Context()); err == nil {
			t.Error("took back what is not there")
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Errorf("up again: %v", err)
		}
	})
}

func TestDB_Migrate_newer(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		db := repotest.OpenURL(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		execSQL(t, rawSQL(t, kind, url), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		_, statusErr := db.MigrationStatus(t.Context())
		for name, err := range map[string]error{
			"Ready": db.Ready(t.Context()), "Migrate": db.Migrate(t.Context()),
			"MigrateDown": db.MigrateDown(t.Context()), "MigrationStatus": statusErr,
		} {
			if !errors.Is(err, repo.ErrSchemaNewer) || !strings.Contains(err.Error(), "9999") || !strings.Contains(err.Error(), "knows 17") {
				t.Errorf("%s: %v, want %v with both versions", name, err, repo.ErrSchemaNewer)
			}
		}
	})
}

// TestDB_Migrate_concurrent: services that start together migrate once.
func TestDB_Migrate_concurrent(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, _ repotest.Kind, url string) {
		var all sync.WaitGroup
		for range 4 {
			db := repotest.OpenURL(t, url)
			all.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := db.Ready(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// TestDB_Migrate_meanwhile: a service answers while its schema changes, and what
// it can't do then it can do later.
func TestDB_Migrate_meanwhile(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, _ repotest.Kind, url string) {
		db, station := repotest.OpenURL(t, url), repotest.OpenURL(t, url).Station(1)
		calls := map[string]func(n int) error{
			"StoreEntry":            func(n int) error { return db.StoreEntry(t.Context(), entry(n, "title")) },
			"StoreEntry, sync node": func(n int) error { return station.StoreEntry(t.Context(), entry(n, "title")) },
			"Activate": func(n int) error {
				at := noon.Add(time.Duration(n) * time.Second)
				_, err := station.Activate(t.Context(), model.Activation{Source: 1 + n%2, From: at, RecordedAt: at}, admitAll)
				return err
			},
			"ActiveSource": func(int) error {
				_, err := db.ActiveSource(t.Context(), noon)
				return err
			},
			"StoreClock": func(n int) error {
				return db.StoreClock(t.Context(), model.Clock{Source: 1, SentAt: noon.Add(time.Duration(n) * time.Second), Body: []byte("{}")})
			},
			"Unsynced": func(int) error {
				_, err := db.Unsynced(t.Context(), 10)
				return err
			},
		}
		over, called := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(called)
			for n := 0; ; n++ {
				for name, call := range calls {
					select {
					case <-over:
						return
					default:
					}
					if err := call(n); err != nil && !errors.Is(err, model.ErrUnavailable) && !errors.Is(err, model.ErrNotFound) {
						t.Errorf("%s: %v, want success or %v", name, err, model.ErrUnavailable)
					}
				}
			}
		}()
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		status, err := db.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range len(status) - 5 { // the sixth was the first that added a column
			if err := db.MigrateDown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		close(over)
		<-called
	})
}

// TestMigrations: a version means the same in every database, and MariaDB's
// files hold one statement each way.
func TestMigrations(t *testing.T) {
	t.Parallel()
	mysql, err := fs.Glob(migrations.MySQL, "mysql/*.sql")
	if err != nil || len(mysql) == 0 {
		t.Fatalf("%v, %v", mysql, err)
	}
	sqlite, err := fs.Glob(migrations.SQLite, "sqlite/*.sql")
	if err != nil || len(sqlite) != len(mysql) {
		t.Fatalf("%v, %v, want as many as %v", sqlite, err, mysql)
	}
	for i := range mysql {
		if got, want := strings.TrimPrefix(sqlite[i], "sqlite/"), strings.TrimPrefix(mysql[i], "mysql/"); got != want {
			t.Errorf("sqlite has %s where mysql has %s", got, want)
		}
		text, err := migrations.MySQL.ReadFile(mysql[i])
		if err != nil {
			t.Fatal(err)
		}
		up, down, ok := strings.Cut(string(text), "-- +goose Down")
		if _, up, _ = strings.Cut(up, "-- +goose Up"); !ok || strings.Count(up, ";\n") != 1 || strings.Count(down, ";\n") != 1 {
			t.Errorf("%s: want one statement each way", mysql[i])
		}
	}
}
