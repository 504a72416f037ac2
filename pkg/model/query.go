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
