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
// A DB keeps what one node has. The sync node writes through a Station, which
// also keeps the on-air log, and whose writes follow one another over all
// processes.
package repo
