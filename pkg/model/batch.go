package model

// Batch is the data that one node sends to another.
type Batch struct {
	// Edition is the sender's.
	Edition Edition
	// From is the sender's database; nil if the sender is the sync node, or does
	// not tell.
	From    *Identity
	Records []Record
	Healths []Health
	Clocks  []Clock
	// Synced: the sync node sends the batch. A record that the receiver then
	// has exactly as sent no longer waits for the sync node.
	Synced bool
	// Acks and HealthAcks say which records the sync node has.
	Acks       []Ack
	HealthAcks []Fingerprint
}
