// Package monitor is the loop between what is learned and what is done: it shows
// events to the decision, and hands on what follows from it.
//
// It promises that events are decided about one after another, in the order in
// which they were learned; that no heartbeat which has arrived is overlooked
// when the time of a source is over; and that neither the network nor a database
// that is away holds up a decision for longer than a second.
//
// # The active source changes
//
// Whoever switched, this monitor, another one or a person: where this monitor
// acts, what hangs on the active source (the audio switch, webhooks) hears of
// it. It is a matter of state, not of messages: this monitor knows for which
// source they were told last, and tells them again where that is another one, or
// where it does not know. So they hear of every switch at least once, also
// where the monitor that decided it was killed on the way: the one that acts
// after it tells them, and a monitor that begins to act tells them once more
// what they may have heard from the one before.
//
// Webhooks hear of the alarm whether this monitor acts or not: it is raised also
// where perhaps none does.
package monitor
