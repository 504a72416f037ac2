package sqldb

import (
	"context"
	"errors"
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

// Wrote notes how a write ended. What the caller did wrong says nothing about
// the database, and is not noted. A write that changed nothing is none.
func (db *DB) Wrote(ctx context.Context, err error) {
	if err = db.Classify(ctx, err); err != nil && !errors.Is(err, model.ErrUnavailable) {
		return
	}
	db.last.mu.Lock()
	defer db.last.mu.Unlock()
	db.last.at, db.last.err = time.Now(), err
	if err == nil && db.checkpoints != nil {
		db.checkpoints.wrote()
	}
}

// LastWrite is how the last write ended, or not known if that was too long ago.
func (db *DB) LastWrite() (known bool, err error) {
	db.last.mu.Lock()
	defer db.last.mu.Unlock()
	holds := successHolds
	if db.last.err != nil {
		holds = failureHolds
	}
	return time.Since(db.last.at) < holds, db.last.err
}
