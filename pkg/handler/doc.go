// Package handler serves the HTTP contract. API serves what every node does;
// SyncNode and Monitor serve what only those do. Each handler binds the
// request, makes one call of a service and renders the answer. The packages
// behind it decide what a request means.
//
// It promises that a service does not start if it lacks something that a
// request would need; that every mistake of a request is named with field,
// value and rule, all mistakes of one body at once; that what engines of every
// age send is understood as COMPAT says (numbers as text; null, "" or nothing
// for "not known"; unknown fields); and that answers show times in the
// station's zone, with their offset, and null for what is not known. Errors go
// to the HTTP server unchanged: it has a status for each.
package handler
