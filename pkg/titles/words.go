package titles

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWords is how many words of a query count.
const maxWords = 8

// Words are what a person searches, as pieces of a Text. The longest comes first,
// because the fewest titles have it.
type Words []string

// ParseWords reads what a person searches. Each word must begin a word of the title
// or its artist, so the last may be unfinished. Scripts that are written without
// blanks are found anywhere. There are no words if nothing of the text can be seen.
func ParseWords(query string) Words {
	words := Words(strings.Fields(Fold(query)))
	for i, word := range words {
		if first, _ := utf8.DecodeRuneInString(word); !isUnspaced(first) {
			words[i] = " " + word
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

// unspaced are scripts that are written without blanks between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

func isUnspaced(r rune) bool { return r >= utf8.RuneSelf && unicode.In(r, unspaced...) }

// In reports whether all words are in a Text.
func (w Words) In(text string) bool {
	return !slices.ContainsFunc(w, func(word string) bool { return !strings.Contains(text, word) })
}

// MaxBeginning is the length, in bytes, to which the beginning of a word is cut.
const MaxBeginning = 24

// Beginnings are what follows each place of a Text where a searched word may begin, in
// order: each word, and in scripts without blanks each letter.
func Beginnings(text string) []string {
	var all []string
	for i, r := range text {
		if r != ' ' && (i == 0 || text[i-1] == ' ' || isUnspaced(r)) {
			word, _, _ := strings.Cut(text[i:], " ")
			all = append(all, cut(word, MaxBeginning))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// BeginningsOf are the bounds of the Beginnings that texts with a word of Words have:
// from the first one on, and before the second one.
func BeginningsOf(word string) (from, to string) {
	from = cut(strings.TrimPrefix(word, " "), MaxBeginning)
	return from, from + strings.Repeat(string(unicode.MaxRune), MaxBeginning/utf8.UTFMax)
}
