package model

import "time"

// All stored times are from Earliest to latest.
var (
	Earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Within moves the bound of a query into the range that every database
// understands.
func Within(t time.Time) time.Time {
	switch {
	case t.Before(Earliest):
		return Earliest
	case t.After(latest):
		return latest
	}
	return t
}

// EntryQuery selects entries.
type EntryQuery struct {
	// From and To bound when an entry was played, both inclusive; zero is open.
	From, To time.Time
	// Raw shows the entries as engines sent them. It includes entries that a
	// correction voided, and excludes entries that a person logged. Otherwise
	// voided entries are left out.
	Raw bool
	// Named leaves out entries without Entry.IsNamed.
	Named bool
	// UnsyncedOnly leaves out entries that the sync node has.
	UnsyncedOnly bool
	// After continues behind a position in the query's own order. Offset is
	// then ignored.
	After *Position
	// Offset skips entries. Limit is the maximum number of entries; 0 means no
	// limit.
	Offset, Limit int
	// Oldest puts the oldest first instead of the newest.
	Oldest bool
}

// RecordQuery selects records of one source, oldest first.
type RecordQuery struct {
	Source   int
	From, To time.Time // half open; zero is open
	After    *Position
	Limit    int // 0 means no limit
}

// DigestQuery selects the records that digests cover.
type DigestQuery struct {
	Kind     Kind
	Source   int
	Span     Span
	From, To time.Time // half open; zero is open
}
