package repo

import "aura.radio/engine/pkg/repo/internal/sqldb"

// The statements about entries in the SQL of each kind of database.
var (
	merges   = map[sqldb.Kind]string{sqldb.SQLite: sqliteMerge, sqldb.MySQL: mysqlMerge}
	rewrites = map[sqldb.Kind]string{sqldb.SQLite: sqliteRewrite, sqldb.MySQL: mysqlRewrite}
	// Without FAIL, SQLite saves a copy of every page, so that it can roll back
	// this one statement.
	inserts = map[sqldb.Kind]string{sqldb.SQLite: "INSERT OR FAIL", sqldb.MySQL: "INSERT"}
)

// insertMany is the statement that stores that many entries. It runs within a
// transaction that is rolled back if there is a copy.
func (b bulk) insertMany(rows int) string { return insertMany(inserts[b.Dialect.Kind()], rows) }

// rewrite is the statement for that many entries, all of which exist. It
// replaces what merging and correcting can change.
func (b bulk) rewrite(rows int) string { return rewrite(rows, rewrites[b.Dialect.Kind()]) }
