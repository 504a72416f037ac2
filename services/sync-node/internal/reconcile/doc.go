// Package reconcile is passive sync: the sync node compares what it keeps with
// what each node keeps of its own source, fetches and sends what differs, and
// so ends with the same on both sides.
//
// It promises that after a run without failure both sides hold the union of
// what they held when it began, records that could not be stored excepted; that
// nothing depends on what an earlier run did, so a lost database, a lost
// acknowledgement or a run that was cut need no care; that what the sync node
// has is acknowledged to the node; that one node's trouble holds up no other;
// and that of all processes one reconciles at a time.
//
// Entries and health statuses are compared by digests: a count and a sum of
// hashes for each month, then each day and each hour where they differ.
//
// What is acknowledged. A record that was fetched is acknowledged by the content
// that it came with: the node marks it unless it changed meanwhile. Where the
// digests are equal nothing is fetched, and so nothing is acknowledged: a node
// that sends by itself gets its answer by sending again, even where the sync
// node's answer to it was lost. Only where a node still waits with records
// older than the run, because it is not told to send or cannot, are the
// records from its oldest waiting one on acknowledged, as they are here; and
// where that did not help, not again until what waits has changed.
//
// Activations go one way. The sync node numbers them, and every node copies what
// it sees; what a node knows and is missing here comes back, first of all, before
// the first activation is accepted where there is none. Each gets the epoch that
// it had, or one of 0 and less where that was given anew; the last accepted stays
// the last, above all that a node knows.
//
// The on-air log is looked after once for all nodes, and derived anew where it is
// not as it follows from what is stored.
//
// An original node knows no digests: what it says is not synced is fetched page
// by page, everything at start and on demand, else what was played lately. There
// is nothing to acknowledge, and nothing proves that the sides are the same.
package reconcile
