// Package filelock locks files, so that one process at a time has what they stand for.
//
// It promises that a lock ends with Release, and with the process, however that ends. A
// child process that is being started has all files of its parent for a moment, until
// its program begins. It does not keep the lock after Release.
package filelock

import (
	"errors"
	"os"
	"syscall"
)

// ErrHeld says that another one has the lock.
var ErrHeld = errors.New("another process uses it")

// Try locks an open file, also if that is a folder. Error: ErrHeld.
func Try(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrHeld
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
}

// Release ends the lock, and closes the file. To close it would not be enough: the lock
// would last as long as a child process has the file.
func Release(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
