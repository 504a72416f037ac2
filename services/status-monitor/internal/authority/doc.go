// Package authority follows the sync node, which says which source is active and
// which of several monitors may act.
//
// It promises that of several monitors at most one acts while the sync node can
// be reached by them; that what it learned last survives a restart; and that
// whoever asks it anything gets an answer from memory and never waits.
//
// # The lease
//
// The sync node gives one monitor a lease, which that one renews and which runs
// out where it does not.
//
//   - Granted: this monitor acts. It begins in a round in which the sync node
//     also says which source is active, so that it decides upon the truth.
//   - Somebody else holds it: this monitor stands by, at once.
//   - The sync node can't be reached: all stays as it was. The last holder goes
//     on, as audio must not wait for a database; whoever stood by never begins,
//     so where both are cut off together only one acts. Where only the holder is
//     cut off, another one gets the lease and both act, until the first one
//     reaches the sync node: what that one decided is refused then, even if the
//     other one switched nothing. Whoever would rather have none act than two sets
//     ACT_ALONE=false: then the holder stands by when its lease has run out. It
//     counts by its own clock and from before it asked, so it has stopped when
//     the sync node gives the lease to another one.
//   - The sync node is back: who was the last holder asks at once. Who was not
//     only looks at the lease, for as long as it lasts, so that the former holder
//     speaks first and delivers what it did meanwhile. Once somebody holds it,
//     there is nothing left to wait for.
//   - The start: it stands by until the sync node was asked, as another one may
//     have got the lease meanwhile. Where the sync node does not answer, the last
//     holder goes on, unless ACT_ALONE=false.
//   - The sync node knows no leases (an original one): it acts, as it is alone,
//     but only where the same node says which source is active; else it would
//     begin because of a proxy that finds nothing.
//   - The stop: it gives the lease back, so that a standby takes over at once.
//     Before that it notes that it holds it no longer: after a restart it must
//     not act beside the one that took over. Where the sync node is away it keeps
//     the lease, and goes on after the restart.
//
// Whoever stands by is told whether another monitor acts, as an alarm hangs on
// it. It is known from when the sync node says that another one holds the lease,
// also while the sync node is away or knows of no holder after that, as that one
// goes on; with ACT_ALONE=false until its lease should be over. It is not known from the start to the first such answer, nor where the
// own lease ran out. And where this monitor was granted the lease, but not told
// which source is active, none acts.
//
// The holder is the monitor's name with a random part, which survives restarts.
// So a monitor renews its own lease after a restart, and of two that have one
// name by mistake one acts.
//
// # The active source
//
// An answer with a greater epoch than the last one is the truth, one with a
// lower epoch is old. Where all answers have lower ones for a while, the sync
// node lost its history and began a new one, which is the truth from then on.
//
// What was accepted last is kept as the sync node said it. The history is copied
// by the engines' hosts, not here.
package authority
