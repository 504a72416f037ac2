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
// hear of it, whether this monitor, another one or a person switched. It is a
// matter of state, not of messages. This monitor knows for which source the
// receivers were told last. It tells them if another source is active now, or if
// it does not know. So they hear of every switch at least once, even if the
// monitor that decided it was killed on the way: the monitor that acts after it
// tells them. A monitor that begins to act may tell them again what they heard
// from the one before.
//
// Webhooks hear of the alarm whether this monitor acts or not: it is raised even
// if perhaps no monitor acts.
package monitor
