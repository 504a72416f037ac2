// Package monitor is the loop between what is learned and what is done: it shows
// events to the decision, and hands on the actions that follow.
//
// It promises that events are decided about one after another, in the order in
// which they were learned. It promises that no heartbeat which has arrived is
// overlooked when the time of a source is over. It promises that no decision waits
// for the network, nor for a database that hangs. What follows from a decision is
// handed on within 50 ms.
//
// # The active source changes
//
// If this monitor acts, the receivers of a switch (the audio switch, webhooks)
// hear of each change of the active source, whether this monitor, another one or a
// person switched. They hear of them at least once, in the order in which the sync
// node accepted them, also of those that were over when this monitor looked. An
// activation that was told late, and changed only the past, is no change. Neither
// is one that only pins or releases.
//
// The sync node's history says what changed, and a note says up to which epoch the
// receivers were told. It survives a restart. It is stored behind the deliveries,
// so a kill in between tells again. Of its own decisions this monitor tells when it
// makes them, and knows them in the history.
//
// After an absence all is told that changed since, with these bounds:
//
//   - No more is known than the hundred newest activations. That there were more is
//     logged.
//   - The command runs for what is active, and for no change before that. An
//     absence is more than a minute without an answer of the sync node, or any time
//     in which this monitor did not act.
//   - While another monitor acts it tells the receivers. This monitor leaves to it
//     what is known for more than a minute. The rest it tells if it begins to act,
//     perhaps for the second time.
//   - At its first start a monitor tells only what is active.
//
// Beyond the history it is a matter of state. This monitor knows for which source
// the receivers were told last. It tells them if another source is active now, or
// if it does not know, as after a restart. If the history does not come with the
// answer, what is active is told at once, and the rest later without a command.
//
// Webhooks hear of the alarm whether this monitor acts or not: it is raised even
// if perhaps no monitor acts.
package monitor
