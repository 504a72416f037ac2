package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// How long the end of the last write says what the next write would meet. After
// a failure that is shorter, because faults are mended.
const (
	successHolds = 10 * time.Second
	failureHolds = time.Second
)

// lastWrite is how the last write ended. The zero value is that there was none.
type lastWrite struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Wrote notes how a write ended, and returns that. What the caller did wrong says
// nothing about the database, and is not noted. A write that changed nothing is
// none. A write into a file that is no longer at its path failed.
func (db *DB) Wrote(ctx context.Context, err error) error {
	if err == nil {
		err = db.InPlace()
	}
	if classified := db.Classify(ctx, err); classified == nil || errors.Is(classified, model.ErrUnavailable) {
		db.note(classified)
	}
	return err
}

func (db *DB) note(err error) {
	db.last.mu.Lock()
	defer db.last.mu.Unlock()
	db.last.at, db.last.err = time.Now(), err
	if err == nil && db.checkpoints != nil {
		db.checkpoints.wrote()
	}
}

// ErrFileGone says that the database's file was deleted, or another one was put
// in its place, while it was open.
var ErrFileGone = errors.New("the database's file was deleted or replaced, so what is written now is lost; put it back or restore a backup, and restart")

// InPlace returns ErrFileGone if the file at the database's path is not the open
// one. A server's files are its own business.
func (db *DB) InPlace() error {
	if db.file == nil {
		return nil
	}
	if now, err := os.Stat(db.Dialect.Path()); err == nil && os.SameFile(db.file, now) {
		return nil
	}
	return fmt.Errorf("%w: %w", model.ErrUnavailable, ErrFileGone)
}

// LastWrite is how the last write ended. It is not known how the next one would
// end if that was too long ago.
func (db *DB) LastWrite() (known bool, err error) {
	db.last.mu.Lock()
	defer db.last.mu.Unlock()
	holds := successHolds
	if db.last.err != nil {
		holds = failureHolds
	}
	return time.Since(db.last.at) < holds, db.last.err
}
