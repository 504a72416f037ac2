package lenient

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"aura.radio/engine/pkg/model"
)

// mender copies a text token by token and mends tokens that JSON does not know.
// Whether the result is JSON is not its business.
type mender struct {
	out    []byte
	doubts []model.Doubt
	depth  int
	// field is the member of the outermost object that is being read, or of an
	// object in the outermost list.
	field string
	// outermost is the depth at which such a member is.
	outermost int
	// element counts the elements of the outermost list, and before is how many
	// doubts there were before this element.
	element, before int
}

func (m *mender) doubt(sent, why string) {
	field := m.field
	if m.outermost > 1 && m.depth > 0 {
		field = ofElement(m.element) + field
	}
	own := m.doubts[m.before:]
	same := func(d model.Doubt) bool { return d.Field == field && d.Why == why }
	if len(own) < model.MaxDoubts && !slices.ContainsFunc(own, same) {
		m.doubts = append(m.doubts, model.Doubt{Field: field, Sent: sent, Why: why})
	}
}

func (m *mender) mend(data []byte) {
	m.out = make([]byte, 0, len(data)+64)
	if m.outermost = 1; next(data) == '[' {
		m.outermost = 2
	}
	for i := 0; i < len(data); {
		switch b := data[i]; b {
		case '"':
			end := EndOfText(data, i)
			m.text(data[i:end], m.depth == m.outermost && next(data[end:]) == ':')
			i = end
			continue
		case ',':
			if m.depth <= m.outermost {
				m.field = Body
			}
			if closing := next(data[i+1:]); (closing == '}' || closing == ']') && m.endsValue() {
				m.doubt(",", "has a comma too many, which is left out")
				i++
				continue
			}
			if m.depth == 1 && m.outermost > 1 {
				m.element++
				m.before = len(m.doubts)
			}
		case '{', '[':
			m.depth++
		case '}', ']':
			m.depth--
		case ':', ' ', '\t', '\r', '\n':
		default:
			end := i + 1 + bytes.IndexAny(data[i+1:], "\"{}[],: \t\r\n")
			if end == i {
				end = len(data)
			}
			m.word(data[i:end], next(data[end:]) == ':')
			i = end
			continue
		}
		if m.depth < m.outermost {
			m.field = Body
		}
		m.out = append(m.out, data[i])
		i++
	}
}

// EndOfText is the offset after the closing quotation mark of the JSON text that
// begins at i; the length of data if there is none.
func EndOfText(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// next is the first byte that is no blank, or 0.
func next(data []byte) byte {
	if rest := bytes.TrimLeft(data, " \t\r\n"); len(rest) > 0 {
		return rest[0]
	}
	return 0
}

// endsValue reports whether a value, or an object or list of values, is the last
// that was written.
func (m *mender) endsValue() bool {
	before := bytes.TrimRight(m.out, " \t\r\n")
	return len(before) > 0 && !strings.ContainsRune("{[,:", rune(before[len(before)-1]))
}

// unquoted matches what programs write in place of a JSON value: numbers that
// are none, Python's constants, and numbers in forms that JSON does not have.
var unquoted = regexp.MustCompile(`(?i)^([+-]?(nan|inf|infinity)|none|undefined|true|false|null|[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?)$`)

// word writes a token without quotation marks. If JSON does not know it but we
// do, it becomes a text: what reads the field has rules for such texts.
func (m *mender) word(word []byte, isName bool) {
	if isName || len(word) > 64 || check(word) == nil || !unquoted.Match(word) {
		m.out = append(m.out, word...)
		return
	}
	m.doubt(string(word), "is no JSON value, and was read as text")
	m.out = append(m.out, '"')
	m.out = append(m.out, word...)
	m.out = append(m.out, '"')
}
