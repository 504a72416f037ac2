// Package onair derives the on-air log, which is what the whole station sent,
// from what each source played and which source was active when.
//
// It promises that the log is a function of those two sets alone. The order in
// which they arrived, the numbers that a database gave them and the time of
// asking do not matter. Re-deriving only what a change touches (Touched,
// Derive, Splice) gives the same log as deriving it all from scratch.
//
// # The rule
//
// At every moment one source is active, and at most one record of every source
// is audible. The record that is audible on the active source is on air. The
// log lists what was on air as segments: each is as long as it can be, they
// never overlap, and none is empty. All intervals are half-open: the moment at
// which one thing ends belongs to what follows.
//
// The active source is that of the last activation that is not later, in the
// order of (From, Epoch). The audible record of a source is the last one that
// has started, in the order of (Start, Fingerprint). It is audible until its
// duration, if known, is over.
//
// # What follows from it
//
//   - The cut: the next record of the same source ends the one before, however
//     long that one was meant to be. The earlier record does not come back if the
//     next one is short.
//   - Take-over in mid-track: a record that the new source is already playing
//     goes on air at the switch, and the record that was on air ends there. A
//     record that is still audible after a switch back has a segment for each
//     time it was on air.
//   - A gap: an active source with nothing audible, such as a studio line that
//     logs nothing, leaves the log empty for that time. Other sources do
//     not replace it.
//   - An activation that arrives late counts from when it really happened until
//     the next activation by that time. Its epoch, the order of acceptance, only
//     decides between equal times.
//   - Two activations at one instant: the one with the greater epoch counts;
//     the other's reign is empty and leaves no trace.
//   - Activating the source that is already active, as pinning and releasing
//     do, is not a switch: the record on air keeps its one segment.
//   - The default source is active from the beginning of time until the first
//     activation.
//   - A record of unknown duration is audible until the next record of the same
//     source; if there is none, its segment is open.
//   - An engine that restarts and plays a track again has logged two records;
//     the first ends where the second starts.
//   - Two records of one source at one instant: the one with the greater
//     fingerprint is audible. The other has no length and is not on air.
//   - A correction counts: start and duration are the effective ones. A void
//     entry is not among the records, so the record before it stays audible. The
//     fingerprint stays that of what the engine sent.
//   - A record or an activation in the future is treated like any other. The
//     reader of the log leaves out segments that start after now, and shows
//     segments that end after now as still on air.
//
// # Why a window is enough
//
// What is on air at a moment depends only on the last activation, and the last
// record of each source, up to that moment. So an event counts from its own
// moment until the next event of its kind. A part of the log is derived from
// the events in it and the last ones before it.
package onair
