package model

import "time"

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
