// Package lifecycle is the life of a service: it opens what every service has,
// prepares the database as soon as that is there, tells systemd, and stops
// everything in the order in which nothing is lost.
//
// It promises that the service serves what it can while the database is away
// and recovers by itself, that a database of a schema that is not this
// program's ends it, that tasks start only on a database that is ready, and
// that after the end of its context Run returns within the drain time with
// every request answered or cut, every task ended, and the database closed.
package lifecycle
