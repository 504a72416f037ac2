package cli

import (
	"strings"
	"unicode"
)

// maxLine is how many characters of a text Line keeps.
const maxLine = 100

// Printable makes a text from strangers fit for a terminal. A title may contain
// anything, including escape sequences.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// Line is Printable for a cell of a table: a long text is cut.
func Line(s string) string {
	s = Printable(s)
	if r := []rune(s); len(r) > maxLine {
		return string(r[:maxLine]) + "…"
	}
	return s
}
