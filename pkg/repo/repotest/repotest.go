// Package repotest gives tests databases of their own: SQLite files in the
// test's directory, and databases in a private MariaDB server that it starts.
//
// It promises that no test sees another's data, that nothing outside the test
// is touched, and that the server ends with the test binary, however that ends.
package repotest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
)

// Kind is a kind of database.
type Kind string

// The kinds that every test of the repo runs on.
const (
	KindSQLite  Kind = "SQLite"
	KindMariaDB Kind = "MariaDB"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{KindSQLite, KindMariaDB} }

// URL names a database that is new and empty, without a schema. It skips the
// test where the kind is not installed; see MariaDB.
func URL(t testing.TB, kind Kind) string {
	t.Helper()
	if kind == KindMariaDB {
		return MariaDB(t).URL(t)
	}
	return "sqlite://" + filepath.Join(t.TempDir(), "test.db")
}

// Open opens a new database with the schema in place, and closes it when the
// test ends.
func Open(t testing.TB, kind Kind) *repo.DB {
	t.Helper()
	db := OpenURL(t, URL(t, kind))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// QueryTimeout is the longest that there is: however busy the machine is, no
// operation of a test ends for want of time.
const QueryTimeout = 5 * time.Minute

// OpenURL opens the database of that URL as it is, with QueryTimeout, and closes
// it when the test ends.
func OpenURL(t testing.TB, url string) *repo.DB {
	t.Helper()
	if strings.HasPrefix(url, "mysql:") && !strings.Contains(url, "?") {
		url += "?timeout=" + QueryTimeout.String() // to connect; a server that is not there refuses at once
	}
	db, err := repo.Open(repo.Config{URL: url, QueryTimeout: QueryTimeout}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Each runs fn as a subtest for every kind of database. open opens a new
// database with the schema in place.
func Each(t *testing.T, fn func(t *testing.T, open func(testing.TB) *repo.DB)) {
	t.Helper()
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			fn(t, func(t testing.TB) *repo.DB {
				t.Helper()
				return Open(t, kind)
			})
		})
	}
}
