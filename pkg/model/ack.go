package model

// Ack says that the sync node has a record with this content.
type Ack struct {
	Fingerprint, Content Fingerprint
	// ID is the entry's number in this database, or 0 if the caller does not
	// know it. The number makes it faster to find many entries whose numbers
	// follow one another.
	ID int64
}

// Absorbed is the database's state of a record after a merge.
type Absorbed struct {
	Content Fingerprint
	// Merged is the whole record if the database knows more than the copy that
	// arrived.
	Merged *Record
}
