package model

import "time"

// EntryQuery selects entries.
type EntryQuery struct {
	// From and To bound when an entry was played, both inclusive; zero is open.
	From, To time.Time
	// Raw shows the entries as engines sent them: also those that a correction
	// voided, but none that a person logged. Otherwise voided ones are left out.
	Raw bool
	// UnsyncedOnly leaves out what the sync node has.
	UnsyncedOnly bool
	// After continues behind a position in the query's own order; Offset is
	// then ignored.
	After *Position
	// Offset skips entries. Limit bounds how many come; 0 is no bound.
	Offset, Limit int
	// Oldest has the oldest first instead of the newest.
	Oldest bool
}

// Position is an entry's place in the order by time played; of entries played
// at one instant, the one stored later is the later.
type Position struct {
	PlayedAt time.Time
	ID       int64
}

// PositionOf is the place of a stored entry.
func PositionOf(e Entry) Position { return Position{PlayedAt: e.PlayedAt(), ID: e.ID} }

// RecordQuery selects records of one source, oldest first.
type RecordQuery struct {
	Source   int
	From, To time.Time // half open; zero is open
	After    *Position
	Limit    int // 0 is no bound
}

// DigestQuery selects what digests are about.
type DigestQuery struct {
	Kind     Kind
	Source   int
	Span     Span
	From, To time.Time // half open; zero is open
}

// Ack says that the sync node has a record with that content.
type Ack struct {
	Fingerprint, Content Fingerprint
	// ID is the entry's number in this database, 0 if the caller does not know
	// it: many entries whose numbers follow one another are found faster by them.
	ID int64
}

// Absorbed is what the database has of a record after it was merged.
type Absorbed struct {
	Content Fingerprint
	// Merged is the whole record if the database knows more than what came.
	Merged *Record
}
