// Package outbox sends what this node stored to the sync node. It is the active
// half of synchronization.
//
// The outbox is rows of the database, not a queue in memory. What the sync node
// has not acknowledged waits there, so a restart resumes where the last run
// ended. A caller that stores something never waits for the sync node. A Pusher
// sends what waits, oldest first, and every record is acknowledged by itself.
//
// It promises that every record ends up acknowledged or parked with a reason,
// that a record which the sync node refuses delays no other, that sending is at
// least once (the receiver knows what it has), and that no trouble makes it
// send without a pause. Failures back off. A record that the sync node takes
// repeatedly, but that stays in the outbox, is parked. A sync node that can't
// process a batch in time is sent smaller ones, so that a slow one also gets
// everything.
//
// Nothing is sent to a node that is not a sync node: before the first batch and
// after each failure the node is asked what it is.
//
// An original sync node knows no batches. It gets entries one by one as they
// are, and no corrections, health statuses or clocks. Batches are tried again
// every ten minutes.
package outbox
