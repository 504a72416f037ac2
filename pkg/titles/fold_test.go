package titles_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"aura.radio/engine/pkg/titles"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "",
		" \u200b ":               "",
		"Mazzy Star":             "mazzy star",
		"  Fade   Into\tYou ":    "fade into you",
		"Björk":                  "bjork",
		"Bjo\u0308rk":            "bjork",
		"Sigur Rós":              "sigur ros",
		"Motörhead – Ace/Spades": "motorhead ace spades",
		"Großstadt STRASSE":      "grossstadt strasse",
		"GROẞ":                   "gross",
		"Røyksopp":               "royksopp",
		"Łódź, Đorđe":            "lodz dorde",
		"Ærøskøbing cœur":        "aeroskobing coeur",
		"ﬁn ﬂow":                 "fin flow",
		"Ｆｕｌｌ　Ｗｉｄｔｈ":             "full width",
		"Don't (Stop)":           "don t stop",
		"co\u00adoperate":        "cooperate",
		"Ёлка и Май":             "елка и маи",
		"ΟΔΥΣΣΕΥΣ οδός":          "οδυσσευσ οδοσ",
		"İstanbul ılık":          "istanbul ilik",
		"שָׁלוֹם":                "שלום",
		"が か":                    "が か",
		"ｶﾞ":                     "ガ",
		"กี่ กา":                 "กี่ กา",
		"हिन्दी":                 "हिन्दी",
		"한국":                     "한국",
		"!!!":                    "!!!",
		"? & !":                  "? & !",
		"❤️":                     "❤️",
		"²√x":                    "2 x",
	} {
		if got := titles.Fold(text); got != want {
			t.Errorf("Fold(%q) is %q, want %q", text, got, want)
		}
	}
}

// FuzzFold: a folded text is one line of valid words, folds to itself, and case
// does not matter.
func FuzzFold(f *testing.F) {
	for _, text := range []string{"Mazzy Star", "GROẞ ﬁ İ", "!!!", "\xff\x00", "が ｶﾞ ǅ ϓ", "a\u0345\u0301ͺ", "𝐀 ㎏ ①"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := titles.Fold(text)
		if !utf8.ValidString(folded) || folded != strings.Join(strings.Fields(folded), " ") {
			t.Fatalf("%q becomes %q", text, folded)
		}
		if again := titles.Fold(folded); again != folded {
			t.Fatalf("%q becomes %q and then %q", text, folded, again)
		}
	})
}

// TestFold_everyCharacter: whatever a character becomes stays, in any case.
func TestFold_everyCharacter(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune {
		text := "a" + string(r) + "b"
		folded := titles.Fold(text)
		if again := titles.Fold(folded); again != folded {
			t.Errorf("%U becomes %q and then %q", r, folded, again)
		}
		if lower := titles.Fold("a" + string(unicode.ToLower(r)) + "b"); lower != folded {
			t.Errorf("%U becomes %q, and its small letter %q", r, folded, lower)
		}
	}
}
