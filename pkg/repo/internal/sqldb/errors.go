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

// ErrTooSlow is why a context ended: the operation took longer than
// Config.QueryTimeout, not: the caller lost patience.
var ErrTooSlow = errors.New("the database did not answer in time")

// Deadline bounds an operation, whatever the caller's own context says.
func (db *DB) Deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, db.Timeout, ErrTooSlow)
}

// Fail says what was being done, and classifies err.
func (db *DB) Fail(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, db.Classify(ctx, err))
}

// Classify says what err means to the caller: ErrNotFound, ErrUnavailable, or
// the error of the caller's own context, else err itself.
func (db *DB) Classify(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, model.ErrUnavailable):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return model.ErrNotFound
	case errors.Is(context.Cause(ctx), ErrTooSlow):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, ErrTooSlow)
	case ctx.Err() != nil:
		return ctx.Err() // drivers word it in their own ways
	case db.IsUnavailable(err):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	return err
}

// IsUnavailable: the database cannot be reached or cannot write now.
func (db *DB) IsUnavailable(err error) bool {
	var network net.Error
	return db.Dialect.IsUnavailable(err) ||
		db.Dialect.IsIncomplete(err) || // a service that just started is about to migrate, or does it
		db.IsConflict(err) || // still, after all repetitions
		errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
