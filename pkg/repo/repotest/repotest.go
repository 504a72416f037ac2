// Package repotest gives tests databases of their own: SQLite files in the
// test's directory, and databases in a private MariaDB server that it starts.
//
// It promises that no test sees another's data, that nothing outside the test
// is touched, and that the server ends with the test binary, however that ends.
package repotest

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
)

// Kind is a kind of database.
type Kind string

// The kinds on which every test of the repo runs.
const (
	KindSQLite  Kind = "SQLite"
	KindMariaDB Kind = "MariaDB"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{KindSQLite, KindMariaDB} }

// URL returns the URL of a new and empty database, without a schema. It skips
// the test if the kind is not installed; see MariaDB.
func URL(t testing.TB, kind Kind) string {
	t.Helper()
	if kind == KindMariaDB {
		return MariaDB(t).URL(t)
	}
	return "sqlite://" + filepath.Join(t.TempDir(), "test.db")
}

// Open opens a new node's database with the schema in place, and closes it when
// the test ends.
func Open(t testing.TB, kind Kind) *repo.Node {
	t.Helper()
	return OpenURL(t, MigratedURL(t, kind))
}

// QueryTimeout is the longest that is allowed, so that no operation of a test
// times out, however busy the machine is. A fifth of it is how long a read of what
// was heard waits for what it derives, before it answers with what was derived
// until then.
const QueryTimeout = 5 * time.Minute

// configure returns the configuration for the database at that URL, with
// QueryTimeout.
func configure(url string) repo.Config {
	if strings.HasPrefix(url, "mysql:") && !strings.Contains(url, "?") {
		url += "?timeout=" + QueryTimeout.String() // the timeout to connect; a server that is not there refuses at once
	}
	return repo.Config{URL: url, QueryTimeout: QueryTimeout}
}

// OpenURL opens the node's database at that URL as it is, with QueryTimeout,
// and closes it when the test ends.
func OpenURL(t testing.TB, url string) *repo.Node {
	t.Helper()
	db, err := repo.OpenNode(configure(url), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	return db
}

// OpenStation opens a new station's database with the schema and the on-air log
// in place, and closes it when the test ends. Source 1 is the default.
func OpenStation(t testing.TB, kind Kind) *repo.Station {
	t.Helper()
	s := OpenStationURL(t, MigratedURL(t, kind))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// OpenStationURL opens the station's database at that URL as it is, with
// QueryTimeout, and closes it when the test ends. Source 1 is the default.
func OpenStationURL(t testing.TB, url string) *repo.Station {
	t.Helper()
	s, err := repo.OpenStation(configure(url), 1, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, s)
	return s
}

func closeAtEnd(t testing.TB, db io.Closer) {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Each runs fn as a subtest for every kind of database. open opens a new
// node's database with the schema in place.
func Each(t *testing.T, fn func(t *testing.T, open func(testing.TB) *repo.Node)) {
	t.Helper()
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			fn(t, func(t testing.TB) *repo.Node {
				t.Helper()
				return Open(t, kind)
			})
		})
	}
}
