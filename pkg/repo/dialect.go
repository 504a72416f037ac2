package repo

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// dialect is what the databases do differently.
type dialect interface {
	// open makes the handles: write for every transaction and every read that
	// decides, read for answers.
	open() (write, read *gorm.DB, err error)

	// upsert is the statement that stores or merges that many entries.
	upsert(rows int) string
	// statementContext is ctx, or without its end where a statement ends in time
	// by itself.
	statementContext(ctx context.Context) context.Context
	// rowsPerStatement is how many rows one such statement takes well.
	rowsPerStatement() int
	// storeClock is the statement that replaces a clock by a later one.
	storeClock() string

	// openForMigrations makes a handle of its own, whose statements may take
	// long.
	openForMigrations() (*sql.DB, error)
	migrations() (goose.Dialect, fs.FS)
	// lockSchema keeps other processes from migrating until release.
	lockSchema(ctx context.Context, db *sql.DB) (release func() error, err error)

	// isConflict: the transaction lost against another one and may be repeated.
	isConflict(err error) bool
	// isUnavailable: the database cannot be reached or cannot write now.
	isUnavailable(err error) bool
	// isNoTable: the schema was never created.
	isNoTable(err error) bool
}
