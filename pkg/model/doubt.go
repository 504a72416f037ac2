package model

// Doubt is something that an engine said and that was not understood as it was
// sent.
type Doubt struct {
	// Field is the member of the body that the doubt is about, or "body".
	Field string `json:"field"`
	// Sent is what was sent: UTF-8, at most MaxSent bytes.
	Sent string `json:"sent"`
	// Why says what is wrong with it, and what became of it.
	Why string `json:"why"`
}

// Bounds of doubts: how many one body may have, and how long what was sent may
// be, in bytes.
const (
	MaxDoubts = 16
	MaxSent   = 200
)
