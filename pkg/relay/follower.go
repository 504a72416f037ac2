package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Follower is what a monitor knows of the relay of one source. It is for one
// goroutine.
type Follower struct {
	follows            bool
	start, nonce, last uint64 // that it follows, and the number of the last heartbeat that counted
	// changes is how often it began to follow a start. The nonces that it gives
	// depend on that, so none that was given before is worth anything.
	changes uint64
	secret  []byte
}

// NewFollower makes a Follower that heard no relay yet.
func NewFollower() *Follower {
	f := &Follower{secret: make([]byte, sha256.Size)}
	_, _ = rand.Read(f.secret) // never fails
	return f
}

// Verdict on a datagram.
type Verdict int

// The verdicts.
const (
	Counts     Verdict = iota
	Challenged         // start or nonce is not that which it follows
	Replayed           // its number is not greater than all before, or it is no heartbeat
)

// Hear judges a datagram that was signed with the key. If it counts, missing is how
// many of its relay did not arrive since the last one that counted. If it is
// challenged, the answer is to be sent back to its sender.
func (f *Follower) Hear(d Datagram) (v Verdict, missing uint64, answer Datagram) {
	isFollowed := f.follows && d.Start == f.start
	if d.challenge || d.Number == 0 || isFollowed && d.Number <= f.last {
		return Replayed, 0, Datagram{}
	}
	if !isFollowed || d.Nonce != f.nonce {
		nonce := f.offer(d.Start)
		if d.Nonce != nonce {
			return Challenged, 0, Datagram{Source: d.Source, Start: d.Start, Nonce: nonce, challenge: true, key: d.key}
		}
		switch {
		case !f.follows: // what the relay sent before this monitor listened is not missing
			f.last = d.Number - 1
		case !isFollowed:
			f.last = 0
		}
		f.follows, f.start, f.nonce = true, d.Start, nonce
		f.changes++
	}
	missing, f.last = d.Number-f.last-1, d.Number
	return Counts, missing, Datagram{}
}

// Follows reports whether a relay was ever heard.
func (f *Follower) Follows() bool { return f.follows }

// offer is the nonce for a start that it does not follow yet. It need not be
// remembered, so recorded datagrams of other starts can't make it forgotten.
func (f *Follower) offer(start uint64) uint64 {
	mac := hmac.New(sha256.New, f.secret)
	var content [16]byte
	binary.BigEndian.PutUint64(content[:], start)
	binary.BigEndian.PutUint64(content[8:], f.changes)
	mac.Write(content[:]) // never fails
	return max(1, binary.BigEndian.Uint64(mac.Sum(nil)))
}
