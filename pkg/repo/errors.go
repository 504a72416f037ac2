package repo

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

// errTooSlow is why a context ended: the operation took longer than
// Config.QueryTimeout, not: the caller lost patience.
var errTooSlow = errors.New("the database did not answer in time")

// deadline bounds an operation, whatever the caller's own context says.
func (db *DB) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, db.timeout, errTooSlow)
}

// fail says what was being done, and classifies err.
func (db *DB) fail(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, db.classify(ctx, err))
}

// classify says what err means to the caller: ErrNotFound, ErrUnavailable, or
// the error of the caller's own context, else err itself.
func (db *DB) classify(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, model.ErrUnavailable):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return model.ErrNotFound
	case errors.Is(context.Cause(ctx), errTooSlow):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, errTooSlow)
	case ctx.Err() != nil:
		return ctx.Err() // drivers word it in their own ways
	case db.isUnavailable(err):
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	return err
}

func (db *DB) isUnavailable(err error) bool {
	var network net.Error
	return db.dialect.isUnavailable(err) ||
		db.dialect.isIncomplete(err) || // a service that just started is about to migrate, or does it
		db.isConflict(err) || // still, after all repetitions
		errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
