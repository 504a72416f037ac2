package lenient

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// decode turns the whole text into UTF-8, if it is known how. What is left that
// is not UTF-8 is decided text by text: engines put the bytes of a tag into a
// body that is otherwise UTF-8.
func (m *mender) decode(data []byte, charset string) []byte {
	if rest, ok := bytes.CutPrefix(data, []byte("\ufeff")); ok {
		m.doubt("U+FEFF", "begins with a byte order mark, which is left out")
		return rest
	}
	if order, ok := utf16(data); ok {
		if text, err := order.NewDecoder().Bytes(data); err == nil {
			m.doubt("UTF-16", "must be UTF-8, and was read as UTF-16")
			return text
		}
		return data
	}
	declared := named(charset)
	if declared == nil || utf8.Valid(data) && !ascii(data) {
		return data // what is UTF-8 by its bytes is UTF-8
	}
	text, err := declared.NewDecoder().Bytes(data)
	if err != nil || bytes.Equal(text, data) || bytes.ContainsRune(text, utf8.RuneError) {
		return data // it is another charset than was declared
	}
	m.doubt("charset="+charset, "must be UTF-8, and was read as its declared charset")
	return text
}

// utf16 knows UTF-16 by its byte order mark. JSON without a mark begins with an
// ASCII character, which has one byte of zero.
func utf16(data []byte) (encoding.Encoding, bool) {
	if len(data) < 2 || len(data)%2 != 0 {
		return nil, false
	}
	switch first, second := data[0], data[1]; {
	case first == 0xFE && second == 0xFF, first == 0 && second != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true
	case first == 0xFF && second == 0xFE, first != 0 && second == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), true
	}
	return nil, false
}

// named is the encoding of a declared charset, nil for UTF-8 and for what nobody
// knows.
func named(charset string) encoding.Encoding {
	found, err := htmlindex.Get(strings.TrimSpace(charset))
	if err != nil || found == unicode.UTF8 || found == encoding.Replacement {
		return nil
	}
	return found
}

// windows1252 is the text that bytes are which no charset explains.
func windows1252(b []byte) string {
	text := make([]rune, len(b))
	for i := range b {
		text[i] = charmap.Windows1252.DecodeByte(b[i])
	}
	return string(text)
}

func ascii(data []byte) bool {
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
