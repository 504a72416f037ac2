// Package logging makes the logger of a service. It promises one JSON object a
// line with UTC times to the millisecond, readable lines instead where a person
// watches on a terminal, and, by Lasting, that a fault which lasts fills no
// disk: one line at most every 30 s, and one when it is over.
package logging
