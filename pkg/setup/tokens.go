package setup

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
)

// Token is an entry of AURA_API_TOKENS.
type Token struct{ Name, Role, Secret string }

// Tokens is the value of AURA_API_TOKENS, one token a line.
type Tokens []Token

// ParseTokens reads the value. The service itself checks it; what is no token is
// left out here.
func ParseTokens(text string) Tokens {
	var all Tokens
	for entry := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if parts := strings.SplitN(strings.TrimSpace(entry), ":", 3); len(parts) == 3 {
			all = append(all, Token{parts[0], parts[1], parts[2]})
		}
	}
	return all
}

// String is the value.
func (t Tokens) String() string {
	lines := make([]string, len(t))
	for i, token := range t {
		lines[i] = token.Name + ":" + token.Role + ":" + token.Secret
	}
	return strings.Join(lines, "\n")
}

// secrets are those of a name, the oldest first.
func (t Tokens) secrets(name string) []string {
	var all []string
	for _, token := range t {
		if token.Name == name {
			all = append(all, token.Secret)
		}
	}
	return all
}

// With are the tokens with another one, which takes the place of those of its
// name. The last keep of them stay, so that whoever has them goes on.
func (t Tokens) With(token Token, keep int) Tokens {
	former := t.secrets(token.Name)
	former = former[max(0, len(former)-keep):]
	rest := slices.DeleteFunc(slices.Clone(t), func(o Token) bool {
		return o.Name == token.Name && (!slices.Contains(former, o.Secret) || o.Secret == token.Secret)
	})
	return append(rest, token)
}

// secretBytes is how long a secret is before it is written in hex. It is also
// enough for the key of heartbeats.
const secretBytes = 32

// NewSecret is a fresh random secret.
func NewSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
