package repo

// reader is what can be asked of a node's database and of a station's.
type reader struct{ db *DB }
