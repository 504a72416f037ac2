// Package repo is the one place that talks to the database: SQLite, embedded,
// or MariaDB, MySQL and what speaks like them, with the same behaviour.
//
// It promises that what it acknowledged is durable, that a write is one
// transaction of which either all or nothing is stored, that any write may be
// repeated without harm, and that copies of an entry end up equal whatever
// order they arrive in. Transactions never leave the package: a rule that must
// run inside one is handed in as a pure function. An operation ends within
// Config.QueryTimeout, except where its comment says that it takes as long as it
// takes, and except that SQLite waits for a disk that does not flush. Where the
// database cannot be reached or cannot write now, the error is
// model.ErrUnavailable. Times are UTC with microseconds.
//
// A Node is the database of one node, a Station that of the sync node, which also
// keeps the on-air log. Both have the same writes, each written once, and differ
// in how these are committed: a node's beside one another, a station's one after
// the other over all processes, each under the next number of a sequence. A write
// that forgets to say what it touches is not committed.
package repo
