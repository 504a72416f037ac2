package model

// Taken says what happened to an entry that was taken.
type Taken int

const (
	// TakenStored: it is in the playlog.
	TakenStored Taken = iota
	// TakenKept: it is kept until it can be stored.
	TakenKept
)
