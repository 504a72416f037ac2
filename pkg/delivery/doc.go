// Package delivery delivers what a service owes to others, such as events to a
// webhook, a state to a display, or orders to another node.
//
// It promises that each delivery is done at least once, or given up with a
// reason that is written down. A channel gets its deliveries in the order in
// which they were handed over, across restarts. No channel holds up another.
// Whoever hands something over never waits for a receiver.
//
// # Handing over
//
// An Outbox stores deliveries in a Ledger, which is a table of the database, and
// puts each into the Line of its channel. A Batch is stored in one transaction.
// It waits for the database for 50 ms at most, and not at all while the database
// keeps others waiting. What is not stored by then is done from memory, and stored
// as soon as the database answers, in the order in which it was handed over. If
// the process dies before that, what waited is forgotten. If the database stored
// it after all, or what became of it is not noted, it is done again.
//
// # A line
//
// A Line delivers the oldest first, and holds up all behind it until that one
// ends. Send says by its error what becomes of one try:
//
//   - nil: it is done.
//   - *PermanentError: it is given up.
//   - *LaterError: it is tried again, but not before the receiver wants it.
//   - any other: it is tried again after a pause, which grows with each failure
//     in a row, up to a bound. It has full jitter, so that senders which fail
//     together don't come back together.
//
// A try that the end of Run interrupts is repeated after the restart. If the
// process is killed between a try and the note of its end, it is repeated too.
// So a receiver must know a repeated delivery by its body.
//
// What else ends a delivery is the Policy's choice: its age, a newer one behind
// it, a restart. The owner may end it by Cancel.
//
// # Bounds
//
// At most MaxWaiting deliveries of a channel wait in memory. Beyond that the
// oldest is given up, as what is newer says more, unless Policy.KeepOldest. Each
// try ends after Policy.Timeout. Line.Run ends when its context does if Send does
// so at once, and Outbox.Run within a second. At most 10,000 writes into the
// ledger wait in memory. Beyond that the oldest is forgotten: what it would have
// stored is lost in a restart, and what it would have ended is done again.
//
// # The ledger
//
// A row of the ledger is one delivery: its body, the number of failed tries, the
// last error, when it ended and why it was given up. Rows stay as the record of
// what was sent. The Outbox writes in the order in which things happened. It tries
// a write that fails again, every second. So no line waits for the database.
package delivery
