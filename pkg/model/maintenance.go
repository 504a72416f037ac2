package model

import "time"

// Maintenance tells whether somebody works on a source. Automatic switches
// leave such a source out.
type Maintenance struct {
	Source    int
	On        bool
	By        string
	Reason    string
	ChangedAt time.Time // UTC, microseconds
}

// Normalize brings the maintenance into the form in which it is stored.
func (m *Maintenance) Normalize() {
	m.ChangedAt = m.ChangedAt.UTC().Truncate(time.Microsecond)
	m.By, _ = cleanText(m.By, MaxText)
	m.Reason, _ = cleanText(m.Reason, MaxReason)
}
