package model

import (
	"cmp"
	"time"
)

// Position is an entry's place in the order by time played. Of two entries
// played at one instant, the one stored later comes later.
type Position struct {
	PlayedAt time.Time
	ID       int64
}

// PositionOf is the place of a stored entry.
func PositionOf(e Entry) Position { return Position{PlayedAt: e.PlayedAt(), ID: e.ID} }

// Compare orders positions.
func (p Position) Compare(other Position) int {
	return cmp.Or(p.PlayedAt.Compare(other.PlayedAt), cmp.Compare(p.ID, other.ID))
}
