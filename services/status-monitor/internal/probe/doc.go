// Package probe asks the engine-api of every source when it last heard the engine,
// and for the newest health record. Together the calls tell whether the engine-api
// answers, whether the engine lives, and what the engine says about itself.
//
// It promises that a node which hangs holds up no other. It promises that every
// change of the outcome is told once, with a failure in words that a person
// understands. It promises that every record which came is shown, because a
// health that is told twice does no harm, and one that is not told might.
//
// What an engine-api heard comes from its memory, with how long ago that was. So
// neither its database nor any clock makes a living engine look silent. An
// engine-api of an older version is asked for its records only. A record that is
// new to the monitor then counts as a report that came just now.
package probe
