package repo_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// strangerURL makes the test binary open that database and print the error.
const (
	strangerURL = "AURA_TEST_OPEN_AS_STRANGER"
	stranger    = 65534
)

func openAsStranger(url string) int {
	db, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
	fmt.Println(err)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return 1
	}
	return 0
}

// opening returns the error of opening a database, as a user without special
// rights.
func opening(t *testing.T, url string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), "/proc/self/exe") // the way to the binary may be closed to the user
	child.Env = append(os.Environ(), strangerURL+"="+url)
	if os.Geteuid() == 0 {
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	}
	out, err := child.Output()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// newFile is the path of a new SQLite database that everybody may write.
func newFile(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data") // the directory above is the test's own
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777), os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.db")
	db := repotest.OpenURL(t, "sqlite://"+path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(part, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestOpen_unwritable: a file that can't be written is refused, with its path
// and what is wrong.
func TestOpen_unwritable(t *testing.T) {
	t.Parallel()
	wantRefused := func(t *testing.T, got, path, why string) {
		t.Helper()
		if !strings.Contains(got, path) || !strings.Contains(got, why) || strings.Contains(got, "out of memory") {
			t.Errorf("opening says %q, want %s and %q", got, path, why)
		}
	}
	if got := opening(t, "sqlite://"+newFile(t)); got != "<nil>" {
		t.Fatalf("a file that can be written: %s", got)
	}
	for name, part := range map[string]string{"File": "", "Log": "-wal", "Index": "-shm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newFile(t)
			if err := os.Chmod(path+part, 0o444); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, opening(t, "sqlite://"+path), path+part, "permission denied (-r--r--r--")
		})
	}
	t.Run("Immutable", func(t *testing.T) {
		t.Parallel()
		path := newFile(t)
		if out, err := exec.CommandContext(t.Context(), "chattr", "+i", path).CombinedOutput(); err != nil {
			t.Skipf("chattr: %v: %s", err, out)
		}
		defer func() {
			if err := exec.Command("chattr", "-i", path).Run(); err != nil {
				t.Error(err)
			}
		}()
		wantRefused(t, opening(t, "sqlite://"+path), path, "operation not permitted")
	})
	t.Run("Directory", func(t *testing.T) {
		t.Parallel()
		path := t.TempDir()
		_, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop())
		wantRefused(t, fmt.Sprint(err), path, "not a file")
	})
	t.Run("OtherFile", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop())
		wantRefused(t, fmt.Sprint(err), path, "not a database")
	})
}

// ownDisk is a directory with a file system of its own.
func ownDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a disk of its own needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// wantWrites waits until Writable says ok.
func wantWrites(t *testing.T, db *repo.Node) {
	t.Helper()
	patience.Await(t, func() error { return db.Writable(t.Context()) })
}

// wantNoWrites waits until Writable says why writes fail. The last write may
// still hold.
func wantNoWrites(t *testing.T, db *repo.Node, why string) {
	t.Helper()
	patience.Await(t, func() error {
		err := db.Writable(t.Context())
		if !errors.Is(err, model.ErrUnavailable) || !strings.Contains(err.Error(), why) {
			return fmt.Errorf("writable: %w, want %q", err, why)
		}
		return nil
	})
}

// TestDB_Writable: what a write would meet is known without a write.
func TestDB_Writable(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		if err := db.Writable(t.Context()); err != nil {
			t.Errorf("by a try: %v", err)
		}
		store(t, db, entry(0, "a"))
		if err := db.Writable(t.Context()); err != nil {
			t.Errorf("by the last write: %v", err)
		}
		if got := titlesOf(find(t, db, model.EntryQuery{})); got != "a" {
			t.Errorf("stored are %q", got)
		}
	})
	t.Run("DiskFull", func(t *testing.T) {
		t.Parallel()
		dir := ownDisk(t)
		url := "sqlite://" + filepath.Join(dir, "a.db")
		db := repotest.OpenURL(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		filler := filepath.Join(dir, "filler")
		if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); err == nil {
			t.Fatal("the disk is too large")
		}
		// The log that is there already takes some entries.
		second := 0
		patience.Await(t, func() error {
			second++
			if err := db.StoreEntry(t.Context(), entry(second, strings.Repeat("x", model.MaxText))); err == nil {
				return errors.New("an entry still fits")
			}
			if err := db.Writable(t.Context()); !errors.Is(err, model.ErrUnavailable) || !strings.Contains(err.Error(), dir) {
				return fmt.Errorf("writable: %w, want an error that names %s", err, dir)
			}
			return nil
		})
		// When that failure is too long ago, a note is tried. A small one may fit.
		looks := 0
		patience.Await(t, func() error {
			if err := db.Writable(t.Context()); err == nil {
				t.Fatalf("after %d looks it is writable, and the disk is still full", looks)
			}
			if looks++; looks < 40 {
				return errors.New("it is not looked at for long enough")
			}
			return nil
		})
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		wantWrites(t, db)
	})
	t.Run("LastWrite", func(t *testing.T) {
		t.Parallel()
		db := repotest.Open(t, repotest.KindSQLite)
		wantWrites(t, db)
		if err := db.ExecRaw(t.Context(), "PRAGMA query_only = 1"); err != nil {
			t.Fatal(err)
		}
		if err := db.StoreEntry(t.Context(), entry(0, "a")); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("store: %v", err)
		}
		wantNoWrites(t, db, "readonly")
		if err := db.ExecRaw(t.Context(), "PRAGMA query_only = 0"); err != nil {
			t.Fatal(err)
		}
		wantWrites(t, db)
	})
	t.Run("ReadOnlyDisk", func(t *testing.T) {
		t.Parallel()
		dir := ownDisk(t)
		path := filepath.Join(dir, "a.db")
		db, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Migrate(t.Context()), db.Close(), syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")); err != nil {
			t.Fatal(err)
		}
		if _, err := repo.OpenNode(repo.Config{URL: "sqlite://" + path}, zerolog.Nop()); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), path) {
			t.Errorf("opening: %v", err)
		}
	})
}
