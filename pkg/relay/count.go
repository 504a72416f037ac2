package relay

import (
	"crypto/rand"
	"encoding/binary"
)

// Count is what a relay took from its engine since it started. It is for one
// goroutine.
type Count struct {
	source        int
	start, number uint64
}

// NewCount begins with a random start number.
func NewCount(source int) *Count {
	var start [8]byte
	_, _ = rand.Read(start[:]) // never fails
	return &Count{source: source, start: binary.BigEndian.Uint64(start[:])}
}

// Next takes a heartbeat of the engine.
func (c *Count) Next() { c.number++ }

// For is the last heartbeat, for the monitor that gave that nonce.
func (c *Count) For(nonce uint64) Datagram {
	return Datagram{Source: c.source, Start: c.start, Number: c.number, Nonce: nonce}
}

// Nonce is the one that a monitor gives, if the datagram is a challenge to this
// relay.
func (c *Count) Nonce(d Datagram) (nonce uint64, ok bool) {
	return d.Nonce, d.challenge && d.Source == c.source && d.Start == c.start
}
