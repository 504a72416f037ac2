// Package onair derives the on-air log, what the whole station sent, out of
// what each source played and which source was active when.
//
// It promises that the log is a function of those two sets alone: the order in
// which they arrived, the numbers that a database gave them and the time of
// asking do not matter. Re-deriving only what a change touches (Touched,
// Derive, Splice) gives the same log as deriving it all from scratch.
//
// # The rule
//
// At every moment one source is active, and of every source at most one record
// is audible; on air is the record that is audible on the active source. The
// log lists who was on air as segments: each is as long as it can be, they
// never overlap, and none is empty. All intervals are half-open: the moment at
// which something ends belongs to what follows.
//
// The active source is that of the last activation that is not later, in the
// order of (From, Epoch). The audible record of a source is the last one that
// has started, in the order of (Start, Fingerprint), until its duration, where
// known, is over.
//
// # What follows from it
//
//   - The cut: the next record of the same source ends the one before, however
//     long that was meant to be. It does not come back when the next one was
//     short.
//   - Take-over in mid-track: the record that the new source is playing already
//     goes on air at the switch, and the one that it cuts ends there. A record
//     that is still audible after a switch back has a segment for each time it
//     was on air.
//   - A gap: an active source with nothing audible, such as a studio line that
//     logs nothing, leaves the log empty for that time. Others are not heard
//     instead.
//   - An activation that arrives late counts from when it really happened, up
//     to the next one by that time. Its epoch, the order of acceptance, only
//     decides between equal times.
//   - Two activations at one instant: the one with the greater epoch counts;
//     the other's reign is empty and leaves no trace.
//   - Activating the source that is active already, as pinning and releasing
//     do, is no switch: the record on air keeps its one segment.
//   - The default source is active from the beginning of time until the first
//     activation.
//   - A record of unknown duration is audible until the next record of the same
//     source; where there is none, its segment is open.
//   - An engine that restarts and plays a track again has logged two records;
//     the first ends where the second starts.
//   - Two records of one source at one instant: the one with the greater
//     fingerprint is audible. The other has no length and is not on air.
//   - A correction counts: start and duration are the effective ones. A void
//     entry is not among the records, so the one before it is audible on. The
//     fingerprint stays that of what the engine sent.
//   - A record or an activation from the future is like any other. Who reads
//     the log leaves out what starts after now, and shows what ends after now
//     as still on air.
//
// # Why a window is enough
//
// What is on air at a moment depends only on the last activation and, for each
// source, the last record that are not later. So whatever happens counts from
// its own moment until the next of its kind, and a part of the log is derived
// from what happens in it and what was last before it.
package onair
