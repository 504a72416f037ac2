// Package decision decides which source is on air, from what is known about each:
// a pure function of (state, event, now) to (state, actions).
//
// It promises that the same events at the same times give the same actions;
// that it never activates a source that is down while another is up; that it
// never leaves one for a single lost datagram; that it never breaks a pin; and
// that it leaves a silent source within a time that is known beforehand. It
// starts no clock of its own: Next says when it wants to be asked again.
//
// # The rule
//
// A source is watched if signs of life are expected: heartbeats or, of a quiet
// source, health reports and plays. A watched source is
//
//   - up: signs of life arrive;
//   - suspect: two in a row are missing, or it is sick;
//   - down: as many in a row are missing as make HEARTBEAT_TIMEOUT (four), of a
//     quiet source three, or, if it said that it is sick, two.
//
// A heartbeat is missing when half an interval has passed since it was due. So
// with an interval of 1 s a source is suspect after 2.5 s of silence and down
// after 4.5 s. That leaves half a second to act within five seconds.
//
// The active source stays while it is neither down nor sick for long. If it is and
// another is up, the other is activated. If none is up nothing changes, and the
// alarm is raised. The alarm is cleared when the active source is no longer down or
// sick.
//
// # Signs of life, and what each proves
//
//   - A heartbeat proves that the engine's vital checks passed a moment ago. It does
//     not prove that anything is heard. A plain one may be anybody's at that address.
//     A relayed one is the engine's, and its number tells exactly what was lost.
//   - A health report proves that the engine runs and reaches its engine-api. It
//     comes by TCP, so none is lost on the way. But one that meets an engine-api
//     which is away is gone. So as many as three may be missing.
//   - A play proves the same, and that the engine goes on in its programme. A play
//     need not come, so its absence proves nothing.
//   - What a report says (silence, level, fallback) is what the engine measures. It
//     is as true as the engine.
//   - A check plugin proves what the plugin hears, perhaps also that what is between
//     is broken. WARNING and UNKNOWN prove nothing.
//   - No sign proves that the engine is dead. A quiet source looks dead if its
//     engine-api is away for as long.
//
// # Quiet sources
//
// The monitor asks the engine-api of each source how long ago it heard the engine.
// So it learns when a sign came, but late: by Lag at most, which is what the probes'
// interval and timeouts make. The interval of the reports is learned: it is the
// longest of the last five gaps, from 10 to 60 s, and 60 s until one is known. A gap
// in which several reports came at once is divided by their number. A report is
// missing when half an interval and Lag have passed since it was due. With Lag 9 s,
// a source that reports every 10 s is suspect after 34 s of silence and down after
// 44 s; one that reports every minute after 159 s and 219 s.
//
//   - With the first heartbeat that arrives, relayed or not, heartbeats are what
//     counts for the source, until the monitor starts again.
//   - A quiet source says something rarely, so a network that was cut for a while may
//     make only one source look down. So a quiet source is activated only if its
//     engine-api has answered since the active source became suspect. Then the active
//     source gets the time for another heartbeat or, if it is quiet, is asked again.
//     That takes two rounds of probes at most. With quiet sources only it is part of
//     the promise if the engine-apis answer at once. The alarm waits for that. If the
//     monitor's network works for a moment only, and is cut again between the two,
//     that looks like the failure of the active source's host.
//   - A source that fell silent before the monitor started is down at once, if its
//     engine-api says so.
//
// # Sick sources
//
// A source is sick if it said so, or if silence, a frozen level, fallback or CRITICAL
// of its check plugin lasted for SICK_AFTER. For a quiet source that also holds of
// its own word. What lasts is counted from one report to another: time alone makes
// no source sick, and what is not confirmed does not either.
//
//   - The active source is left for what lasted, not at its first word, if another
//     source is up, RECOVERY_HOLD has passed since the last switch, and the source is
//     not in maintenance. An operator's switch does not protect a sick source. A pin
//     does.
//   - A sick source is not up, so never preferred to one that is. But if the active
//     source is down and none is up, one that is sick only by what it sends is
//     activated: fallback is better than nothing. Just after the monitor's own
//     network was cut that may be the one that is reached first.
//   - What is wrong for all sources, such as a missing programme, makes all of them
//     sick. So nothing switches, and the alarm is raised.
//
// # What follows from the rule, and what it needs in addition
//
//   - Lost datagrams: each heartbeat that was lost among the last sixty makes a
//     source one interval more patient, up to HEARTBEAT_TIMEOUT_MAX. A heartbeat
//     is lost if it is missing between two that arrived, or if its number is. The
//     silence before a source was taken for down is not loss. See below for why.
//   - Up again: a source that was down must send heartbeats for RECOVERY_HOLD, of
//     which no two in a row are missing. It is up when the next one arrives. Until
//     then it is recovering: still down, so never activated. If it is the active
//     source, it is not left either, because it can be heard. After a failure of
//     the monitor's own network all sources come back at once, and the first one
//     to be up must not take over for that reason.
//   - Flapping: a source may go down before it was up again for RECOVERY_HOLD_MAX.
//     It then gets twice its last hold, up to RECOVERY_HOLD_MAX. A source that
//     stayed up for longer starts over with RECOVERY_HOLD. Two automatic switches
//     to one source are therefore at least RECOVERY_HOLD apart, unless somebody
//     else switched in between. With two sources, and without
//     PREFER_DEFAULT_SOURCE, any two switches are. With more sources a second
//     failure soon after the first is answered at once by the third source:
//     silence on air is worse than two switches.
//   - The monitor's own network fails: all sources fall silent together. The
//     others are suspect by the time at which the active one is down, and only
//     sources that are up are activated. So nothing changes, and the alarm is
//     raised.
//   - Sick by its own word: a source that goes on sending heartbeats is suspect, not
//     down: heartbeats are sent only while its vital checks pass. A healthy record
//     ends the sickness. So does RECOVERY_HOLD of clean heartbeats, because the
//     record of the recovery may be lost. A record that is not newer than the
//     last one counts for nothing, so it may be shown again and again.
//   - The probe never makes a source down or up: a host that answers proves
//     nothing about the engine on it, and an engine whose API does not answer
//     still sends its programme. Of several sources that are up, one whose API
//     answers goes first, then the default source, then the lowest number.
//   - Not watched, such as a studio line: never activated, never down. If a person
//     activated such a source, nothing happens until a person switches again.
//   - Pinned: nothing is activated. If the pinned source is down, the alarm is
//     raised.
//   - An operator's switch without a pin stands until the source is down. An
//     operator who activates a silent source must pin it. Otherwise the rule
//     undoes the switch at once.
//   - Maintenance of a source: it is not activated, and its failures do not count
//     as flapping. If it is the active source it stays, and is left when it is
//     down, like any other.
//   - PREFER_DEFAULT_SOURCE: the default source is activated when it is up and not
//     in maintenance, RECOVERY_HOLD has passed since the last switch, and the
//     active source was not chosen by a person.
//   - The authority (the sync node) is asked by others; its answers are events.
//     An answer with a greater epoch is the truth, whatever was thought before.
//     After an activation of its own the monitor takes that activation as done. An
//     answer with the epoch from before does not know of it yet. So the decision
//     does not wait for a sync node that is away. Several activations may be on
//     their way. Each raises the epoch by one, so the epoch shows whether an answer
//     knows of all of them. If one is refused, the next answer is the truth. After
//     a restart, show what waits to be delivered (Undelivered): otherwise it would
//     be decided again. An answer with a lower epoch is old and counts for nothing,
//     unless it is marked as the first of a new history: a sync node that lost its
//     database counts from the beginning.
//   - Standby: if another monitor acts, this one only watches: it activates
//     nothing and raises no alarm. It also activates nothing if it may not act but
//     it is not known that another monitor does (its lease ran out, or nobody told
//     it since the start). Then an active source that is down is an alarm, whether
//     another is up or not: perhaps nobody switches. When it may act it decides at
//     once.
//   - The start: nothing is known. For START_GRACE there is neither a switch nor an
//     alarm. A source is suspect until it is first heard. Then it is up at once,
//     because nobody saw it down. A source that is not heard until the end of the
//     grace is down. While nobody told which source is active, nothing is ever
//     activated, because the active source might be pinned. After the grace that is
//     an alarm, unless another monitor acts. Show the last known answer of the
//     authority after a restart, even if the authority is away.
//   - The monitor itself slept (suspended, starved of CPU): it is asked more than
//     an interval later than Next said. The time in between counts for nothing: the
//     monitor's own absence is not that of the sources.
//   - Time never runs backwards: an earlier now counts as the last one.
//   - A heartbeat at the very moment at which its source would be down, or later
//     but before anybody looked, counts: the source is not down.
//
// # Lost datagrams: what is possible
//
// No rule can have both. A rule that switches at the latest five seconds after the
// last heartbeat, with one a second, has missed four. It cannot tell four that were
// lost from four that were never sent. If three in ten are lost, four in a row are
// lost once every three minutes (0.7 × 0.3⁴ a second). So the promise depends on
// what was seen before:
//
//   - If none of the last sixty was lost: down after 4.5 s.
//   - With n lost among the last sixty: after 4.5 s + n intervals, at most
//     20.5 s. When three in ten are lost, it takes a run of 4 + n, where n is 18
//     on average: 0.7 × 0.3⁴ × 0.79⁶⁰ = 4 in a thousand million a second, or one
//     false switch in eight years. With half of all lost it is one in three weeks.
//   - What remains is the beginning: a link that loses nothing and suddenly loses
//     three in ten. In 2.7 % of all such beginnings the first run of losses is one
//     of four or more. With the shorter runs after it, 3.5 % of the beginnings lead
//     to a switch, to a source that is up. Only a promise of more than five seconds
//     could lower that: each further second divides it by three.
package decision
