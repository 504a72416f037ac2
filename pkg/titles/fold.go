package titles

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"aura.radio/engine/pkg/model"
)

// Fold is a text as it is compared: in lower case, without accents, with one blank
// for what is neither letter nor digit. If nothing would remain of a text, such as
// "!!!", its signs stay. A folded text folds to itself. It is empty only if nothing
// of the text can be seen.
func Fold(s string) string {
	line := model.Line(s)
	if folded := fold(line); folded != "" {
		return folded
	}
	return strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(line))), " ")
}

func fold(s string) string {
	var folded strings.Builder
	folded.Grow(len(s))
	isPending := false // something between two words
	for _, r := range norm.NFKD.String(s) {
		switch {
		case isIgnored(r):
			continue
		case !isWordly(r):
			isPending = true
			continue
		case isPending && folded.Len() > 0:
			folded.WriteByte(' ')
		}
		isPending = false
		r = unicode.ToLower(r)
		if letters, ok := spelledOut[r]; ok {
			folded.WriteString(letters)
		} else {
			folded.WriteRune(r)
		}
	}
	return norm.NFC.String(folded.String())
}

// spelledOut are letters that Unicode does not decompose, as people type them who
// don't have them.
var spelledOut = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ı': "i", 'ς': "σ",
}

// isWordly reports whether a character is part of a word: also a mark that is not
// ignored, because in some scripts vowels are marks.
func isWordly(r rune) bool {
	if r < utf8.RuneSelf { // nearly always
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// isIgnored reports whether a word is the same without the character: an accent, a
// point of Hebrew or Arabic, or something without shape, such as a soft hyphen.
// Other marks are letters of their scripts, and so are the voicing marks of
// Japanese.
func isIgnored(r rune) bool {
	switch {
	case r < utf8.RuneSelf: // nearly always
		return false
	case unicode.Is(unicode.Cf, r):
		return true
	case r == voiced || r == halfVoiced:
		return false
	}
	return unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic)
}

const (
	voiced     = '\u3099'
	halfVoiced = '\u309A'
)
