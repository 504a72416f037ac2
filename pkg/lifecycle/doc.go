// Package lifecycle is the life of a service. It opens what every service has,
// prepares the database as soon as it is reachable, tells systemd, and stops
// everything in an order in which nothing is lost.
//
// It promises that the service serves what it can while the database is away,
// and recovers by itself. A database with a schema that this program cannot use
// ends the service. Tasks start only on a database that is ready. The service is
// ready if the database answers and takes writes. After the end of its context,
// Run returns within the drain time, with every request answered or cut, every
// task ended, and the database closed.
package lifecycle
