package model

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of the doubts of one record.
const (
	// MaxDoubts is how many doubts a record bears at most.
	MaxDoubts = 16
	// MaxDoubtText is how long a text of a doubt may be, in bytes.
	MaxDoubtText = 200
)

// Doubt says that a part of what was sent was not understood, or was read in a
// way that its sender may not have meant.
type Doubt struct {
	// Field is the field's name in answers, or "body" if the whole body is
	// meant.
	Field string `json:"field"`
	// Sent is what was sent, cut to MaxDoubtText.
	Sent string `json:"sent"`
	// Why says what is wrong with it, and what was done instead.
	Why string `json:"why"`
}

// NewDoubt makes a doubt whose texts are within their bounds and can be stored.
func NewDoubt(field, sent, why string) Doubt {
	return Doubt{Field: cutBytes(field), Sent: cutBytes(sent), Why: cutBytes(why)}
}

// cutBytes cuts text to MaxDoubtText between two characters.
func cutBytes(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), string(utf8.RuneError))
	if len(text) <= MaxDoubtText {
		return text
	}
	end := MaxDoubtText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// Doubts are the doubts about one record as canonical JSON, sorted; "" if there
// are none. Two equal sets are equal texts.
type Doubts string

// NewDoubts makes the set. If there are more than MaxDoubts, the last ones in
// the sorted order are left out, so the union of sets does not depend on the
// order.
func NewDoubts(list ...Doubt) Doubts {
	sorted := make([]Doubt, len(list))
	for i, d := range list {
		sorted[i] = NewDoubt(d.Field, d.Sent, d.Why)
	}
	slices.SortFunc(sorted, func(a, b Doubt) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Why, b.Why))
	})
	sorted = slices.Compact(sorted)
	if len(sorted) == 0 {
		return ""
	}
	return Doubts(canonical(sorted[:min(len(sorted), MaxDoubts)]))
}

// List returns the doubts. A text that NewDoubts did not make counts as empty.
func (d Doubts) List() []Doubt { return decoded[[]Doubt](string(d)) }

// With is the union of two sets.
func (d Doubts) With(other Doubts) Doubts {
	if other == "" || d == other {
		return d
	}
	return NewDoubts(append(d.List(), other.List()...)...)
}

// clean returns the set in its canonical form.
func (d Doubts) clean() (_ Doubts, cut bool) { return NewDoubts(d.List()...), false }

// decoded reads what canonical wrote. Any other text is the zero value.
func decoded[T any](text string) (v T) {
	var zero T
	if text == "" || json.Unmarshal([]byte(text), &v) != nil {
		return zero
	}
	return v
}

// canonical is the JSON of a value that always can be encoded. Letters such as
// < stay as they are, so that people can read the text in a database.
func canonical(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings and times never fail
	return strings.TrimSuffix(b.String(), "\n")
}
