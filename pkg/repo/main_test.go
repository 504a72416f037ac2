package repo_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestMain sets on how many histories each property is tried. The command line
// may say more, such as -rapid.checks=1000; `make soak` does.
func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		os.Exit(storeUntilKilled(url))
	}
	if url := os.Getenv(strangerURL); url != "" {
		os.Exit(openAsStranger(url))
	}
	if err := flag.Set("rapid.checks", "12"); err != nil {
		panic(err)
	}
	code := repotest.Main(m)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// checks is on how many histories a property is tried.
func checks(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// onEach runs fn in parallel on every kind of database. Each database is new
// and migrated.
func onEach(t *testing.T, fn func(t *testing.T, db *repo.Node)) {
	t.Helper()
	t.Parallel()
	repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
		t.Parallel()
		fn(t, open(t))
	})
}

var noon = time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)

// entry is an entry that started so many seconds after noon.
func entry(second int, title string) model.Entry {
	return model.Entry{LogSource: 1, TrackStart: noon.Add(time.Duration(second) * time.Second), Artist: "Mazzie Star", Title: title}
}

func store(t *testing.T, db *repo.Node, entries ...model.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := db.StoreEntry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// entries are the databases with a playlog: a Node and a Station.
type entries interface {
	Entries(ctx context.Context, q model.EntryQuery) ([]model.Entry, error)
}

// find returns the entries of a query.
func find(t *testing.T, db interface {
	Entries(context.Context, model.EntryQuery) ([]model.Entry, error)
}, q model.EntryQuery) []model.Entry {
	t.Helper()
	found, err := db.Entries(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// only returns the single entry of the database.
func only(t *testing.T, db entries) model.Entry {
	t.Helper()
	found := find(t, db, model.EntryQuery{})
	if len(found) != 1 {
		t.Fatalf("%d entries, want 1: %v", len(found), found)
	}
	return found[0]
}

func titlesOf(entries []model.Entry) string {
	var all string
	for _, e := range entries {
		all += e.Title
	}
	return all
}
