package httpserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"aura.radio/engine/pkg/model"
)

// Role is the role of a caller; the contract says which roles may call what.
type Role string

// The existing roles.
const (
	RoleEngine  Role = "engine"
	RoleNode    Role = "node"
	RoleMonitor Role = "monitor"
	RoleAdmin   Role = "admin"
)

var roles = []Role{RoleEngine, RoleNode, RoleMonitor, RoleAdmin}

// minSecret is the least length of a token's secret, in bytes.
const minSecret = 16

// Token admits a caller from another host. The secret itself is not kept.
type Token struct {
	Name string
	Role Role
	hash [sha256.Size]byte
}

// Tokens is the list in API_TOKENS.
type Tokens []Token

// UnmarshalText reads name:role:secret, separated by commas or line ends. The
// error names every mistake. It repeats nothing of an entry, because if the
// order is confused, the secret may be in any place.
func (t *Tokens) UnmarshalText(text []byte) error {
	var list Tokens
	var wrong []string
	entries := strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '\n' || r == '\r' })
	for i, entry := range entries {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		token, err := parseToken(entry)
		if err == nil {
			err = list.collides(token)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("entry %d %v", i+1, err))
			continue
		}
		list = append(list, token)
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	*t = list
	return nil
}

func parseToken(entry string) (Token, error) {
	parts := strings.SplitN(entry, ":", 3)
	if len(parts) != 3 || parts[0] == "" {
		return Token{}, errors.New("must be name:role:secret")
	}
	name, role, secret := parts[0], Role(parts[1]), parts[2]
	switch {
	case !slices.Contains(roles, role):
		return Token{}, fmt.Errorf("must be name:role:secret, with one of the roles %v in the middle", roles)
	case len(secret) < minSecret:
		return Token{}, fmt.Errorf("must be name:role:secret, with a secret of at least %d characters at the end", minSecret)
	case strings.ContainsAny(secret, " \t"):
		return Token{}, errors.New("must have a secret without blanks")
	}
	return Token{Name: name, Role: role, hash: sha256.Sum256([]byte(secret))}, nil
}

// collides refuses a second token of the same secret, and one of the same name
// for another role: the log must distinguish callers. While a secret is
// exchanged, a name has two of them.
func (t Tokens) collides(other Token) error {
	sameName := 0
	for _, own := range t {
		if own.hash == other.hash {
			return errors.New("must not have a secret that another entry has")
		}
		if own.Name != other.Name {
			continue
		}
		if sameName++; own.Role != other.Role {
			return errors.New("must not use a name that an entry of another role has")
		}
		if sameName > 1 {
			return errors.New("must not use a name that two other entries have")
		}
	}
	return nil
}

// identity is everything that makes the token.
func (t Token) identity() []byte {
	return slices.Concat(t.hash[:], []byte(t.Role), []byte{0}, []byte(t.Name))
}

// findOf is the token of a session, in the same time for every token.
func (t Tokens) findOf(session model.Session, shown string) (found Token, ok bool) {
	for _, token := range t {
		if session.IsOf(token.identity(), shown) {
			found, ok = token, true
		}
	}
	return found, ok
}

// find is the token with that secret. It takes the same time for every token,
// and also if there is none. Hashes of equal length are compared in constant
// time, and always all of them.
func (t Tokens) find(secret string) (Token, bool) {
	hash := sha256.Sum256([]byte(secret))
	found := -1
	for i := range t {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], t[i].hash[:]), i, found)
	}
	if found < 0 {
		return Token{}, false
	}
	return t[found], true
}

// findNamed is find for a caller that also says the token's name.
func (t Tokens) findNamed(name, secret string) (Token, bool) {
	token, ok := t.find(secret)
	if subtle.ConstantTimeCompare([]byte(name), []byte(token.Name)) == 0 || !ok {
		return Token{}, false
	}
	return token, true
}
