// Package source holds the rules for accepting an activation, which is a switch
// of the active source. Admit is all of them; the Service asks a Store to apply
// Admit and to store its decision in one transaction.
//
// It promises that a decision depends only on the request and on what the
// transaction read; that a request that comes again, because its answer was
// lost, changes nothing; that every activation gets an epoch of its own; and
// that all who keep answers in memory hear of an activation after it is
// durable. It knows neither HTTP nor SQL.
//
// Speakers is the rule for which source an engine's words are about.
//
// These are the rules, in their order. The first one that applies decides.
//
//  1. Wrong clock: who reads a time from its own clock also tells when it sent
//     the request. If that differs from its arrival by more than MaxSkew, the
//     told time is shifted by the difference, and the reason of the record says
//     so. All that follows is about the shifted time. It is the same request if
//     it comes again, although the difference is never measured twice the same.
//  2. Early: a source's number is from 1, and a told time is after 1970.
//  3. Clock ahead: a told time that is more than stationtime.MaxAhead in the
//     future is refused. A time that is a little ahead is now. In a repeated
//     hour the past one of two equal times is meant.
//  4. Already so: a request that tells no time, and that asks for what is
//     active, adds no record.
//  5. Clock behind: what a monitor decides is not older than all that it knew.
//     Otherwise it would never be active.
//  6. Repeated: a late activation that is stored already is not stored again,
//     whatever has happened since. A monitor's decision has the epoch after
//     the one that it knew.
//  7. Deposed: a decision under a lease is refused if another holder has had
//     the lease since.
//  8. Told already: a request that tells the source and the time of the last
//     activation adds no record.
//  9. Stale epoch: a request that names the epoch it was made upon is refused if
//     that is not the last one.
//  10. Pinned: a source that a person pinned stays active until a person says
//     whether the next one is pinned. A monitor may not say that.
//  11. Late: an activation that tells its time counts from then. If a later one
//     is known, the history changes and the active source does not.
//  12. Now: what tells no time is active when it is accepted. It does not begin
//     before any other, although its clock may be behind.
//  13. Next epoch: what is accepted has the epoch after the last one, from 1.
package source
