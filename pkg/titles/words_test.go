package titles_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"aura.radio/engine/pkg/titles"
)

func TestParseWords(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]titles.Words{
		"":                    {},
		" \u200b":             {},
		"Fade into":           {" fade", " into"},
		"to INTO to":          {" into", " to"},
		"Sigur-Rós!":          {" sigur", " ros"},
		"!!!":                 {" !!!"},
		"夜に駆ける":               {"夜に駆ける"},
		"a b c d e f g h i j": {" a", " b", " c", " d", " e", " f", " g", " h"},
	} {
		if got := titles.ParseWords(query); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, want %q", query, got, want)
		}
	}
}

func TestWords_In(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query, artist, title string
		want                 bool
	}{
		{"fade mazzy", "Mazzy Star", "Fade Into You", true},
		{"FADÉ IN", "Mazzy Star", "Fade Into You", true},
		{"ade", "Mazzy Star", "Fade Into You", false},
		{"fade out", "Mazzy Star", "Fade Into You", false},
		{"starfade", "Mazzy Star", "Fade Into You", false},
		{"ella", "Umbrella", "Bella ciao", false},
		{"ella", "Ella Fitzgerald", "", true},
		{"駆ける", "YOASOBI", "夜に駆ける", true},
		{"motor spades", "Motörhead", "Ace/Spades", true},
		{"!!!", "!!!", "Heart of Hearts", true},
		{"", "anything", "", true},
	} {
		if got := titles.ParseWords(c.query).In(titles.Text(c.artist, c.title)); got != c.want {
			t.Errorf("%q in %s - %s: %t", c.query, c.artist, c.title, got)
		}
	}
}

// TestText: both parts count, and a text has a bound that cuts no character.
func TestText(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][2]string{
		" mazzy star fade": {"Mazzy Star", "Fade"},
		" fade":            {"", "Fade"},
		" mazzy":           {"Mazzy", ""},
		"":                 {"", " "},
	} {
		if got := titles.Text(parts[0], parts[1]); got != want {
			t.Errorf("%q becomes %q, want %q", parts, got, want)
		}
	}
	long := titles.Text("a"+strings.Repeat("ж", 1000), "title")
	if len(long) != titles.MaxText || !utf8.ValidString(long) {
		t.Errorf("%d bytes: %q", len(long), long)
	}
	if long := titles.Text(strings.Repeat("ж", 1000), "title"); len(long) != titles.MaxText-1 || !utf8.ValidString(long) {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}

func TestBeginnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                 nil,
		" mazzy star star":                 {"mazzy", "star"},
		" yoasobi 夜に駆ける":                   {"yoasobi", "ける", "に駆ける", "る", "夜に駆ける", "駆ける"},
		" ab駆c":                            {"ab駆c", "駆c"},
		" !!!":                             {"!!!"},
		" " + strings.Repeat("ж", 13):      {strings.Repeat("ж", 12)},
		" a" + strings.Repeat("ж", 12):     {"a" + strings.Repeat("ж", 11)},
		" antidisestablishmentarianism no": {"antidisestablishmentaria", "no"},
	} {
		if got := titles.Beginnings(text); !slices.Equal(got, want) {
			t.Errorf("%q begins %q, want %q", text, got, want)
		}
	}
}

// FuzzBeginnings: a text that has a word has a beginning of that word.
func FuzzBeginnings(f *testing.F) {
	for _, texts := range [][2]string{{"Mazzy Star", "sta"}, {"夜に駆ける", "駆け"}, {"ab駆c", "駆"}, {"antidisestablishmentarianism", "antidisestablishmentarian"}, {"กี่ กา", "ี"}, {"!!!", "!!"}, {"\U0010FFFF", "\U0010FFFF"}} {
		f.Add(texts[0], texts[1])
	}
	f.Fuzz(func(t *testing.T, name, query string) {
		text := titles.Text(name, "")
		for _, word := range titles.ParseWords(query) {
			from, to := titles.BeginningsOf(word)
			begins := slices.ContainsFunc(titles.Beginnings(text), func(b string) bool { return from <= b && b < to })
			if strings.Contains(text, word) && !begins {
				t.Errorf("%q has %q, and not among %q", text, word, titles.Beginnings(text))
			}
		}
	})
}
