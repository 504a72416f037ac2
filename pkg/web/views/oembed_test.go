package views_test

import (
	"strings"
	"testing"

	"aura.radio/engine/pkg/web/views"
)

// TestNewOEmbed: only what can be embedded is found, and only here. What comes from
// the address stays an address.
func TestNewOEmbed(t *testing.T) {
	t.Parallel()
	station := views.Station{Name: `Radio "Beispiel"`}
	root, below := views.Home{Host: "radio.example"}, views.Home{URL: "https://radio.example/engine", Host: "127.0.0.1:8010"}
	for name, c := range map[string]struct {
		home          views.Home
		address, want string // the frame; "": not found
	}{
		"start page":       {root, "https://radio.example/", "https://radio.example/embed/now"},
		"no path":          {root, "http://Radio.example", "http://Radio.example/embed/now"},
		"language":         {root, "https://radio.example/?lang=de&after=3", "https://radio.example/embed/now?lang=de"},
		"frame":            {root, "https://radio.example/embed/last?limit=5&theme=dark&utm=x", "https://radio.example/embed/last?limit=5&amp;theme=dark"},
		"fragment":         {root, "https://radio.example/embed/now#top", "https://radio.example/embed/now"},
		"below a path":     {below, "https://radio.example/engine/", "https://radio.example/engine/embed/now"},
		"without slash":    {below, "https://radio.example/engine", "https://radio.example/engine/embed/now"},
		"frame below":      {below, "https://radio.example/engine/embed/last", "https://radio.example/engine/embed/last"},
		"injected":         {root, `https://radio.example/?lang="><script>`, "https://radio.example/embed/now?lang=%22%3E%3Cscript%3E"},
		"another page":     {root, "https://radio.example/day/2026-11-27", ""},
		"another host":     {root, "https://evil.example/", ""},
		"another port":     {root, "https://radio.example:8443/", ""},
		"a name before":    {root, "https://radio.example@evil.example/", ""},
		"with a password":  {root, "https://a:b@radio.example/", ""},
		"longer host":      {root, "https://radio.example.evil.example/embed/now", ""},
		"another scheme":   {root, "javascript://radio.example/embed/now", ""},
		"no scheme":        {root, "//radio.example/", ""},
		"above the path":   {below, "https://radio.example/", ""},
		"own address":      {below, "http://127.0.0.1:8010/", ""},
		"frame in no page": {root, "https://radio.example/x/embed/now", ""},
		"nothing":          {root, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, ok := views.NewOEmbed(station, c.home, c.address, 0, 0)
			if ok != (c.want != "") {
				t.Fatalf("found: %v, %s", ok, v.HTML)
			}
			if want := `<iframe src="` + c.want + `" title="Radio &#34;Beispiel&#34;" `; ok && !strings.HasPrefix(v.HTML, want) {
				t.Errorf("%s, want %s", v.HTML, want)
			}
		})
	}
	if v, _ := views.NewOEmbed(station, root, "https://radio.example/embed/last", 300, 200); v.Width != 300 || v.Height != 200 || !strings.Contains(v.HTML, `width="300" height="200"`) {
		t.Errorf("within 300 × 200: %+v", v)
	}
}
