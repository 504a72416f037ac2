package cli

import (
	"strings"
	"unicode"
)

// maxLine is how many characters of a text Line keeps.
const maxLine = 100

// Line makes a text from strangers fit for one line of a terminal. A title may
// contain anything, including escape sequences.
func Line(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxLine {
		return string(r[:maxLine]) + "…"
	}
	return s
}
