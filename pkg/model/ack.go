package model

// Ack says that the sync node has a record with this content.
type Ack struct {
	Fingerprint Fingerprint
	Content     Content
	// BaseOnly: the sync node does not know supplements, so the content's
	// supplement says nothing.
	BaseOnly bool
	// ID is the entry's number in this database, or 0 if the caller does not
	// know it. The number makes it faster to find many entries whose numbers
	// follow one another.
	ID int64
}

// Absorbed is the database's state of a record after a merge.
type Absorbed struct {
	Content Content
	// Merged is the whole record if the database knows more than the copy that
	// arrived.
	Merged *Record
	// Refused is why it was not stored, because its play is gone by a purge; nil if
	// it was stored.
	Refused *InvalidError
}
