// Package playlog holds the rules for storing what was played, and for
// correcting it; every path of a person, an engine or another node into the log
// goes through its Recorder.
//
// It promises that what reaches the store is normalized and valid, that a
// repeated or retried record is the same record, also in the hour that a
// daylight saving change repeats, that a correction says who made it, why, and
// what it replaced, and that whoever keeps answers in memory hears of every
// change after it is durable. Of what another node sends, a record that is
// refused never holds up the others, and nothing is refused because the store
// fails. It knows neither HTTP nor SQL.
package playlog
