// Package handler serves the part of the HTTP contract that engine-api and
// sync-node have in common. Each handler binds the request, makes one call of a
// service and renders the answer; what a request means is decided in the
// packages behind it.
//
// It promises that every mistake of a request is named with field, value and
// rule, all of one body at once; that what engines of every age send is
// understood as COMPAT says (numbers as text, null, "" or nothing for "not
// known", unknown fields); and that answers show times in the station's zone,
// with their offset, and null for what is not known. Errors go to the HTTP
// server as they are: it has a status for each.
package handler
