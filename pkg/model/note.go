package model

import (
	"encoding/json"
	"time"
)

// Note is something that a program notes for itself, to find it again after a
// restart. Of each name the last one counts.
type Note struct {
	Name string // at most MaxChannel characters
	// Body is a JSON object.
	Body      json.RawMessage
	WrittenAt time.Time // UTC, microseconds
}

// Normalize brings the note into the form in which it is stored.
func (n *Note) Normalize() { n.WrittenAt = n.WrittenAt.UTC().Truncate(time.Microsecond) }
