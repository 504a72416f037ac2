package sqldb

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// A transaction that lost a conflict with another one is repeated up to
// maxAttempts times. The pauses in between grow from FirstPause to about
// MaxPause.
const (
	maxAttempts = 40
	FirstPause  = 2 * time.Millisecond
	MaxPause    = 100 * time.Millisecond
)

// Retry repeats do while it loses conflicts with other transactions.
func (db *DB) Retry(ctx context.Context, do func() error) error {
	pause := FirstPause
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || attempt == maxAttempts || !db.IsConflict(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, MaxPause)
	}
}

// Outlast repeats do while the database is away for a moment, for as long as one
// operation may take: the server restarts, has no connection left, is read-only,
// or lacks the schema. Any write may be repeated, even if it was committed and
// only the answer was lost. Reads are not repeated: those who serve them have
// answers in memory, and must not pile up.
func (db *DB) Outlast(ctx context.Context, do func() error) error {
	ctx, cancel := db.Deadline(ctx)
	defer cancel()
	for pause := FirstPause; ; pause = min(2*pause, MaxPause) {
		err := do()
		if err == nil || !db.isAway(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-db.hurry:
			return err
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// Hurry ends the patience of Outlast for good: the service is stopping. Call it
// once.
func (db *DB) Hurry() { close(db.hurry) }

// Autocommit executes one statement as a transaction of its own. If ctx ends
// during the statement, the statement counts as failed: SQLite's driver reports
// success for a statement that ctx interrupted before it began. (A transaction
// is safe, because its commit checks ctx.)
func (db *DB) Autocommit(ctx context.Context, do func(write *gorm.DB) error) error {
	err := db.Retry(ctx, func() error {
		if err := do(db.Write.WithContext(ctx)); err != nil {
			return err
		}
		return ctx.Err()
	})
	return db.Wrote(ctx, err)
}

// IsConflict reports whether the transaction lost a conflict with another one and
// may be repeated.
func (db *DB) IsConflict(err error) bool {
	return errors.Is(err, ErrRaced) || db.Dialect.IsConflict(err)
}

// ErrRaced means that another transaction stored first what this one was about to
// store.
var ErrRaced = errors.New("another transaction was faster")

// Raced is ErrRaced if err is a duplicate key, otherwise err itself.
func Raced(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrRaced
	}
	return err
}

// Transaction runs do in a transaction. It runs do again from the start if the
// transaction lost a conflict with another one.
func (db *DB) Transaction(ctx context.Context, do func(tx *Tx) error) error {
	changed := false
	err := db.Retry(ctx, func() error {
		return db.Write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			tx := NewTx(db, g)
			err := do(tx)
			changed = tx.Changed.Any()
			return err
		})
	})
	if err == nil && !changed {
		return db.InPlace() // what is there already is acknowledged, too
	}
	return db.Wrote(ctx, err)
}

// Tx is a transaction. It notes which tables its statements change, no matter
// which code executes them.
type Tx struct {
	Conn
	Changed *Changes
	// GoesOn is called each time a part of a long operation is done.
	GoesOn func()
	g      *gorm.DB
}

// NewTx wraps a transaction that gorm began.
func NewTx(db *DB, g *gorm.DB) *Tx {
	changed := &Changes{}
	g = g.WithContext(g.Statement.Context) // a separate handle
	g.Statement.ConnPool = watchedPool{g.Statement.ConnPool, changed}
	return &Tx{
		Conn:    Conn{pool: g.Statement.ConnPool, Dialect: db.Dialect, changed: changed},
		Changed: changed,
		GoesOn:  func() {},
		g:       g,
	}
}

// Gorm is the transaction as a handle for gorm.
func (tx *Tx) Gorm(ctx context.Context) *gorm.DB { return tx.g.WithContext(ctx) }
