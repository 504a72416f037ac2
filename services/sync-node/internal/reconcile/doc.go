// Package reconcile is passive sync. The sync node compares what it keeps with
// what each node keeps of its own source. It fetches and sends what differs, so
// that both sides end up with the same records.
//
// It promises that after a run without failure both sides hold the union of
// what they held when it began, except records that could not be stored; that
// nothing depends on what an earlier run did, so a lost database, a lost
// acknowledgement or an interrupted run needs no care; that what the sync node
// has is acknowledged to the node; that one node's trouble delays no other
// node; and that only one process at a time reconciles.
//
// Entries and health statuses are compared by digests. A digest is a count and
// a sum of hashes for each month, then for each day and each hour if the longer
// span differs.
//
// What is acknowledged: a fetched record is acknowledged by the content with
// which it came. The node marks the record unless it has changed meanwhile. If
// the digests are equal, nothing is fetched and so nothing is acknowledged. A
// node that sends by itself gets its answer by sending again, even if the sync
// node's first answer was lost. A node may still wait with records older than
// the run, because it is not told to send or cannot send. Only then all records
// from its oldest waiting record on are acknowledged, since they are here. If
// that did not help, it is not repeated until what waits has changed.
//
// A node of an older edition is compared by what it knows of records. What it
// can't keep is not sent to it again. Once it is updated, the digests differ, and
// it gets the rest.
//
// Plays that a person purged are not compared, whichever side knows it. If the sync
// node's database was restored from a backup of before, it learns first in a run from the
// node what it had decided itself. By nothing else that a node says are plays deleted.
//
// Activations go one way: the sync node numbers them, and every node copies
// what it sees. What a node knows and is missing here is taken back first in a
// run. If there is no history here, it is taken back before the first
// activation is accepted. Each gets its former epoch, or an epoch of 0 or less
// if the former one was assigned again. The activation accepted last stays the
// last, above all that a node knows.
//
// The on-air log is checked once for all nodes. It is derived again if it
// differs from what follows from the stored records.
//
// An original node knows no digests. The records that it calls not synced are
// fetched page by page: all of them at start and on demand, otherwise those
// that were played lately. There is nothing to acknowledge, and nothing proves
// that the two sides are the same.
package reconcile
