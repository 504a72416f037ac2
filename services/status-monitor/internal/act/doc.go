// Package act carries out what follows from a decision: it has the sync node
// record which source is active, runs the command that switches the audio, and
// tells webhooks.
//
// It promises that each of them is done at least once or given up with a reason
// that is written down, in the order in which it was handed over, across
// restarts; that nothing on the way to one of them holds up another; and that
// who hands something over never waits for the network. It waits for the
// database, for a second at most: what can't be stored is done from memory all
// the same, because audio must not wait for a database. Only a restart before that
// is done loses it, or repeats it where the database stored it after all.
//
// Package delivery carries that out. Its channels are "activation", "command",
// "webhook-1" and so on. If too many wait, the oldest order or event is given up,
// but of activations the newest is refused, as those behind a gap would be refused
// by the sync node.
//
// # Activations
//
// Several may wait while the sync node is away. Each of them raises its epoch
// by one, so those decided upon one known epoch are a chain: the k-th expects
// that epoch + k - 1. Both epochs are stored with it, and a restart goes on with
// the right one. Where somebody else decided meanwhile, by a switch or by a pin,
// the activation is overtaken: it is given up with all others of its chain that
// wait, and the sync node has to be asked anew; what is decided then begins
// another chain. So it is where another monitor has had the lease since: each
// activation says under which lease it was decided, also after a restart. Where
// the sync node takes our time for one of its future, as our clock is ahead, it
// is sent without. Any other failure is tried again, for ever.
//
// One that was handed over while another one before it waited relies on that
// one. After a restart it is sent only behind it, or where it is written down
// that it was delivered: that is done before the end of any that is followed.
// Else somebody else's switch could bring just the epoch that it expects, and an
// old decision would be recorded after newer ones. Where there is no such proof,
// because the database was away, it is overtaken.
//
// After a kill at any instant the audit shows exactly one switch for a decision:
//
//   - Killed before the row is stored: nothing was sent. Whatever was the reason
//     for the decision is there after the restart, and it is made then.
//   - Killed before it is sent: it is sent after the restart, with the time of
//     the decision.
//   - Killed after the sync node took it, and before that was written down: it is
//     sent again. The sync node knows it by all that it says, whatever came after
//     it, and answers as before. So a lost answer adds no record either.
//   - Killed after that was written down: it is not sent again.
//
// A clock that is ahead by less than the sync node puts up with, or one that is
// sent without its time, is not known again by the sync node. When the answer
// to such a one is lost, it counts as overtaken: there is one record all the
// same, and the next answer of the sync node shows it.
//
// # The command
//
// It says which source is on air now, so the newest counts, but each is tried
// at least once and in order. One that failed is tried again until a newer one
// waits. What was waiting before a restart is not run: it is not known any more
// whether it is still so. Asserted tells for which source it ran last, and is
// unknown then, and after another monitor acted. While another one does, nothing
// is started. A command that runs when that begins may end, as one killed in the
// middle is worse than two.
//
// It is run without a shell, in a process group of its own, which is killed
// after ON_SWITCH_TIMEOUT and when the monitor stops. It gets no variable of the
// monitor's environment but PATH, so no secrets.
//
// # Webhooks
//
// Package webhook posts to them. The id is that of the event: the same at every
// try, and for every webhook. After three days an event is given up.
package act
