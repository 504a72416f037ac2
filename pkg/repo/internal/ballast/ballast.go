// Package ballast keeps room on a disk aside, in a file, for the day when the disk
// is full. It promises that what Take took is there until Free, whoever fills
// the disk, and that only one process has the file.
package ballast

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrHeld says that another process has the file.
var ErrHeld = errors.New("another process uses it")

// Ballast is a file whose only use is its size.
type Ballast struct {
	file *os.File
	size int64
}

// Open makes the file if there is none, for this process's user only. It takes
// no room yet. Error: ErrHeld.
func Open(path string, size int64) (*Ballast, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = f.Chmod(0o600); err == nil { // whatever the umask
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrHeld
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return &Ballast{f, size}, nil
}

// Take takes the room, unless it has it.
func (r *Ballast) Take() error {
	info, err := r.file.Stat()
	if err != nil || info.Size() >= r.size {
		return err
	}
	for {
		err = syscall.Fallocate(int(r.file.Fd()), 0, 0, r.size)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EOPNOTSUPP) {
		err = r.fill()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep room aside: %w", err), r.Free()) // half of it helps nobody
	}
	return nil
}

// fill is for file systems that give no room without data.
func (r *Ballast) fill() error {
	const part = 1 << 20
	zeros := make([]byte, part)
	for at := int64(0); at < r.size; at += part {
		if _, err := r.file.WriteAt(zeros[:min(part, r.size-at)], at); err != nil {
			return err
		}
	}
	return r.file.Sync()
}

// Free gives the room back to the disk.
func (r *Ballast) Free() error { return r.file.Truncate(0) }

// Close lets other processes have the file. The room stays as it is.
func (r *Ballast) Close() error { return r.file.Close() }
