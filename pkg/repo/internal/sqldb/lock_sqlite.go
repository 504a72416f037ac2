package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"

	"aura.radio/engine/pkg/filelock"
)

// fileLock is a lock on a file next to the database. A lock on the database
// itself would be released when any of its descriptors is closed.
type fileLock struct{ file *os.File }

func (d sqliteDialect) LockService(context.Context) (ServiceLock, error) {
	file, err := os.OpenFile(d.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = filelock.Try(file)
	if errors.Is(err, filelock.ErrHeld) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return fileLock{file}, nil
}

func (fileLock) Lost() <-chan struct{} { return nil }

func (l fileLock) Release() error { return filelock.Release(l.file) }
