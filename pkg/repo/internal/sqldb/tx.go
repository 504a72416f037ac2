package sqldb

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// A transaction that lost against another one is repeated maxAttempts times, with
// pauses that grow from FirstPause to about MaxPause.
const (
	maxAttempts = 8
	FirstPause  = 2 * time.Millisecond
	MaxPause    = 100 * time.Millisecond
)

// Retry repeats do while it loses against other transactions.
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

// Autocommit executes one statement as a transaction of its own. What ends when
// ctx does counts as failed: SQLite's driver takes a statement for done that ctx
// interrupted before it began. (A transaction is safe: its commit heeds ctx.)
func (db *DB) Autocommit(ctx context.Context, do func(write *gorm.DB) error) error {
	return db.Retry(ctx, func() error {
		if err := do(db.Write.WithContext(ctx)); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// IsConflict: the transaction lost against another one and may be repeated.
func (db *DB) IsConflict(err error) bool {
	return errors.Is(err, ErrRaced) || db.Dialect.IsConflict(err)
}

// ErrRaced: another transaction stored first what this one was about to store.
var ErrRaced = errors.New("another transaction was faster")

// Raced is ErrRaced where an error says so, else that error.
func Raced(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrRaced
	}
	return err
}

// Transaction runs do in a transaction, again from the start if it lost against
// another one.
func (db *DB) Transaction(ctx context.Context, do func(tx *Tx) error) error {
	return db.Retry(ctx, func() error {
		return db.Write.WithContext(ctx).Transaction(func(g *gorm.DB) error { return do(NewTx(db, g)) })
	})
}

// Tx is a transaction. It notes which tables it changes, whoever executes the
// statements.
type Tx struct {
	Conn
	Changed *Changes
	// GoesOn is called whenever a part of long work is done.
	GoesOn func()
	g      *gorm.DB
}

// NewTx is a transaction that gorm began.
func NewTx(db *DB, g *gorm.DB) *Tx {
	changed := &Changes{}
	g = g.WithContext(g.Statement.Context) // a handle of its own
	g.Statement.ConnPool = watchedPool{g.Statement.ConnPool, changed}
	return &Tx{
		Conn:    Conn{pool: g.Statement.ConnPool, Dialect: db.Dialect, changed: changed},
		Changed: changed,
		GoesOn:  func() {},
		g:       g,
	}
}

// Gorm is the transaction for gorm.
func (tx *Tx) Gorm(ctx context.Context) *gorm.DB { return tx.g.WithContext(ctx) }
