package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode"
)

// minKey is the length of a key, in bytes. maxKeys is how many may stand while they
// are exchanged.
const (
	minKey  = 32
	maxKeys = 2
)

// Keys of a station: the present one, and one more while they are exchanged.
type Keys [][]byte

// ReadKeys reads keys, which are written in hex or base64 and separated by commas,
// blanks or line breaks. The error is a rule that the text breaks; it repeats
// nothing of the text.
func ReadKeys(text string) (Keys, error) {
	var keys Keys
	for one := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		one = strings.TrimRight(one, "=")
		key, err := hex.DecodeString(one)
		if err != nil {
			key, err = base64.RawStdEncoding.DecodeString(one)
		}
		if err != nil {
			key, err = base64.RawURLEncoding.DecodeString(one)
		}
		if err != nil || len(key) < minKey {
			return nil, errTooShort
		}
		keys = append(keys, key)
	}
	switch {
	case len(keys) == 0:
		return nil, errTooShort
	case len(keys) > maxKeys:
		return nil, errors.New("must be one key, or two while they are exchanged")
	}
	return keys, nil
}

var errTooShort = errors.New("must be at least 32 bytes in hex or base64, such as openssl rand -hex 32 prints")

// Equal reports whether these are the same keys in the same order.
func (k Keys) Equal(others Keys) bool { return slices.EqualFunc(k, others, bytes.Equal) }
