package repo

import "aura.radio/engine/pkg/repo/internal/sqldb"

// reader is what can be asked of a node's database and of a station's.
type reader struct{ db *sqldb.DB }

// reads is for answers about many records at once.
func (r reader) reads() bulk { return bulk{r.db.Reads()} }

// bulk reads many records at once.
type bulk struct{ sqldb.Conn }
