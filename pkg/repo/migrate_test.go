package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/migrations"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
)

// onEachEmpty runs fn in parallel on every kind of database, without a schema.
func onEachEmpty(t *testing.T, fn func(t *testing.T, kind repotest.Kind, url string)) {
	t.Helper()
	onEachKind(t, repotest.URL, fn)
}

func onEachKind(t *testing.T, newURL func(testing.TB, repotest.Kind) string, fn func(t *testing.T, kind repotest.Kind, url string)) {
	t.Helper()
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			fn(t, kind, newURL(t, kind))
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
		known, err := db.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		knows := fmt.Sprintf("knows %d", known[len(known)-1].Version)
		execSQL(t, rawSQL(t, kind, url), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		_, statusErr := db.MigrationStatus(t.Context())
		for name, err := range map[string]error{
			"Ready": db.Ready(t.Context()), "Migrate": db.Migrate(t.Context()),
			"MigrateDown": db.MigrateDown(t.Context()), "MigrationStatus": statusErr,
		} {
			if !errors.Is(err, repo.ErrSchemaNewer) || !strings.Contains(err.Error(), "9999") || !strings.Contains(err.Error(), knows) {
				t.Errorf("%s: %v, want %v with both versions", name, err, repo.ErrSchemaNewer)
			}
		}
	})
}

// TestDB_Migrate_newerUsable: a program starts and writes on a newer schema if
// all its migrations say that the program may.
func TestDB_Migrate_newerUsable(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		db := repotest.OpenURL(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw := rawSQL(t, kind, url)
		for _, statement := range []string{
			"ALTER TABLE playlog ADD COLUMN track_mood VARCHAR(16) NOT NULL DEFAULT 'calm'",
			"CREATE TABLE mood (id INT NOT NULL)",
			"INSERT INTO schema_step (version, oldest) VALUES (9998, 18), (9999, 17)",
			"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9998, 1), (9999, 1)",
		} {
			execSQL(t, raw, strings.ReplaceAll(statement, "VARCHAR(16)", map[repotest.Kind]string{repotest.KindSQLite: "TEXT", repotest.KindMariaDB: "VARCHAR(16)"}[kind]))
		}
		for range 2 {
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := db.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if status, err := db.MigrationStatus(t.Context()); err != nil || status[len(status)-1].Version == 9999 {
			t.Errorf("%v, %v", status, err)
		}
		store(t, db, entry(0, "one"))
		station := repotest.OpenURL(t, url).Station(t, 1)
		if err := errors.Join(station.Prepare(t.Context()), station.StoreEntry(t.Context(), entry(60, "two"))); err != nil {
			t.Error(err)
		}
		if got := titlesOf(find(t, db, model.EntryQuery{Oldest: true})); got != "onetwo" {
			t.Errorf("stored %q", got)
		}
		if n, err := station.OnAir().CountEntries(t.Context(), model.EntryQuery{}); err != nil || n != 2 {
			t.Errorf("%d on air, %v", n, err)
		}

		execSQL(t, raw, "UPDATE schema_step SET oldest = 9998 WHERE version = 9998")
		for name, err := range map[string]error{"Ready": db.Ready(t.Context()), "Migrate": db.Migrate(t.Context())} {
			if !errors.Is(err, repo.ErrSchemaNewer) {
				t.Errorf("%s: %v, want %v", name, err, repo.ErrSchemaNewer)
			}
		}
	})
}

// TestMigratedURL: the copy that most tests use is what migrations make.
func TestMigratedURL(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		db := repotest.OpenURL(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		copied := repotest.MigratedURL(t, kind)
		if got, want := schemaOf(t, kind, copied), schemaOf(t, kind, url); got != want {
			t.Errorf("the copy's schema is\n%s\nwant\n%s", got, want)
		}
		if err := repotest.OpenURL(t, copied).Ready(t.Context()); err != nil {
			t.Error(err)
		}
		tables := query(t, rawSQL(t, kind, copied), map[repotest.Kind]string{
			repotest.KindSQLite:  "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
			repotest.KindMariaDB: "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()",
		}[kind])
		for _, table := range tables {
			count := "SELECT COUNT(*) AS n FROM " + table["name"]
			if got, want := query(t, rawSQL(t, kind, copied), count), query(t, rawSQL(t, kind, url), count); !reflect.DeepEqual(got, want) {
				t.Errorf("%s has %v rows, want %v", table["name"], got, want)
			}
		}
		if len(tables) < 20 {
			t.Errorf("only %d tables", len(tables))
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

// TestDB_Migrate_meanwhile: a service answers while its schema changes. What it
// cannot do during the change, it can do later.
func TestDB_Migrate_meanwhile(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, _ repotest.Kind, url string) {
		db := repotest.OpenURL(t, url)
		stop := serve(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		status, err := db.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range len(status) - 5 { // the sixth migration was the first that added a column
			if err := db.MigrateDown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		stop()
	})
}

// serve makes a node and a station work on a database, whatever its schema,
// until stop. They may fail only because the database is unavailable.
func serve(t *testing.T, url string) (stop func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	db, station := openImpatient(t, url), openImpatient(t, url).Station(t, 1)
	calls := map[string]func(n int) error{
		"StoreEntry":            func(n int) error { return db.StoreEntry(ctx, entry(n, "title")) },
		"StoreEntry, sync node": func(n int) error { return station.StoreEntry(ctx, entry(n*7200, "title")) },
		"Activate": func(n int) error {
			at := noon.Add(time.Duration(n) * time.Hour)
			_, err := station.Activate(ctx, asked(model.Activation{Source: 1 + n%2, From: at, RecordedAt: at}), source.Admit)
			return err
		},
		"ActiveSource": func(int) error {
			_, err := db.ActiveSource(ctx, noon)
			return err
		},
		"StoreClock": func(n int) error {
			return db.StoreClock(ctx, model.Clock{Source: 1, SentAt: noon.Add(time.Duration(n) * time.Second), Body: []byte("{}")}, status.LastClock)
		},
		"Unsynced": func(int) error {
			_, err := db.Unsynced(ctx, 10)
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
	stop = sync.OnceFunc(func() {
		close(over)
		<-called
	})
	t.Cleanup(stop) // also after a failure, and before the databases are closed
	return stop
}

// TestDB_Migrate_faults: a migration that fails at any statement, before or
// after the statement took effect, continues with the next call. Services write
// meanwhile.
func TestDB_Migrate_faults(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		whole := repotest.URL(t, kind)
		if err := repotest.OpenURL(t, whole).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop := serve(t, url)
		db := repotest.OpenURL(t, url)
		raw := rawSQL(t, kind, url)
		lost := errors.New("the connection is lost")
		failed := map[string]bool{}
		step := int64(0)
		db.FaultMigrations(func(statement string, done bool) error {
			if name := fmt.Sprint(step, done, statement); !failed[name] {
				failed[name] = true
				return lost
			}
			return nil
		})
		for {
			err := db.Migrate(t.Context())
			if err == nil {
				break
			}
			if !errors.Is(err, lost) {
				t.Fatal(err)
			}
			// The step is part of the key, so that the same statement of
			// another migration fails, too.
			if err := raw.QueryRowContext(t.Context(), "SELECT MAX(version_id) FROM goose_db_version").Scan(&step); err != nil && step > 0 { // before the first step there may be no table
				t.Fatal(err)
			}
		}
		station := repotest.OpenURL(t, url).Station(t, 1)
		patience.Await(t, func() error { // the services' writes succeed at the latest now
			n, err := station.OnAir().CountEntries(t.Context(), model.EntryQuery{})
			if err == nil && n == 0 {
				err = errors.New("nothing is written")
			}
			return err
		})
		stop()
		if len(failed) < 4*18 {
			t.Errorf("only %d statements failed", len(failed))
		}
		if got, want := schemaOf(t, kind, url), schemaOf(t, kind, whole); got != want {
			t.Errorf("the schema is\n%s\nwant\n%s", got, want)
		}
		if err := station.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if differing, err := station.Verify(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d differ, %v", differing, err)
		}
	})
}

// schemaOf is a database's schema as text.
func schemaOf(t *testing.T, kind repotest.Kind, url string) string {
	t.Helper()
	query := "SELECT CONCAT_WS(' ', table_name, ordinal_position, column_name, column_type, is_nullable, column_default)" +
		" FROM information_schema.columns WHERE table_schema = DATABASE()" +
		" UNION ALL SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique)" +
		" FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1"
	if kind == repotest.KindSQLite {
		query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
	}
	rows, err := rawSQL(t, kind, url).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil || all.Len() == 0 {
		t.Fatal("no schema", err)
	}
	return all.String()
}

// TestDB_Migrate_foreign: an object that somebody else created before is not
// taken for the migration's.
func TestDB_Migrate_foreign(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		execSQL(t, raw, "CREATE TABLE playlog (id INT)")
		db := repotest.OpenURL(t, url)
		for range 3 {
			if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "already exists") {
				t.Fatalf("%v, want an error about the table", err)
			}
		}
		execSQL(t, raw, "DROP TABLE playlog")
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestStation_Prepare_older: a program that does not count the days writes. Its
// changes are counted at the next start of a program that does.
func TestStation_Prepare_older(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		onAirStation(t, s)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		execSQL(t, raw, "UPDATE onair_day SET segments = segments + 5")
		execSQL(t, raw, "INSERT INTO onair_day (day, segments) VALUES ('2001-01-01', 3)")
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing == 0 {
			t.Fatalf("%d differ, %v: all days are counted at every start", differing, err)
		}
		// A program that does not know the column known writes like this.
		execSQL(t, raw, "INSERT INTO changed (n, changed_at) SELECT MAX(n) + 1, MAX(changed_at) FROM changed")
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d differ, %v", differing, err)
		}
		var unknown int
		if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM changed WHERE known = 0").Scan(&unknown); err != nil || unknown != 0 {
			t.Errorf("%d changes are still to be counted, %v", unknown, err)
		}
	})
}

// TestStation_known: a change says which migrations its writer knows, so that a
// newer program finds out what the writer left out.
func TestStation_known(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		if err := s.StoreEntry(t.Context(), playedAt(1, 0, 3, "a")); err != nil {
			t.Fatal(err)
		}
		steps, err := s.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(steps[len(steps)-1].Version)
		if noted := query(t, raw, "SELECT known FROM changed"); len(noted) != 1 || noted[0]["known"] != want {
			t.Errorf("noted %v, want %s", noted, want)
		}
	})
}

// TestMigrations: a version has the same meaning in every database, and
// MariaDB's files hold one statement each way.
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
		other, err := migrations.SQLite.ReadFile(sqlite[i])
		if err != nil {
			t.Fatal(err)
		}
		if i < 17 {
			continue // programs of that time accept no newer schema
		}
		oldest := regexp.MustCompile(`(?m)^-- Oldest program: (\d+)$`)
		named, same := oldest.FindStringSubmatch(string(text)), oldest.FindStringSubmatch(string(other))
		if named == nil || same == nil || named[1] != same[1] {
			t.Errorf("%s: the oldest program is %q, and %q in the other folder", mysql[i], named, same)
			continue
		}
		if n, err := strconv.Atoi(named[1]); err != nil || n < 17 || n > i+1 {
			t.Errorf("%s: %q can't be the oldest program", mysql[i], named[1])
		}
	}
}
