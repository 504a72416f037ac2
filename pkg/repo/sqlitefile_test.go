package repo_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// fileAlone opens a copy of a database's file, without the log next to it.
func fileAlone(t *testing.T, path string) *repo.Node {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return repotest.OpenURL(t, "sqlite://"+alone)
}

// newSQLite is a new database with the schema, and the path of its file.
func newSQLite(t *testing.T) (db *repo.Node, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.db")
	db = repotest.OpenURL(t, "sqlite://"+path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, path
}

// TestDB_SQLite_checkpoint: the file alone has the schema after a migration, and
// what was written when nothing is written any more.
func TestDB_SQLite_checkpoint(t *testing.T) {
	t.Parallel()
	db, path := newSQLite(t)
	if err := fileAlone(t, path).Ready(t.Context()); err != nil {
		t.Fatalf("after the migration: %v", err)
	}
	const n = 50
	for i := range n {
		store(t, db, entry(i, "a"))
	}
	patience.Await(t, func() error {
		stored, err := fileAlone(t, path).Entries(t.Context(), model.EntryQuery{})
		if err == nil && len(stored) < n {
			err = fmt.Errorf("the file has %d entries, want %d", len(stored), n)
		}
		return err
	})
}

// TestDB_SQLite_longReader: the log that a reader let grow shrinks again.
func TestDB_SQLite_longReader(t *testing.T) {
	t.Parallel()
	db, path := newSQLite(t)
	log := func() int64 {
		_, log, known := db.Size()
		if !known {
			t.Fatal("the size is not known")
		}
		return log
	}
	reader, err := rawSQL(t, repotest.KindSQLite, "sqlite://"+path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, statement := range []string{"BEGIN DEFERRED", "SELECT COUNT(*) FROM playlog"} {
		if _, err := reader.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	const large = 40 << 20
	for _, statement := range []string{"CREATE TABLE filler (b BLOB)", fmt.Sprintf("INSERT INTO filler VALUES (zeroblob(%d))", large)} {
		if err := db.ExecRaw(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if size := log(); size < large {
		t.Fatalf("the log has only %d bytes", size)
	}
	if _, err := reader.ExecContext(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	second := 0
	patience.Await(t, func() error {
		second++
		store(t, db, entry(second, "a"))
		if size := log(); size > large/2 {
			return fmt.Errorf("the log has %d bytes", size)
		}
		return nil
	})
	if file, _, _ := db.Size(); file < large {
		t.Errorf("the file has %d bytes", file)
	}
}

// TestDB_SQLite_mode: only the service's user may read the database. The umask
// of tests lets everybody read.
func TestDB_SQLite_mode(t *testing.T) {
	t.Parallel()
	db, path := newSQLite(t)
	store(t, db, entry(0, "a"))
	for _, part := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(part)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %s", filepath.Base(part), info.Mode())
		}
	}
	// What an administrator allowed stays.
	if err := errors.Join(os.Chmod(path, 0o640), repotest.OpenURL(t, "sqlite://"+path).Ready(t.Context())); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != fs.FileMode(0o640) {
		t.Errorf("an existing file: %v, %v", info.Mode(), err)
	}
}
