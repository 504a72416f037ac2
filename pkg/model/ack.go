package model

// Ack says that the sync node has a record with that content.
type Ack struct {
	Fingerprint, Content Fingerprint
	// ID is the entry's number in this database, 0 if the caller does not know
	// it: many entries whose numbers follow one another are found faster by them.
	ID int64
}

// Absorbed is what the database has of a record after it was merged.
type Absorbed struct {
	Content Fingerprint
	// Merged is the whole record if the database knows more than what came.
	Merged *Record
}
