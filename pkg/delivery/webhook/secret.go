package webhook

import (
	"encoding/base64"
	"errors"
	"strings"
)

const (
	// minSecret is in characters, or in bytes if they are base64.
	minSecret = 24
	// encodedSecret begins a secret as the Standard Webhooks write it.
	encodedSecret = "whsec_"
)

// Key is what signs, from a secret as it is configured. The error says the rule
// that the secret breaks.
func Key(secret string) ([]byte, error) {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, encodedSecret); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("must be base64 after " + encodedSecret)
		}
	}
	if len(key) < minSecret {
		return nil, errors.New("must have at least 24 characters, or whsec_ and the base64 of at least 24 bytes")
	}
	return key, nil
}
