package model

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is the length, in characters (code points), to which texts such as
// artist and title are cut.
const MaxText = 256

// cleanText makes a text storable everywhere. Control characters, such as the
// NUL that ID3v2.4 puts between several values, become blanks. Characters
// beyond limit are cut. It reports whether it cut.
func cleanText(s string, limit int) (string, bool) {
	if isPlain(s) && len(s) <= limit { // nearly always
		return s, false
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s, false
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i], true
		}
		n++
	}
	return s, false
}

// isPlain reports whether a text is printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
