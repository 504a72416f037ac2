package logging

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// escaper writes lines in which no character controls the reader's terminal or
// the order of the text. Such characters come from titles and other bodies. The
// library escapes those below the blank; the escaper escapes the others, as JSON
// does.
type escaper struct{ out io.Writer }

func (e escaper) Write(p []byte) (int, error) {
	if bytes.ContainsFunc(p, controls) {
		escaped := make([]byte, 0, len(p)+32)
		for rest := p; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			if controls(r) {
				escaped = fmt.Appendf(escaped, `\u%04x`, r)
			} else {
				escaped = append(escaped, rest[:n]...)
			}
			rest = rest[n:]
		}
		if _, err := e.out.Write(escaped); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return e.out.Write(p)
}

// controls reports whether a character is DEL, one of C1, ends a line or a
// paragraph, or changes the direction of the text.
func controls(r rune) bool {
	return r >= 0x7f && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control))
}

// oneLine is a text without the control characters below the blank, which the
// readable form of a message would keep.
func oneLine(text string) string {
	var b []byte
	for _, r := range text {
		if r < ' ' {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}
