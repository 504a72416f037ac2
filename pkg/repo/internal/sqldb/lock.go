package sqldb

import "errors"

// ErrLocked says that another process serves the database.
var ErrLocked = errors.New("another process serves this database")

// ServiceLock is held by the process that serves a database. It ends with the
// process, however that ends.
type ServiceLock interface {
	// Lost is closed when another process has the lock. It is nil if that can't
	// happen.
	Lost() <-chan struct{}
	// Release ends the lock. It is called once.
	Release() error
}
