package sqldb

import (
	"context"
	"errors"
)

// ErrLocked says that another process serves the database.
var ErrLocked = errors.New("another process serves this database")

// ServiceLock is held by the process that serves a database. It ends with the
// process, however that ends.
type ServiceLock interface {
	// Check returns nil while the lock is held. If it was lost, Check takes it
	// again. Errors: ErrLocked, or that of the database if nothing is known.
	Check(ctx context.Context) error
	Release() error
}
