package repo_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestNode_FileGone: what is written into a file that is no longer at its path is
// not acknowledged. When the file is back, everything goes on.
func TestNode_FileGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "node.db")
	db, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	store(t, db, entry(0, "before"))
	gone := func(doing string, err error) {
		t.Helper()
		if !errors.Is(err, repo.ErrFileGone) || !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("%s: error is %v", doing, err)
		}
	}
	aside := path + ".aside"
	for _, replace := range []bool{false, true} {
		if err := os.Rename(path, aside); err != nil {
			t.Fatal(err)
		}
		if replace {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		gone("a new entry", db.StoreEntry(t.Context(), entry(1, "gone")))
		gone("an entry again", db.StoreEntry(t.Context(), entry(0, "before")))
		for _, err := range db.CommitGroup(entry(2, "a"), entry(3, "b")) {
			gone("a group", err)
		}
		gone("health", db.StoreHealth(t.Context(), model.Health{Source: 1, LogTime: noon}, asSaid))
		gone("a probe", db.Writable(t.Context()))
		if err := os.Rename(aside, path); err != nil {
			t.Fatal(err)
		}
		if err := db.StoreEntry(t.Context(), entry(1, "gone")); err != nil {
			t.Errorf("the file is back: %v", err)
		}
	}
}
