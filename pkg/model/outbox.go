package model

import "time"

// Outbox counts the records that the sync node does not have yet.
type Outbox struct {
	Entries int64 // without the parked ones
	Healths int64 // without the parked ones
	Parked  int64
	// Oldest is when the oldest waiting entry was played, zero if none waits.
	Oldest time.Time
}
