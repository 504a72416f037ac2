// Package outbox brings what this node stored to the sync node: the active
// half of synchronization.
//
// The outbox is rows of the database, not a queue in memory: what the sync node
// has not acknowledged waits there, so a restart resumes where the last run
// ended, and who stores something never waits for the sync node. A Pusher sends
// what waits, the oldest first, and every record is acknowledged by itself.
//
// It promises that every record ends up acknowledged or parked with a reason,
// that one the sync node refuses holds up no other, that sending is at least
// once (the receiver knows what it has), and that no trouble makes it send
// without a pause: failures back off, and what the sync node takes again and
// again without leaving the outbox is parked. A sync node that does not get done
// with a batch in time is sent smaller ones, so that a slow one gets everything,
// too.
//
// Nothing is sent to a node that is no sync node: at first and after each failure
// it is asked what it is.
//
// To an original sync node, which knows no batches, entries go one by one as they
// are, and neither corrections nor health statuses nor clocks. Batches are tried
// again every ten minutes.
package outbox
