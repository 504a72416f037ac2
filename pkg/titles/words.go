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
		if first, _ := utf8.DecodeRuneInString(word); !unicode.In(first, unspaced...) {
			words[i] = " " + word
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

// unspaced are scripts that are written without blanks between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// In reports whether all words are in a Text.
func (w Words) In(text string) bool {
	return !slices.ContainsFunc(w, func(word string) bool { return !strings.Contains(text, word) })
}
