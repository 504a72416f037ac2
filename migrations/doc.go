// Package migrations holds the database schema as plain SQL, once for MariaDB
// and MySQL, once for SQLite, embedded into every binary that needs it.
//
// Both folders have the same numbers: a version means the same schema in every
// database. A file for MariaDB holds one statement each way, because MariaDB
// commits every DDL statement at once: one that fails half way would otherwise
// leave a schema that belongs to no version. (Where the connection is lost between
// a statement and the note of its version, the next migrate up says that the table
// or column is there already: then note the version in goose_db_version by hand.)
// SQLite runs a file in one
// transaction, so there a table comes with its indexes. Files that were
// released are never edited; a change is a new number.
package migrations
