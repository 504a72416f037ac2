package model

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

const (
	// SessionIdle is how long a session lasts without a request.
	SessionIdle = 12 * time.Hour
	// SessionLongest is how long a session lasts at most.
	SessionLongest = 7 * 24 * time.Hour
	// sessionStep is how much later a session must end for that to be stored.
	sessionStep = time.Minute
)

// SessionID is the SHA-256 of what the browser shows. So who reads the database
// can't act for anybody.
type SessionID [sha256.Size]byte

// SessionIDOf is the id of the session that a browser shows.
func SessionIDOf(shown string) SessionID { return sha256.Sum256([]byte(shown)) }

// Session is the right of a browser to act as a token.
type Session struct {
	ID   SessionID
	Name string // of the token
	// Proof is of the token, and can be checked only with what the browser shows.
	Proof            [sha256.Size]byte
	Created, Expires time.Time // UTC, microseconds
}

// NewSession begins a session of a token. The caller gives what is shown to the
// browser, and keeps it nowhere. identity is everything that makes the token: if
// any of it changes, the session is over.
func NewSession(name string, identity []byte, now time.Time) (s Session, shown string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	shown = base64.RawURLEncoding.EncodeToString(secret)
	now = now.UTC().Truncate(time.Microsecond)
	return Session{ID: SessionIDOf(shown), Name: name, Proof: proofOf(shown, identity), Created: now, Expires: now.Add(SessionIdle)}, shown
}

func proofOf(shown string, identity []byte) (proof [sha256.Size]byte) {
	mac := hmac.New(sha256.New, []byte(shown))
	mac.Write(identity)
	mac.Sum(proof[:0])
	return proof
}

// IsOf reports whether the session is of the token with that identity.
func (s Session) IsOf(identity []byte, shown string) bool {
	proof := proofOf(shown, identity)
	return hmac.Equal(proof[:], s.Proof[:])
}

// IsOver reports whether the session has ended by itself.
func (s Session) IsOver(now time.Time) bool { return !now.Before(s.Expires) }

// Used is the session after a request, and whether that is worth storing.
func (s Session) Used(now time.Time) (after Session, changed bool) {
	until := now.UTC().Truncate(time.Microsecond).Add(SessionIdle)
	if end := s.Created.Add(SessionLongest); until.After(end) {
		until = end
	}
	if until.Sub(s.Expires) < sessionStep {
		return s, false
	}
	s.Expires = until
	return s, true
}
