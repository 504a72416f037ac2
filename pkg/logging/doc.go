// Package logging makes the logger of a service. It promises one JSON object a
// line, with UTC times to the millisecond. On a terminal, where a person
// watches, it writes readable lines instead. With Lasting, a fault that lasts
// does not fill the disk: it is logged at most every 30 s, and once when it is
// over. With a Queue, nobody waits for the reader of the log: what finds no room is
// dropped, counted, and told. Characters that control a terminal or the direction
// of text are escaped.
package logging
