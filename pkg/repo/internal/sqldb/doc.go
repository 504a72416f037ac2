// Package sqldb is the database layer of package repo: it opens the databases,
// hides their differences, migrates them, and runs transactions.
//
// It promises that a transaction which lost a conflict with another one is
// repeated, and that an operation ends within Config.QueryTimeout. It promises
// that an error says what it means to the caller. It also promises that a
// transaction knows which tables it has changed, no matter which code executed
// the statements. After a read that timed out, no read is tried before a probe
// was answered. The package knows no table by name, except its own.
package sqldb
