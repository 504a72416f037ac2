package filelock_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"aura.radio/engine/pkg/filelock"
)

// open opens the file that is locked, as each process does for itself.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // it may be closed already
	return file
}

func TestTry(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, second := open(t, path), open(t, path)
	if err := filelock.Try(first); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(second); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("the second gets %v, want %v", err, filelock.ErrHeld)
	}
	if err := filelock.Release(first); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(second); err != nil {
		t.Errorf("after the release: %v", err)
	}
}

// TestRelease_child: a child process that still has the file does not keep the lock.
func TestRelease_child(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	file := open(t, path)
	if err := filelock.Try(file); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), "cat")
	child.ExtraFiles = []*os.File{file}
	ends, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Release(file); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(open(t, path)); err != nil {
		t.Errorf("while a child has the file: %v", err)
	}
	if err := errors.Join(ends.Close(), child.Wait()); err != nil {
		t.Error(err)
	}
}
