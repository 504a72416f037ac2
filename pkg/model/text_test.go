package model

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCleanText(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]string{
			"":                                   "",
			" Mazzy  Star ":                      " Mazzy  Star ", // blanks are the engine's business
			"Mazzy Star\x00David Roback":         "Mazzy Star David Roback",
			"a\tb\r\nc\x1b\x7fd":                 "a b  c  d",
			"a\u0085b":                           "a b",
			"\xff\xfe":                           "\ufffd",
			"Caf\xe9":                            "Caf\ufffd",
			"e\u0301":                            "e\u0301", // not composed, because identity is the text that the engine sent
			"👩‍👩‍👧‍👦 \u202eRTL":                  "👩‍👩‍👧‍👦 \u202eRTL",
			strings.Repeat("🎧", MaxText):         strings.Repeat("🎧", MaxText),
			strings.Repeat("\x00", MaxText):      strings.Repeat(" ", MaxText),
			strings.Repeat("a", MaxText-1) + "🎧": strings.Repeat("a", MaxText-1) + "🎧",
		} {
			if got, cut := cleanText(in, MaxText); got != want || cut {
				t.Errorf("%q becomes %q, cut %t, want %q", in, got, cut, want)
			}
		}
	})

	t.Run("Cut", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]string{
			strings.Repeat("a", MaxText+1):         strings.Repeat("a", MaxText),
			strings.Repeat("🎧", MaxText+1):         strings.Repeat("🎧", MaxText),
			strings.Repeat("é", MaxText) + "\xff":  strings.Repeat("é", MaxText),
			strings.Repeat("a", MaxText-1) + "é🎧a": strings.Repeat("a", MaxText-1) + "é",
		} {
			if got, cut := cleanText(in, MaxText); got != want || !cut {
				t.Errorf("%q becomes %q, cut %t, want %q", in, got, cut, want)
			}
		}
	})

	t.Run("Storable", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			in := anyText().Draw(t, "text")
			got, cut := cleanText(in, MaxText)
			if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || utf8.RuneCountInString(got) > MaxText {
				t.Fatalf("%q becomes %q", in, got)
			}
			if cut && utf8.RuneCountInString(got) != MaxText {
				t.Fatalf("cut to %d characters", utf8.RuneCountInString(got))
			}
			if again, cutAgain := cleanText(got, MaxText); again != got || cutAgain {
				t.Fatalf("%q becomes %q the second time", got, again)
			}
			if utf8.ValidString(in) && !strings.ContainsFunc(in, unicode.IsControl) && !strings.HasPrefix(in, got) {
				t.Fatalf("%q becomes %q", in, got)
			}
		})
	})
}
