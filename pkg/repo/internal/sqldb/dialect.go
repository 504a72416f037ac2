package sqldb

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// Kind is a kind of database.
type Kind int

// The kinds: SQLite, and MariaDB, MySQL and what speaks like them.
const (
	SQLite Kind = iota
	MySQL
)

// Dialect is what the databases do differently.
type Dialect interface {
	// Kind is whose words the statements are in.
	Kind() Kind

	// Existing is the dialect for a database that must be there already: where it
	// is not, it is not made, and what opens it fails with ErrNoDatabase.
	Existing() Dialect
	// Open makes the handles: write for every transaction and every read that
	// decides, read for answers.
	Open() (write, read *gorm.DB, err error)

	// InsertMissing is what turns an INSERT into one that leaves alone what is
	// there; column is any of the table's.
	InsertMissing(column string) string
	// LocksRows reports whether a transaction has to lock the rows that it
	// decides about; if not, transactions that write exclude each other.
	LocksRows() bool
	// UseIndex is what stands behind a table's name to have that index used.
	UseIndex(name string) string
	// StatementContext is ctx, or without its end where a statement ends in time
	// by itself.
	StatementContext(ctx context.Context) context.Context
	// RowsPerStatement is how many rows one such statement takes well.
	RowsPerStatement() int
	// RowsPerInsert is the same for whole records within a transaction.
	RowsPerInsert() int
	// Prepares reports whether a statement that is executed several times costs
	// less where it is prepared.
	Prepares() bool
	// Now is the expression for the time of the database's clock, and later for
	// that in ? microseconds.
	Now() string
	Later() string

	// OpenForMigrations makes a handle of its own, whose statements may take
	// long.
	OpenForMigrations() (*sql.DB, error)
	Migrations() (goose.Dialect, fs.FS)
	// LockSchema keeps other processes from migrating until release.
	LockSchema(ctx context.Context, db *sql.DB) (release func() error, err error)

	// IsConflict: the transaction lost against another one and may be repeated.
	IsConflict(err error) bool
	// IsDuplicate: a unique key has the value already.
	IsDuplicate(err error) bool
	// IsUnavailable: the database cannot be reached or cannot write now.
	IsUnavailable(err error) bool
	// IsIncomplete: the schema lacks a table or a column.
	IsIncomplete(err error) bool
	// IsThere: the schema has already what a statement was to make or lacks what
	// it was to drop. False if a statement never remains without the note of it.
	IsThere(err error) bool
}
