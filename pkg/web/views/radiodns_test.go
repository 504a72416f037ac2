package views_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"aura.radio/engine/pkg/web/views"
)

func TestNewDisplayed(t *testing.T) {
	t.Parallel()
	const logo = "https://radio.example/logo.png"
	long := strings.Repeat("ö", 127)
	for name, test := range map[string]struct {
		play        views.Play
		text, image string
	}{
		"cover":             {views.Play{Artist: "A", Title: "T", Cover: "https://covers.example/1.jpg"}, "A - T", "https://covers.example/1.jpg"},
		"none":              {views.Play{Artist: "A", Title: "T"}, "A - T", logo},
		"of the website":    {views.Play{Title: "T", Cover: "/covers/1.jpg"}, "T", logo},
		"as long as may be": {views.Play{Title: long + "ä"}, long + "ä", logo},
		"longer":            {views.Play{Title: long + "äö"}, long + "…", logo},
	} {
		m := silent()
		m.Playing = &test.play
		d := views.NewDisplayed(station(t), m, logo)
		if d.Text != test.text || d.Image != test.image || utf8.RuneCountInString(d.Text) > views.MaxDisplayed {
			t.Errorf("%s: %+v, want %q and %q", name, d, test.text, test.image)
		}
	}
	if d := views.NewDisplayed(station(t), silent(), ""); d.Text != station(t).Name || d.Image != "" {
		t.Errorf("nothing plays: %+v", d)
	}
}

func TestConfig_bearers(t *testing.T) {
	t.Parallel()
	for name, isValid := range map[string]bool{
		"fm/ce1/c201/09710": true, "FM/CE1/C201/09710": true, "/dab/ce1/c185/c181/0/": true, "dab/ce1/c185/e1c00098/0": true, " dab/ce1/c185/c181/01f": true,
		"": false, "fm:ce1.c201.09710": false, "fm/ce1/c201/9710": false, "fm/ce/c201/09710": false, "dab/ce1/c185/c181": false, "dab/ce1/c185/c18/0": false, "am/ce1/c201/09710": false,
	} {
		c := views.Config{Bearers: []string{name}}
		if err := c.Validate(); (err == nil) != isValid || isValid && !c.IsHeardOn(strings.Trim(name, " /")) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
