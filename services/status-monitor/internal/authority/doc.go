// Package authority follows the sync node, which says which source is active and
// which of several monitors may act.
//
// It promises that of several monitors at most one acts while all of them can
// reach the sync node. It promises that what it learned last survives a restart.
// It promises that a caller gets an answer from memory and never waits.
//
// What was learned is told before it is stored, so a database that hangs holds
// nothing up. If the process dies until then, it knows what it knew before: it
// asks the sync node again. Only if the sync node is away too, a monitor that had
// just begun to act does not go on.
//
// # The lease
//
// The sync node gives one monitor a lease. That monitor renews the lease;
// otherwise it runs out.
//
//   - Granted: this monitor acts. It begins in a round in which the sync node
//     also says which source is active, so that it decides upon the truth.
//   - Another monitor holds it: this monitor stands by, at once.
//   - The sync node can't be reached: all stays as it was. The last holder goes
//     on, because audio must not wait for a database. A monitor that stood by
//     never begins. So if both are cut off together, only one acts. If only the
//     holder is cut off, another monitor gets the lease and both act, until the
//     former holder reaches the sync node. What the former holder decided is then
//     refused, even if the other one switched nothing. ACT_ALONE=false is for
//     those who would rather have none act than two: the holder then stands by
//     when its lease has run out. It counts by its own clock and from before it
//     asked, so it has stopped when the sync node gives the lease to another one.
//   - The sync node is back: the last holder asks at once. Any other monitor only
//     looks at the lease, for as long as a lease lasts. So the former holder
//     speaks first and delivers what it did meanwhile. Once a monitor holds the
//     lease, there is nothing left to wait for.
//   - The start: this monitor stands by until the sync node was asked, because
//     another one may have got the lease meanwhile. If the sync node does not
//     answer, the last holder goes on, unless ACT_ALONE=false.
//   - The sync node knows no leases (an original one): this monitor acts, because
//     it is alone. It does so only if the same node says which source is active.
//     Otherwise it would begin because of a proxy that finds nothing.
//   - The stop: this monitor gives the lease back, so that a standby takes over at
//     once. Before that it notes that it no longer holds the lease: after a
//     restart it must not act alongside the one that took over. If the sync node
//     is away, it keeps the lease and goes on after the restart.
//
// A monitor that stands by is told whether another monitor acts, because an alarm
// depends on it. This is known once the sync node says that another monitor holds
// the lease. It stays known while the sync node is away or knows of no holder
// after that, because the other monitor goes on; with ACT_ALONE=false only until
// the other's lease should be over. It is not known from the start to the first
// such answer, nor if this monitor's own lease ran out. If this monitor was
// granted the lease, but was not told which source is active, none acts.
//
// The holder is the monitor's name with a random part, which survives restarts.
// So a monitor renews its own lease after a restart. If two monitors have the same
// name by mistake, only one acts.
//
// # The active source
//
// An answer with a greater epoch than the last one is the truth. An answer with a
// lower epoch is old. If all answers have lower epochs for a while, the sync node
// lost its history and began a new one, which is the truth from then on.
//
// The last accepted answer is kept as the sync node gave it. With each new answer,
// and with the first one since the start, come the hundred newest activations: so
// those are known that were over before this monitor looked. The history is copied
// by the engines' hosts, not here.
package authority
