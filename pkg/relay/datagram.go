package relay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
)

// Size of every datagram, in bytes.
const Size = signed + sha256.Size

const (
	signed = 32
	// prefix begins the datagrams of every version, and kinds follow it.
	prefix       = "AH"
	kindBeat     = "AHB1"
	kindQuestion = "AHC1"
)

// Datagram is a heartbeat, or a challenge that a monitor sends back.
type Datagram struct {
	Source    int
	Start     uint64
	Number    uint64 // of the heartbeat, from 1
	Nonce     uint64
	challenge bool
	key       int // that signs it, among those of the Signer
}

// IsOne reports whether a datagram claims to be one of these, of whatever version:
// what an engine sends begins otherwise.
func IsOne(datagram []byte) bool {
	return len(datagram) >= signed && bytes.HasPrefix(datagram, []byte(prefix))
}

// Signer makes and checks datagrams. It is for one goroutine.
type Signer struct {
	macs []hash.Hash // one for each key
	sum  [sha256.Size]byte
}

// NewSigner makes a Signer. The first key signs, and each is good enough to read. The
// answer to a datagram is signed with the key of that datagram.
func NewSigner(keys Keys) *Signer {
	s := new(Signer)
	for _, key := range keys {
		s.macs = append(s.macs, hmac.New(sha256.New, key))
	}
	return s
}

// Append appends the signed datagram.
func (s *Signer) Append(to []byte, d Datagram) []byte {
	begin := len(to)
	kind := kindBeat
	if d.challenge {
		kind = kindQuestion
	}
	to = append(to, kind...)
	to = binary.BigEndian.AppendUint32(to, uint32(d.Source)) //nolint:gosec // a source's number is a positive 32-bit number
	for _, number := range []uint64{d.Start, d.Number, d.Nonce} {
		to = binary.BigEndian.AppendUint64(to, number)
	}
	return append(to, s.sign(d.key, to[begin:])...)
}

// Read reads a datagram. It is false if no one with a key made it, or if it is of
// another version.
func (s *Signer) Read(datagram []byte) (Datagram, bool) {
	key := s.signedBy(datagram)
	if key < 0 {
		return Datagram{}, false
	}
	kind := string(datagram[:4])
	source := binary.BigEndian.Uint32(datagram[4:])
	if kind != kindBeat && kind != kindQuestion || source > math.MaxInt32 {
		return Datagram{}, false
	}
	return Datagram{
		Source: int(source), Start: binary.BigEndian.Uint64(datagram[8:]), Number: binary.BigEndian.Uint64(datagram[16:]),
		Nonce: binary.BigEndian.Uint64(datagram[24:]), challenge: kind == kindQuestion, key: key,
	}, true
}

// signedBy is the key that signed a datagram, negative if none did.
func (s *Signer) signedBy(datagram []byte) int {
	if len(datagram) == Size {
		for key := range s.macs {
			if hmac.Equal(s.sign(key, datagram[:signed]), datagram[signed:]) {
				return key
			}
		}
	}
	return -1
}

// sign is the signature with a key, valid until the next call.
func (s *Signer) sign(key int, content []byte) []byte {
	mac := s.macs[key]
	mac.Reset()
	mac.Write(content) // never fails
	return mac.Sum(s.sum[:0])
}
