package repo

import "aura.radio/engine/pkg/repo/internal/sqldb"

// reader has the reads that a node's and a station's database share.
type reader struct {
	db   *sqldb.DB
	days *dayCounts
}

// reads is for reads of many records at once on which no write depends.
func (r reader) reads() bulk { return bulk{r.db.Reads()} }

// bulk reads many records at once.
type bulk struct{ sqldb.Conn }
