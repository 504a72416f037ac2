package model

import (
	"encoding/json"
	"time"
)

// KeptKind is what a kept item tells of.
type KeptKind string

// The kinds of kept items.
const (
	KeptPlay   KeptKind = "play"
	KeptHealth KeptKind = "health"
	KeptClock  KeptKind = "clock"
)

// Kept is what an engine said while the database could not store it: an item of
// the journal.
type Kept struct {
	// ID grows in the order in which items were kept. It is 0 before.
	ID      int64
	Kind    KeptKind
	Arrival time.Time // UTC, microseconds
	// Start is a play's start; zero for other kinds.
	Start time.Time
	// Body is the noun as JSON.
	Body json.RawMessage
	// Database is the one that has to store it; zero as long as none was
	// reachable.
	Database Fingerprint
	// Reason is why the item was put aside: the database refused it for good. It
	// is "" for an item that waits.
	Reason string
}

// Journal counts the kept items.
type Journal struct {
	// Waiting are those that this database has to store, Aside those that it
	// refused, and Foreign those of another database.
	Waiting, Aside, Foreign int64
	// Bytes is the room that all of them take.
	Bytes int64
	// Oldest is when the oldest waiting one arrived; zero if none waits.
	Oldest time.Time
}
