package model

import "time"

// Refusal is what an engine sent and nobody understood, as it came.
type Refusal struct {
	// ID grows in the order in which bodies were kept. It is 0 before.
	ID      int64     `json:"-"`
	Arrival time.Time `json:"arrival"` // UTC, microseconds
	// Kind is what it should have been: playlog, health or clock.
	Kind string `json:"kind"`
	// Address is the sender's, and Caller the name of its token.
	Address         string `json:"address"`
	Caller          string `json:"caller"`
	Method          string `json:"method"`
	Path            string `json:"path"`
	ContentType     string `json:"content_type"`
	ContentEncoding string `json:"content_encoding"`
	// Status and Reason are the answer.
	Status int    `json:"status"`
	Reason string `json:"reason"`
	// Cut: it was longer, and only its beginning is kept.
	Cut  bool   `json:"cut"`
	Body []byte `json:"-"`
}

// Refusals counts what is kept.
type Refusals struct {
	Items int
	// Bytes is the room that all of it takes.
	Bytes int64
}
