// Package app is engine-api as a whole: it wires the parts, starts them, and
// stops them in the order in which nothing is lost.
//
// It promises that an acknowledged request is durable, that the service serves
// what it can while the database is away and recovers by itself, that a
// database of a newer schema is refused, and that after the end of its context
// Run returns within the drain time with every request answered or cut, and
// the database closed.
package app
