// Package playlog holds the rules for storing what was played, and for
// correcting it. Every write to the log by a person, an engine or another node
// goes through its Recorder.
//
// It promises that everything that reaches the store is normalized and valid. Each
// text that an engine or a person sends is stored as one line, and what a node
// sends keeps its identity. A repeated or retried record is the same record, also
// in the hour that a daylight saving change repeats, and also if an earlier
// version stored it as it was sent. A correction says who made it, why, and what
// it replaced. A cache of answers is told of every change after the change is
// durable. A refused record of another node never holds up the others, and no
// record is refused because the store fails. A play is never stored as one of a time
// that a person purged. A Ruled store takes none before the rules stand by which it is
// derived what was heard. What is done to many entries, a Shift or a Transfer, can be
// repeated without doing it twice, and be taken back. The package knows neither HTTP
// nor SQL.
package playlog
