// Package sqldb is the engine room of package repo: it opens the databases, knows
// what they do differently, migrates them, and runs transactions.
//
// It promises that a transaction which lost against another one is repeated, that
// an operation ends within Config.QueryTimeout, that an error says what it means
// to the caller, and that a transaction knows which tables it has changed, whoever
// executed the statements. It knows no table by name, except its own.
package sqldb
