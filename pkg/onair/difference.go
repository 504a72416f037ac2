package onair

import "time"

// Difference is an entry of which, by another rule, more or less is heard than a
// log says.
type Difference struct {
	Entry int64
	// At is when it is heard first, by either.
	At time.Time
	// Before and After are how long it is heard: by the log, and by the rule.
	Before, After time.Duration
	// Reason says why, in words.
	Reason string
}
