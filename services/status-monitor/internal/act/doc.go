// Package act carries out what follows from a decision: it has the sync node
// record which source is active, runs the command that switches the audio, and
// tells webhooks.
//
// It promises that each of these deliveries is done at least once, or is given up
// with a reason that is written down. They are done in the order in which they
// were handed over, also across restarts. It promises that no delivery holds up
// one to another receiver, and that a caller that hands something over never waits
// for the network. The caller waits for the database for 50 ms at most, and not at
// all while the database hangs, because audio must not wait for a disk.
//
// A delivery that is not stored by then is done from memory. It is stored as soon
// as the database answers, and the order stays. What does a kill mean until then?
//
//   - An activation, an event or an order that was not done yet is forgotten. The
//     monitor decides again, if there still is a reason. It tells again what it
//     told last, as far as that was stored.
//   - If it was done, that is forgotten too. An activation then is in the sync
//     node's history, from which the monitor learns it. An event that was stored
//     before is told again, with the same id.
//
// Package delivery does this work. Its channels are "activation", "command",
// "webhook-1" and so on. If too many orders or events wait, the oldest is given up.
// Of activations the newest is refused instead, because the sync node would refuse
// those behind a gap.
//
// # Activations
//
// Several activations may wait while the sync node is away. Each of them raises
// the epoch by one, so those decided upon one known epoch are a chain: the k-th
// expects that epoch + k - 1. Both epochs are stored with the activation, so that
// a restart goes on with the right one. Each activation also says under which
// lease it was decided, even after a restart.
//
// An activation is overtaken if somebody else decided meanwhile, by a switch or by
// a pin, or if another monitor has had the lease since. It is then given up with
// all others of its chain that wait, and the sync node has to be asked again. What
// is decided after that begins another chain. Each request says when it was sent,
// so the sync node knows how wrong our clock is, and shifts our time. A sync node
// that does not do so may take our time for a time in its future. The activation
// is then sent without a time. After any other failure it is tried again, for
// ever.
//
// An activation that was handed over while an earlier one waited relies on the
// earlier one. After a restart it is sent only behind the earlier one, or if there
// is a written proof that the earlier one was delivered. An activation that
// another one follows ends only after this proof is written. Without these rules
// somebody else's switch could bring exactly the expected epoch, and an old
// decision would be recorded after newer ones. If there is no proof, because the
// database was away, the activation counts as overtaken.
//
// After a kill at any instant the audit shows exactly one switch for a decision:
//
//   - Killed before the row is stored: nothing was sent, unless the database hung.
//     The reason for the decision is still there after the restart, and the
//     decision is made then. If it was sent, the sync node either tells so first,
//     or refuses the second one, because its epoch is out of date.
//   - Killed before it is sent: it is sent after the restart, with the time of
//     the decision.
//   - Killed after the sync node took it, and before that was written down: it is
//     sent again. The sync node recognizes it by all that it says, whatever came
//     after it, and answers as before. So a lost answer adds no record either.
//   - Killed after that was written down: it is not sent again.
//
// The sync node does not recognize an activation whose time is ahead by less than
// the sync node tolerates, or one that is sent without its time. If the answer to
// such an activation is lost, it counts as overtaken. There is one record all the
// same, and the next answer of the sync node shows it.
//
// # The command
//
// An order says which source is on air now, so the newest counts. Still, each is
// tried at least once and in order. There is none for a source that was active only
// while this monitor was absent; package monitor says when that is. An order that failed is tried again until a
// newer one waits. An order that waited before a restart is not run, because it
// may no longer be true. Asserted tells for which source the command ran last. That
// is unknown after such a restart, and after another monitor acted. While another
// monitor acts, no command is started. A command that is running when the other
// one begins may end, because one killed in the middle is worse than two.
//
// The command is run without a shell, in a process group of its own. The group is
// killed after ON_SWITCH_TIMEOUT and when the monitor stops. The command gets no
// variable of the monitor's environment except PATH, so no secrets.
//
// # Webhooks
//
// Package webhook posts to them. The id is that of the event: the same at every
// try, and for every webhook. After three days an event is given up.
package act
