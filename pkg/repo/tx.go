package repo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// A transaction that lost against another one is repeated this often, with
// pauses that grow to about maxPause.
const (
	maxAttempts = 8
	firstPause  = 2 * time.Millisecond
	maxPause    = 100 * time.Millisecond
)

// retry repeats do while it loses against other transactions.
func (db *DB) retry(ctx context.Context, do func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || attempt == maxAttempts || !db.isConflict(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, maxPause)
	}
}

// autocommit executes one statement as a transaction of its own. What ends when
// ctx does counts as failed: SQLite's driver takes a statement for done that ctx
// interrupted before it began. (A transaction is safe: its commit heeds ctx.)
func (db *DB) autocommit(ctx context.Context, do func(write *gorm.DB) error) error {
	return db.retry(ctx, func() error {
		if err := do(db.write.WithContext(ctx)); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// isConflict: the transaction lost against another one and may be repeated.
func (db *DB) isConflict(err error) bool {
	return errors.Is(err, errRaced) || db.dialect.isConflict(err)
}

// errRaced: another transaction stored first what this one was about to store.
var errRaced = errors.New("another transaction was faster")

// raced is errRaced where an error says so, else that error.
func raced(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errRaced
	}
	return err
}

// transaction runs do in a transaction, again from the start where it lost
// against another one.
func (db *DB) transaction(ctx context.Context, do func(tx *gorm.DB) error) error {
	return db.retry(ctx, func() error {
		return db.write.WithContext(ctx).Transaction(do)
	})
}
