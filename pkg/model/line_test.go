package model

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	t.Parallel()
	const family, england, scarf = "👩‍👩‍👧‍👦", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "❤️"
	for name, c := range map[string][2]string{
		"Empty":          {"", ""},
		"Clean":          {"Fade Into You", "Fade Into You"},
		"Ends":           {" \t Fade Into You \r\n", "Fade Into You"},
		"Inner":          {"Fade \t\r\n Into  You", "Fade Into You"},
		"NoBreak":        {"\u00a0Fade\u00a0\u202fInto\u2007You\u00a0", "Fade Into You"},
		"Ideographic":    {"\u3000東京\u3000\u3000ブルース\u3000", "東京 ブルース"},
		"LineSeparators": {"Fade\u2028Into\u2029You\u0085", "Fade Into You"},
		"NUL":            {"\x00Mazzy Star\x00David Roback\x00\x00", "Mazzy Star David Roback"},
		"NULAndBlank":    {"Mazzy \x00 Star", "Mazzy Star"},
		"Controls":       {"\x1b\x7fFade\x01", "Fade"},
		"ByteOrderMark":  {"\ufeffFade\ufeff", "Fade"},
		"ZeroWidth":      {"\u200b\u200c\u200d\u2060Fade\u2060\u200d\u200c\u200b", "Fade"},
		"Mixed":          {" \u200b \ufeff\x00 Fade \x00\ufeff \u200b ", "Fade"},
		"Bidi":           {"\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061cFade\u202c\u2069\u200e\u200f\u061c", "Fade"},
		"InnerBidi":      {"שלום \u200e(live)", "שלום \u200e(live)"},
		"InnerZeroWidth": {"می\u200cخواهم", "می\u200cخواهم"},
		"OnlyUnseen":     {" \u200b\u200d\ufeff\u202e\x00\u3000", ""},
		"Composed":       {"Bjo\u0308rk", "Björk"},
		"Singleton":      {"10 k\u2126", "10 k\u03a9"},
		"Compatibility":  {"ﬁn Ⅳ ①", "ﬁn Ⅳ ①"},
		"Emoji":          {"🎧", "🎧"},
		"Family":         {" " + family + " ", family},
		"FamilyInside":   {"a " + family + " b", "a " + family + " b"},
		"FamilyAndJoin":  {family + "\u200d", family},
		"Flag":           {england + "\u200b", england},
		"Variation":      {scarf + " ", scarf},
		"Skin":           {"👍🏽\ufeff", "👍🏽"},
		"Quotes":         {"\" '", "\" '"},
		"NoUTF8":         {"Caf\xe9 ", "Caf\ufffd"},
	} {
		if got := Line(c[0]); got != c[1] {
			t.Errorf("%s: %q becomes %q, want %q", name, c[0], got, c[1])
		}
		if got := isBlank(c[0]); got != (c[1] == "") {
			t.Errorf("%s: %q is blank: %t", name, c[0], got)
		}
	}
}

// untidy draws texts with what a line has not.
func untidy() *rapid.Generator[string] {
	part := rapid.OneOf(anyText(), rapid.SampledFrom([]string{" ", "\x00", "\u00a0", "\u3000", "\u200b", "\u200d", "\ufeff", "\u202e", "e", "\u0301", "\u0327", "👩", "\U000E0067"}))
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "") })
}

// TestLine_property: a line of a line is the same line, whatever it is made of. It
// has no white space beyond single blanks, and is composed.
func TestLine_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := untidy().Draw(t, "text")
		line := Line(text)
		if again := Line(line); again != line {
			t.Fatalf("%q becomes %q, and that %q", text, line, again)
		}
		if strings.Join(strings.Fields(line), " ") != line || !norm.NFC.IsNormalString(line) || !utf8.ValidString(line) {
			t.Fatalf("%q becomes %q", text, line)
		}
		if isBlank(text) != (line == "") {
			t.Fatalf("%q is blank: %t, and becomes %q", text, isBlank(text), line)
		}
	})
}

// TestEntry_Tidy: a tidy entry is stored as it is, so that tidying what was stored,
// or tidying twice, is no other identity. Only texts change.
func TestEntry_Tidy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := anyEntry().Draw(t, "entry")
		for _, text := range texts(&sent) {
			*text = untidy().Draw(t, "text")
		}
		tidy := sent
		tidy.Tidy()
		again := tidy
		again.Tidy()
		if again != tidy {
			t.Fatalf("%+v becomes %+v", tidy, again)
		}
		if cut := tidy.Normalize(); cut != nil {
			return // what was cut may end with a blank
		}
		again.Normalize()
		for name, text := range texts(&tidy) {
			if Line(*text) != *text {
				t.Fatalf("%s is stored as %q", name, *text)
			}
		}
		if again.Fingerprint() != tidy.Fingerprint() {
			t.Fatalf("%+v has another identity than %+v", again, tidy)
		}
		for _, text := range texts(&tidy) {
			*text = ""
		}
		sent.Normalize()
		for _, text := range texts(&sent) {
			*text = ""
		}
		if tidy != sent {
			t.Fatalf("%+v becomes %+v", sent, tidy)
		}
	})
}

func TestChanges_Tidy(t *testing.T) {
	t.Parallel()
	sent := Changes{Title: new(" Fade \u3000Into You\x00"), Album: new("\ufeff"), ShowID: new(int64(4))}
	tidy := sent
	tidy.Tidy()
	if *tidy.Title != "Fade Into You" || *tidy.Album != "" || tidy.Artist != nil || *tidy.ShowID != 4 {
		t.Errorf("becomes %+v", tidy)
	}
	if *sent.Title != " Fade \u3000Into You\x00" {
		t.Errorf("the texts of another copy became %q", *sent.Title)
	}
}
