package repo_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestNode_FileGone: what is written into a file that is no longer at its path is
// not acknowledged, and what was stored can still be copied. When the file is back,
// everything goes on.
func TestNode_FileGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "node.db")
	db := openAt(t, path)
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
		gone("a look", db.InPlace())
		if got := titlesOfBackup(t, db); !slices.Contains(got, "before") {
			t.Errorf("the backup has %q", got)
		}
		if err := os.Rename(aside, path); err != nil {
			t.Fatal(err)
		}
		if err := db.StoreEntry(t.Context(), entry(1, "gone")); err != nil {
			t.Errorf("the file is back: %v", err)
		}
	}
	if err := db.InPlace(); err != nil {
		t.Error(err)
	}
}

// TestNode_Backup: a copy has all that was stored, and leaves nothing next to the
// database. What comes meanwhile is stored, and the reads stay reads.
func TestNode_Backup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openAt(t, filepath.Join(dir, "node.db"))
	store(t, db, entry(0, "a"), entry(1, "b"))
	for range 2 {
		if got := titlesOfBackup(t, db); !slices.Equal(got, []string{"b", "a"}) {
			t.Errorf("the backup has %q", got)
		}
	}
	store(t, db, entry(2, "c"))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(f.Name(), "backup") {
			t.Errorf("left is %s", f.Name())
		}
	}
}

func openAt(t *testing.T, path string) *repo.Node {
	t.Helper()
	db, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// titlesOfBackup restores a backup of a database elsewhere, and returns the titles
// in it, the latest first.
func titlesOfBackup(t *testing.T, db *repo.Node) (titles []string) {
	t.Helper()
	from, err := db.Backup(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	path := filepath.Join(t.TempDir(), "restored.db")
	to, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := openAt(t, path).Entries(t.Context(), model.EntryQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		titles = append(titles, e.Title)
	}
	return titles
}
