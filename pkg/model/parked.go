package model

import "time"

// Parked is a record that the sync node refused. It is not sent again until
// somebody retries it, and does not hold up other records.
type Parked struct {
	Kind   Kind
	UID    Fingerprint // of the entry or of the health status
	At     time.Time   // when it was refused: UTC
	Reason string      // the sync node's words
	// The following fields describe the record to the person who reads the
	// list.
	Source int
	Time   time.Time
	Title  string
}

// Normalize brings the record into the form in which it is stored.
func (p *Parked) Normalize() {
	p.At = p.At.UTC().Truncate(time.Microsecond)
	p.Reason, _ = cleanText(p.Reason, MaxReason)
}
