// Package engineclock notices that an engine's clock or time zone is wrong, by
// how far the starts of its plays are from their arrivals.
//
// It promises that a clock that is wrong by a minute or more is noticed by the
// third play, and that lateness alone is no wrong clock. An item may arrive late
// because a stream was slow or a title replaced another, and after a server hung
// a whole queue arrives at once. So this is the rule, for each source:
//
//  1. Of a play counts its start minus its arrival. A play without a start of its
//     own does not count, nor one that starts as an earlier one did: it was told
//     again, or it replaced that one.
//  2. Plays that arrive less than a second after one another are a queue that
//     waited. Of these, the one that was least late counts.
//  3. The offset is the median of the last ten. It stands if there are at least
//     three, it is at least a minute, and seven of ten are within ten seconds of
//     it.
//
// What stands is a warning that names its likely cause, and when it ends, the log
// has the command that moves the starts. The package knows neither HTTP nor SQL.
package engineclock
