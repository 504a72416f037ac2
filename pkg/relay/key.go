package relay

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// minKey is the length of a key, in bytes.
const minKey = 32

// Key decodes the key, which is written in hex or base64. The error is a rule that
// the text breaks.
func Key(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	key, err := hex.DecodeString(text)
	if err != nil {
		key, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil {
		key, err = base64.RawURLEncoding.DecodeString(text)
	}
	if err != nil || len(key) < minKey {
		return nil, errors.New("must be at least 32 bytes in hex or base64, such as openssl rand -hex 32 prints")
	}
	return key, nil
}
