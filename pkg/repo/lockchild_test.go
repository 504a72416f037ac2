package repo_test

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// keepOpen holds what this process has open at a path, until the test ends: so does a
// child process until its program begins.
func keepOpen(t *testing.T, path string) {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	const descriptors = "/proc/self/fd"
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		t.Fatal(err)
	}
	var held int
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if target, gone := os.Readlink(filepath.Join(descriptors, entry.Name())); err != nil || gone != nil || target != path {
			continue
		}
		syscall.ForkLock.RLock()
		copied, err := syscall.Dup(fd)
		syscall.CloseOnExec(copied)
		syscall.ForkLock.RUnlock()
		if err != nil {
			t.Fatal(err)
		}
		held++
		t.Cleanup(func() { _ = syscall.Close(copied) })
	}
	if held == 0 {
		t.Fatalf("nobody has %s open", path)
	}
}

// TestLocks_child: neither the lock of a database nor that of a journal lasts as long as
// a child process that is just being started.
func TestLocks_child(t *testing.T) {
	t.Parallel()

	t.Run("Database", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a.db")
		url := "sqlite://" + path
		first, err := repo.OpenNode(repo.Config{URL: url}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := first.Begin(t.Context(), engine(1), true); err != nil {
			t.Fatal(err)
		}
		keepOpen(t, path+".lock")
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := repotest.OpenURL(t, url).Begin(t.Context(), engine(1), true); err != nil {
			t.Error(err)
		}
	})

	t.Run("Journal", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "journal")
		first := openJournal(t, path, 1<<20)
		keepItems(t, first, keptPlay(1, ours))
		keepOpen(t, path+"-ballast")
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		keepItems(t, openJournal(t, path, 1<<20), keptPlay(2, ours))
	})
}
