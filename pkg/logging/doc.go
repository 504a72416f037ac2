// Package logging makes the logger of a service. It promises one JSON object a
// line, with UTC times to the millisecond. On a terminal, where a person
// watches, it writes readable lines instead. With Lasting, a fault that lasts
// does not fill the disk: it is logged at most every 30 s, and once when it is
// over.
package logging
