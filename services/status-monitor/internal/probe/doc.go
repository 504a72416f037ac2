// Package probe asks the engine-api of every source for the newest health
// record: one call tells whether it answers and what the source says about
// itself.
//
// It promises that a node which hangs holds up no other; that every change of
// the outcome is told once, with a failure in words that a person understands;
// and that every record which came is shown, as a health that is told twice does
// no harm and one that is not told might.
package probe
