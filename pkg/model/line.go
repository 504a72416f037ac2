package model

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line is a text as one line, so that one title is one text however it was
// tagged. What can't be seen at the ends is left out, an inner run of white space
// or control characters becomes one blank, and letters are composed (NFC). What
// can't be seen between other characters stays, because emoji and some scripts
// are made with it. A line of a line is the same line.
//
// Only what an engine or a person sends becomes a line, where it is read. What
// databases hold and nodes exchange stays as it is, because an entry's identity
// depends on it.
func Line(s string) string {
	if isPlain(s) && strings.Trim(s, " ") == s && !strings.Contains(s, "  ") { // nearly always
		return s
	}
	s = norm.NFC.String(strings.ToValidUTF8(s, string(utf8.RuneError)))
	var line strings.Builder
	line.Grow(len(s))
	isPending := false // a run of white space
	for _, r := range strings.TrimFunc(s, isUnseen) {
		if isWhite(r) {
			isPending = true
			continue
		}
		if isPending {
			line.WriteByte(' ')
			isPending = false
		}
		line.WriteRune(r)
	}
	return line.String()
}

// Tidy makes each text of the entry a line.
func (e *Entry) Tidy() {
	for _, f := range correctable {
		if text, ok := f.Of(e).(*string); ok {
			*text = Line(*text)
		}
	}
}

// Tidy makes each new text a line. Texts that others share stay as they are.
func (c *Changes) Tidy() {
	for _, f := range correctable {
		if text, ok := f.Change(c).(**string); ok && *text != nil {
			*text = new(Line(**text))
		}
	}
}

// isBlank reports whether nothing of a text can be seen.
func isBlank(s string) bool { return strings.TrimFunc(s, isUnseen) == "" }

func isUnseen(r rune) bool { return isWhite(r) || unicode.Is(zeroWidth, r) }

func isWhite(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// zeroWidth are the characters without a width that are no part of a letter or
// an emoji at the end of a text: joiners, marks of direction, byte order marks.
var zeroWidth = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, // soft hyphen
		{Lo: 0x061C, Hi: 0x061C, Stride: 1}, // Arabic letter mark
		{Lo: 0x180E, Hi: 0x180E, Stride: 1}, // Mongolian vowel separator
		{Lo: 0x200B, Hi: 0x200F, Stride: 1}, // zero-width space and joiners, marks of direction
		{Lo: 0x202A, Hi: 0x202E, Stride: 1}, // embeddings and overrides
		{Lo: 0x2060, Hi: 0x206F, Stride: 1}, // word joiner, invisible operators, isolates
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, // byte order mark
	},
	LatinOffset: 1,
}
