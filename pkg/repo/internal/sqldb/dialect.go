package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// Kind is a kind of database.
type Kind int

// The kinds: SQLite, and MariaDB, MySQL and compatible servers.
const (
	SQLite Kind = iota
	MySQL
)

// Dialect covers the differences between the databases.
type Dialect interface {
	// Kind is the kind of database whose SQL the statements use.
	Kind() Kind

	// Existing is the dialect for a database that must exist already. If the
	// database does not exist, it is not created, and opening it fails with
	// ErrNoDatabase.
	Existing() Dialect
	// Open makes the handles. write is for every transaction and for every read
	// on which a decision depends; read is for all other reads.
	Open() (write, read *gorm.DB, err error)
	// OpenReaders opens further connections like those of read.
	OpenReaders(connections int) (*sql.DB, error)

	// NextLogin opens connections to come with the login of next, a dialect of a
	// later configuration. If next leads to another database, or if the database
	// has no login, same is false and nothing changes. refused is the error of a
	// server that does not take the login.
	NextLogin(ctx context.Context, next Dialect) (same bool, refused error)

	// Checkpoint copies into the database's file what is only in its log, as far
	// as that needs no waiting for others.
	Checkpoint(ctx context.Context, pool *sql.DB) error
	// Size is the size of the database's file and of its log, in bytes, if this
	// process can know.
	Size() (file, log int64, known bool)
	// Path is where the file of an embedded database is, "" for a server.
	Path() string

	// InsertMissing turns an INSERT into one that leaves existing rows alone.
	// column is any column of the table.
	InsertMissing(column string) string
	// InsertOver turns an INSERT into one that replaces columns of existing rows,
	// which have the same key. It needs no privilege to delete.
	InsertOver(key string, columns ...string) string
	// LocksRows reports whether a transaction has to lock the rows on which it
	// decides. If not, transactions that write exclude each other.
	LocksRows() bool
	// UseIndex is the text that follows a table's name to make the database use
	// that index.
	UseIndex(name string) string
	// JoinNext joins a table that is to be read after those before it.
	JoinNext() string
	// StatementContext is ctx. If a statement's duration is bounded anyway, it
	// is ctx without its end.
	StatementContext(ctx context.Context) context.Context
	// RowsPerStatement is how many rows such a statement handles efficiently.
	RowsPerStatement() int
	// RowsPerInsert is the same for whole records within a transaction.
	RowsPerInsert() int
	// Prepares reports whether a statement that is executed several times costs
	// less if it is prepared.
	Prepares() bool
	// Now is the expression for the current time of the database's clock. Later
	// is the expression for that time plus ? microseconds.
	Now() string
	Later() string

	// OpenForMigrations makes a separate handle, whose statements may take
	// long.
	OpenForMigrations() (*sql.DB, error)
	Migrations() (goose.Dialect, fs.FS)
	// LockSchema keeps other processes from migrating until release.
	LockSchema(ctx context.Context, db *sql.DB) (release func() error, err error)

	// LockService takes the lock of the process that serves the database. Error:
	// ErrLocked.
	LockService(ctx context.Context) (ServiceLock, error)

	// Explain adds to an error what it is about, if the error itself does not say
	// so, or says something wrong.
	Explain(err error) error
	// IsConflict: the transaction lost a conflict with another one and may be
	// repeated.
	IsConflict(err error) bool
	// IsDuplicate: a unique key has the value already.
	IsDuplicate(err error) bool
	// IsUnavailable: the database cannot be reached or cannot write now.
	IsUnavailable(err error) bool
	// IsAway: the database cannot be reached or cannot write, and is likely to
	// come back by itself. IsUnavailable need not know these errors.
	IsAway(err error) bool
	// IsIncomplete: the schema lacks a table or a column.
	IsIncomplete(err error) bool
	// IsThere: the schema already has what a statement was to create, or lacks
	// what it was to drop. It is false if a statement is never committed
	// without the note about it.
	IsThere(err error) bool
}

// assign sets each column to its value of the row that is inserted.
func assign(columns []string, incoming string) string {
	set := make([]string, len(columns))
	for i, column := range columns {
		set[i] = column + " = " + fmt.Sprintf(incoming, column)
	}
	return strings.Join(set, ", ")
}
