package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"gorm.io/gorm"

	"aura.radio/engine/pkg/model"
)

// ErrTooSlow is the cause when a context ended because the operation took
// longer than Config.QueryTimeout. It does not mean that the caller gave up.
var ErrTooSlow = errors.New("the database did not answer in time")

// Deadline bounds an operation, regardless of the caller's own context.
func (db *DB) Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, db.Timeout, ErrTooSlow)
}

// Fail adds what was being done to err, and classifies err.
func (db *DB) Fail(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, db.Classify(ctx, err))
}

// Classify says what err means to the caller: ErrNotFound, ErrUnavailable, the
// error of the caller's own context, or otherwise err itself.
func (db *DB) Classify(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, model.ErrUnavailable) {
		return err
	}
	err = db.Dialect.Explain(err)
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return model.ErrNotFound
	case errors.Is(context.Cause(ctx), ErrTooSlow):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, ErrTooSlow)
	case ctx.Err() != nil:
		return ctx.Err() // each driver words it differently
	case db.IsUnavailable(err):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	return err
}

// IsUnavailable reports whether the database cannot be reached or cannot write
// now.
func (db *DB) IsUnavailable(err error) bool {
	var network net.Error
	return errors.Is(err, model.ErrUnavailable) ||
		db.isAway(err) ||
		db.Dialect.IsUnavailable(err) ||
		db.IsConflict(err) || // still a conflict after all repetitions
		errors.As(err, &network) ||
		errors.Is(err, sql.ErrConnDone)
}

// isAway reports whether the database is away, and is likely to come back by
// itself. The end of a context does not count, although it is a net.Error.
func (db *DB) isAway(err error) bool {
	var network *net.OpError
	return db.Dialect.IsAway(err) ||
		db.Dialect.IsIncomplete(err) || // a service that just started will soon migrate, or is migrating
		errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
