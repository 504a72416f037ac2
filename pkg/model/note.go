package model

import (
	"encoding/json"
	"time"
)

// Note is a value that a program stores for itself, to find it again after a
// restart. The last note of each name counts.
type Note struct {
	Name string // at most MaxChannel characters
	// Body is a JSON object.
	Body      json.RawMessage
	WrittenAt time.Time // UTC, microseconds
}

// Normalize brings the note into the form in which it is stored.
func (n *Note) Normalize() { n.WrittenAt = n.WrittenAt.UTC().Truncate(time.Microsecond) }
