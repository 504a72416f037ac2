package sse

import (
	"bytes"
	"context"
)

// Form is how a stream is written to one listener.
type Form interface {
	// First is what the listener gets at first. An error means that it can't be
	// served now.
	First(ctx context.Context, events []*Event) ([]byte, error)
	// Next is what it gets after changes. An error ends its stream, so that it comes
	// back and gets the state.
	Next(ctx context.Context, events []*Event) ([]byte, error)
	// Ping keeps the connection alive.
	Ping() []byte
}

// Plain is the stream's own form: every event, with an id for resumption, and
// comments, which clients ignore.
type Plain struct{}

// First implements Form.
func (Plain) First(_ context.Context, events []*Event) ([]byte, error) { return frames(events), nil }

// Next implements Form.
func (Plain) Next(_ context.Context, events []*Event) ([]byte, error) { return frames(events), nil }

// Ping implements Form.
func (Plain) Ping() []byte { return comment }

var comment = []byte(":\n\n")

// frames are events as server-sent events write them. All listeners share those of
// one event.
func frames(events []*Event) []byte {
	if len(events) == 1 {
		return events[0].frame
	}
	var all [][]byte
	for _, e := range events {
		all = append(all, e.frame)
	}
	return bytes.Join(all, nil)
}
