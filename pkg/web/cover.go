package web

import (
	"fmt"
	"hash/fnv"
	"html/template"
)

// placeholder is a calm picture in the place of a cover that nobody has. The same
// artist and album always have the same one: some hills in two shades of one hue.
func placeholder(artist, album, title string) template.HTML {
	if album == "" {
		album = title
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(artist + "\x00" + album)) // never fails
	n := h.Sum64()
	hue, shift := n%360, 20+n>>9%40
	a, b, c := 18+n>>16%34, 22+n>>24%36, 30+n>>32%34
	sun, height := 14+n>>40%36, 14+n>>48%14
	// Only figures are put in, so nothing can be injected.
	return template.HTML(fmt.Sprintf(`<svg class="cover" viewBox="0 0 64 64" aria-hidden="true" focusable="false">`+
		`<path fill="hsl(%d 38%% 80%%)" d="M0 0h64v64H0z"/><circle cx="%d" cy="%d" r="9" fill="hsl(%d 62%% 90%%)"/>`+
		`<path fill="hsl(%d 36%% 58%%)" d="M0 %dQ16 %d 32 %dT64 %dV64H0z"/><path fill="hsl(%d 40%% 38%%)" d="M0 %dQ20 %d 38 %dT64 %dV64H0z"/></svg>`,
		hue, sun, height, (hue+shift)%360, hue, a+8, a-8, b+6, c, (hue+shift/2)%360, b+18, c+2, a+24, b+12))
}
