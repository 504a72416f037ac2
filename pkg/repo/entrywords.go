package repo

import "aura.radio/engine/pkg/repo/internal/sqldb"

// The statements about entries in the words of each kind of database.
var (
	merges   = map[sqldb.Kind]string{sqldb.SQLite: sqliteMerge, sqldb.MySQL: mysqlMerge}
	rewrites = map[sqldb.Kind]string{sqldb.SQLite: sqliteRewrite, sqldb.MySQL: mysqlRewrite}
	// Without FAIL, SQLite copies every page aside, to be able to take the
	// statement alone back.
	inserts = map[sqldb.Kind]string{sqldb.SQLite: "INSERT OR FAIL", sqldb.MySQL: "INSERT"}
)

// insertMany is the statement that stores that many entries, within a transaction
// that is given up if there is a copy.
func (b bulk) insertMany(rows int) string { return insertMany(inserts[b.Dialect.Kind()], rows) }

// rewrite is the statement that replaces what merging and correcting can change
// in that many entries, all of which are there.
func (b bulk) rewrite(rows int) string { return rewrite(rows, rewrites[b.Dialect.Kind()]) }
