// Package repo is the only place that talks to the database. This is embedded
// SQLite, or MariaDB, MySQL or a compatible server, with the same behaviour.
//
// It promises that what it acknowledged is durable, and that a write is one
// transaction of which either all or nothing is stored. It also promises that
// any write may be repeated without harm, and that copies of an entry end up
// equal in whatever order they arrive. Transactions never leave the package: a
// rule that must run inside one is passed in as a pure function.
//
// An operation ends within Config.QueryTimeout, unless its comment says that it
// takes as long as it takes. Another exception is that SQLite waits for a disk
// that does not flush. Times are UTC with microseconds.
//
// If the database cannot be reached or cannot write now, the error is
// model.ErrUnavailable. An SQLite file that this process may not write is
// refused when it is opened. An SQLite file is whole without the log next to it
// shortly after the last write.
//
// A write waits, within its time, for a database that is away and likely to come
// back: a server that restarts, is read-only or has no connection left, and a
// schema that is being made. A read does not wait, and neither does a write that
// its caller repeats anyway: a lease, a delivery, a note. After a read that timed
// out, reads fail at once until the database answers a probe.
//
// A Node is the database of one node. A Station is the database of the sync
// node, which also keeps the on-air log. Both have the same writes, and the
// code of each write exists once. They differ in how writes are committed. A
// node commits its writes concurrently. A station commits them one after the
// other over all processes, each under the next number of a sequence. A write
// that forgets to say what it touches is not committed.
//
// A database knows whose it is. A service calls Begin before it serves: that
// refuses the database of another service or host, and, except on a sync node,
// one that another process serves.
//
// What is derived from entries follows what the writes say. A station derives
// its on-air log in the transaction of the write. A node derives what was heard in
// the next read of a list, or as soon as nothing more is stored. What plays now it
// derives without writing. On both, a read derives how many entries each day has. So
// storing an entry on a node stays a single statement.
// By these numbers a page of a list is found at any depth, at the same cost.
//
// What is read for visitors (see model.ForVisitor) has connections of its own, so
// that nobody else waits for it.
package repo
