// Package journal takes what an engine says while the database can't store it.
//
// It promises that a play, a health status or a clock of which the engine is
// told that it was taken is on a disk, within a second, and gets into the
// database exactly once and in the order in which it came, however often the
// service or the database ends in between. While the database is known to be
// away, nobody waits for it. What the database refuses for good is put aside and
// holds up nothing else. What was taken for another database stays where it is,
// unless that one was deleted and a new one is in its place. Only if neither the
// database nor the journal can be written is the engine told to try again.
package journal
