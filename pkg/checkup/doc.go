// Package checkup says in words what works on a host of a station and what does
// not: its service, its database, and the ways between the hosts in both
// directions.
//
// It promises that it changes nothing, opens no database, and asks only what the
// running services tell. Every question ends within the peer's timeout. Each
// finding is a sentence that a person can act on. It tells no secret.
//
// It knows no service. Each service asks its own questions with the ones here.
package checkup
