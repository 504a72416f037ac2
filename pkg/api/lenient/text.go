package lenient

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// text writes a text with its quotation marks. If it is the name of a member of
// the outermost object, what follows is about that member.
func (m *mender) text(quoted []byte, isField bool) {
	mended, whys := quoted, []string(nil)
	if !utf8.Valid(quoted) {
		mended = []byte(windows1252(quoted))
		whys = append(whys, "is not UTF-8, and was read as Windows-1252")
	}
	if !json.Valid(mended) {
		var more []string
		mended, more = escaped(mended)
		whys = append(whys, more...)
	}
	if isField {
		m.field = Body
		var name string
		if json.Unmarshal(mended, &name) == nil {
			m.field = Snippet([]byte(name))
		}
	}
	for _, why := range whys {
		m.doubt(Snippet(unquote(quoted)), why)
	}
	m.out = append(m.out, mended...)
}

// unquote is a text without its quotation marks; the closing one may lack.
func unquote(quoted []byte) []byte {
	if n := len(quoted); n > 1 && quoted[n-1] == '"' {
		return quoted[1 : n-1]
	}
	return quoted[1:]
}

var (
	// possible matches the escapes that JSON has.
	possible = regexp.MustCompile(`^\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})`)
	// The escapes of other languages: bytes in decimal (Lua, Liquidsoap), in
	// octal (C) and in hexadecimal digits.
	inDigits = regexp.MustCompile(`^(\\[0-9]{3})+`)
	inHex    = regexp.MustCompile(`^(\\x[0-9A-Fa-f]{2})+`)
)

// escaped writes control characters as JSON does, and what escapes mean that
// JSON does not have. An escape of unknown meaning stands for itself.
func escaped(quoted []byte) (out []byte, whys []string) {
	var control, read, kept bool
	for i := 0; i < len(quoted); {
		rest := quoted[i:]
		if quoted[i] < ' ' {
			control = true
			out = fmt.Appendf(out, `\u%04x`, quoted[i])
			i++
			continue
		}
		if quoted[i] != '\\' {
			out = append(out, quoted[i])
			i++
			continue
		}
		if known := possible.Find(rest); known != nil {
			out = append(out, known...)
			i += len(known)
			continue
		}
		meaning, length := foreign(rest)
		if length > 0 {
			read = true
			out = appendText(out, meaning)
			i += length
			continue
		}
		kept = true
		out = append(out, `\\`...)
		i++
	}
	for _, kind := range []struct {
		found bool
		why   string
	}{
		{control, "has control characters that are not escaped"},
		{read, "has escapes that JSON does not have, which were read as other languages write them"},
		{kept, "has escapes that JSON does not have, which were kept as text"},
	} {
		if kind.found {
			whys = append(whys, kind.why)
		}
	}
	return out, whys
}

// foreign is what escapes of another language at the beginning of s mean, if
// that is certain, and how long they are.
func foreign(s []byte) (meaning string, length int) {
	if len(s) > 1 && s[1] == '\'' {
		return "'", 2
	}
	if run := inHex.Find(s); run != nil {
		bytes := numbers(run, 4, 16)
		if !utf8.Valid(bytes) {
			return windows1252(bytes), len(run) // \xe9 is é, as byte and as code point
		}
		return string(bytes), len(run)
	}
	run := inDigits.Find(s)
	for _, base := range []int{10, 8} {
		// Beyond ASCII, no run is UTF-8 in both bases.
		if bytes := numbers(run, 4, base); len(bytes) > 1 && utf8.Valid(bytes) && bytes[0] >= utf8.RuneSelf {
			return string(bytes), len(run)
		}
	}
	return "", 0
}

// numbers are the bytes that a run of escapes of one width names, nil if one is
// no byte.
func numbers(run []byte, width, base int) (bytes []byte) {
	digits := 3
	if base == 16 {
		digits = 2
	}
	for ; len(run) > 0; run = run[width:] {
		n, err := strconv.ParseUint(string(run[width-digits:width]), base, 8)
		if err != nil {
			return nil
		}
		bytes = append(bytes, byte(n))
	}
	return bytes
}

// appendText appends a text as the inside of a JSON text.
func appendText(out []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		return out // it never fails
	}
	return append(out, quoted[1:len(quoted)-1]...)
}
