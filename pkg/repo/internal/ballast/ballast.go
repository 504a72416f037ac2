// Package ballast keeps room on a disk aside, in a file, for the day when the disk
// is full. It promises that what Take took is there until Free, whoever fills
// the disk, and that only one process has the file.
package ballast

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"aura.radio/engine/pkg/filelock"
)

// Ballast is a file whose only use is its size.
type Ballast struct {
	file *os.File
	size int64
}

// Open makes the file if there is none, for this process's user only. It takes
// no room yet. Error: filelock.ErrHeld.
func Open(path string, size int64) (*Ballast, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = f.Chmod(0o600); err == nil { // whatever the umask
		err = filelock.Try(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return &Ballast{f, size}, nil
}

// Take takes the room, unless it has it.
func (b *Ballast) Take() error {
	info, err := b.file.Stat()
	if err != nil || info.Size() >= b.size {
		return err
	}
	for {
		err = syscall.Fallocate(int(b.file.Fd()), 0, 0, b.size)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EOPNOTSUPP) {
		err = b.fill()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep room aside: %w", err), b.file.Truncate(info.Size()))
	}
	return nil
}

// fill is for file systems that give no room without data.
func (b *Ballast) fill() error {
	const part = 1 << 20
	zeros := make([]byte, part)
	for at := int64(0); at < b.size; at += part {
		if _, err := b.file.WriteAt(zeros[:min(part, b.size-at)], at); err != nil {
			return err
		}
	}
	return b.file.Sync()
}

// step is how much Free gives back. Others write to the disk, too, and shall not
// get all of it at once.
const step = 1 << 20

// Free gives a part of the room back to the disk. It reports whether there was
// any left.
func (b *Ballast) Free() (freed bool, err error) {
	info, err := b.file.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	return true, b.file.Truncate(max(info.Size()-step, 0))
}

// Close lets other processes have the file. The room stays as it is.
func (b *Ballast) Close() error { return filelock.Release(b.file) }
