package model

import "time"

// Lease is the right to act that at most one holder has at a time.
type Lease struct {
	Name    string
	Holder  string
	Epoch   int64     // counts the holders, from 1; 0 where nobody ever had it
	Expires time.Time // by the clock of the database, UTC
	// Remaining is how long it lasted when it was read; 0 where it is free.
	Remaining time.Duration
}
