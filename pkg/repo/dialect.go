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
	// existing is the dialect for a database that must be there already: where it
	// is not, it is not made, and what opens it fails with ErrNoDatabase.
	existing() dialect
	// open makes the handles: write for every transaction and every read that
	// decides, read for answers.
	open() (write, read *gorm.DB, err error)

	// upsert is the statement that stores or merges that many entries.
	upsert(rows int) string
	// insertMany is the statement that stores that many entries, within a
	// transaction that is given up where there is a copy.
	insertMany(rows int) string
	// rewrite is the statement that replaces what merging and correcting can
	// change in that many entries, all of which are there.
	rewrite(rows int) string
	// insertMissing is what turns an INSERT into one that leaves alone what is
	// there; column is any of the table's.
	insertMissing(column string) string
	// locksRows reports whether a transaction has to lock the rows that it
	// decides about; if not, transactions that write exclude each other.
	locksRows() bool
	// useIndex is what stands behind a table's name to have that index used.
	useIndex(name string) string
	// statementContext is ctx, or without its end where a statement ends in time
	// by itself.
	statementContext(ctx context.Context) context.Context
	// rowsPerStatement is how many rows one such statement takes well.
	rowsPerStatement() int
	// rowsPerInsert is the same for whole records within a transaction.
	rowsPerInsert() int
	// prepares reports whether a statement that is executed several times costs
	// less where it is prepared.
	prepares() bool
	// storeClock is the statement that replaces a clock by a later one.
	storeClock() string
	// storeMaintenance is the statement that replaces what was said of a source,
	// unless by something earlier.
	storeMaintenance() string
	// confirmHealth is what turns an INSERT of health statuses into one that, of
	// what is there, changes only that it may become synced.
	confirmHealth() string
	// now is the expression for the time of the database's clock, and later for
	// that in ? microseconds.
	now() string
	later() string

	// openForMigrations makes a handle of its own, whose statements may take
	// long.
	openForMigrations() (*sql.DB, error)
	migrations() (goose.Dialect, fs.FS)
	// lockSchema keeps other processes from migrating until release.
	lockSchema(ctx context.Context, db *sql.DB) (release func() error, err error)

	// isConflict: the transaction lost against another one and may be repeated.
	isConflict(err error) bool
	// isDuplicate: a unique key has the value already.
	isDuplicate(err error) bool
	// isUnavailable: the database cannot be reached or cannot write now.
	isUnavailable(err error) bool
	// isIncomplete: the schema lacks a table or a column.
	isIncomplete(err error) bool
	// isThere: the schema has already what a statement was to make or lacks what
	// it was to drop. False if a statement never remains without the note of it.
	isThere(err error) bool
}
