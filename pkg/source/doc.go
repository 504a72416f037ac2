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
// These are the rules, in their order. The first one that applies decides.
//
//  1. Early: a source's number is from 1, and a told time is after 1970.
//  2. Clock ahead: a told time that is more than stationtime.MaxAhead in the
//     future is refused. A time that is a little ahead is now. In a repeated
//     hour the past one of two equal times is meant.
//  3. Already so: a request that tells no time, and that asks for what is
//     active, adds no record.
//  4. Clock behind: what a monitor decides is not older than all that it knew.
//     Otherwise it would never be active.
//  5. Repeated: a late activation that is stored already is not stored again,
//     whatever has happened since. A monitor's decision has the epoch after
//     the one that it knew.
//  6. Deposed: a decision under a lease is refused if another holder has had
//     the lease since.
//  7. Told already: a request that tells the source and the time of the last
//     activation adds no record.
//  8. Stale epoch: a request that names the epoch it was made upon is refused if
//     that is not the last one.
//  9. Pinned: a source that a person pinned stays active until a person says
//     whether the next one is pinned. A monitor may not say that.
//  10. Late: an activation that tells its time counts from then. If a later one
//     is known, the history changes and the active source does not.
//  11. Now: what tells no time is active when it is accepted. It does not begin
//     before any other, although its clock may be behind.
//  12. Next epoch: what is accepted has the epoch after the last one, from 1.
package source
