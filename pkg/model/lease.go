package model

import (
	"strings"
	"time"
	"unicode"
)

// Lease is the right to act; at most one holder has it at a time.
type Lease struct {
	Name    string
	Holder  string
	Epoch   int64     // counts the holders, from 1; 0 if nobody ever had it
	Expires time.Time // by the clock of the database, UTC
	// Remaining is how much longer the lease lasted when it was read; 0 if it
	// is free.
	Remaining time.Duration
}

// ValidateHolder refuses a name that would not be the same everywhere it is
// written. The error is an *InvalidError about the field.
func ValidateHolder(field, name string) error {
	if name != strings.TrimSpace(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Invalid(field, name, "must be a name without control characters, and without blanks around it")
	}
	return nil
}
