package model

// Taken says what happened to an entry that was taken.
type Taken int

const (
	// TakenStored means that the entry is in the playlog.
	TakenStored Taken = iota
	// TakenKept means that the entry is kept until it can be stored.
	TakenKept
)
