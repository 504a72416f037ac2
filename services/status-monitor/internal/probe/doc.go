// Package probe asks the engine-api of every source for the newest health
// record. One call tells whether the engine-api answers and what the source says
// about itself.
//
// It promises that a node which hangs holds up no other. It promises that every
// change of the outcome is told once, with a failure in words that a person
// understands. It promises that every record which came is shown, because a
// health that is told twice does no harm, and one that is not told might.
package probe
