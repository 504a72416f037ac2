package titles

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// Key identifies a title in every database. 0 is no title.
type Key uint64

// ID is the key of what an artist and a title name, however they are spelled. It is
// 0 if nothing of them can be seen.
func ID(artist, title string) Key {
	artist, title = Fold(artist), Fold(title)
	if artist == "" && title == "" {
		return 0
	}
	sum := sha256.Sum256([]byte("title/1\n" + artist + "\n" + title))
	return Key(binary.BigEndian.Uint64(sum[:]))
}

// String is the key as addresses have it: 16 hexadecimal digits, or nothing if it
// is no title.
func (k Key) String() string {
	if k == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", uint64(k))
}

// ParseKey reads what String writes of a title.
func ParseKey(s string) (Key, error) {
	k, err := strconv.ParseUint(s, 16, 64)
	if err != nil || Key(k).String() != s || s == "" {
		return 0, errors.New("must be 16 hexadecimal digits")
	}
	return Key(k), nil
}
