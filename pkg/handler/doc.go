// Package handler serves the HTTP contract: API what every node does, SyncNode and
// Monitor what only those do. Each handler binds the request, makes one call of a
// service and renders the answer; what a request means is decided in the
// packages behind it.
//
// It promises that a service which lacks something that a request would need does
// not start; that every mistake of a request is named with field, value and
// rule, all of one body at once; that what engines of every age send is
// understood as COMPAT says (numbers as text, null, "" or nothing for "not
// known", unknown fields); and that answers show times in the station's zone,
// with their offset, and null for what is not known. Errors go to the HTTP
// server as they are: it has a status for each.
package handler
