package web

import (
	"fmt"
	"math"
	"strconv"
)

// rgb is a colour, each part from 0 to 1.
type rgb [3]float64

// The colours on which text of the station's colour stands; style.css has the same.
var (
	lightGround = rgb{0.980, 0.976, 0.965}
	darkGround  = rgb{0.078, 0.075, 0.071}
	white       = rgb{1, 1, 1}
	black       = rgb{0, 0, 0}
)

// readable is the contrast that text needs (WCAG 2.2, 1.4.3, level AA).
const readable = 4.5

// stationStyle is the style sheet with the station's colour, in shades that can be
// read on light and on dark.
func stationStyle(color string) []byte {
	c := parseColor(color)
	return fmt.Appendf(nil, `:root{--accent:%s;--on-accent:%s;--accent-text:%s}
@media (prefers-color-scheme:dark){:root{--accent-text:%s}}
`, c, c.text(), c.towards(black, lightGround), c.towards(white, darkGround))
}

// frameStyle is the style sheet of a frame: light, dark, or auto, which is as the
// reader's device is set.
func frameStyle(theme, color string) []byte {
	c := parseColor(color)
	scheme := theme
	if theme == "auto" {
		scheme = "light dark"
	}
	return fmt.Appendf(nil, ":root{color-scheme:%s;--accent-text:light-dark(%s,%s)}\n", scheme, c.towards(black, lightGround), c.towards(white, darkGround))
}

func parseColor(hex string) (c rgb) {
	n, _ := strconv.ParseUint(hex[1:], 16, 32) // Validate has seen it
	for i := range c {
		c[i] = float64(n>>(16-8*i)&0xff) / 255
	}
	return c
}

// String is the colour as CSS writes it.
func (c rgb) String() string {
	part := func(i int) int { return int(math.Round(c[i] * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(0), part(1), part(2))
}

// text is the colour of text on this one.
func (c rgb) text() rgb {
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// towards is the nearest shade that can be read on a ground.
func (c rgb) towards(end, ground rgb) rgb {
	for share := 0.0; share < 1; share += 0.02 {
		shade := c
		for i := range shade {
			shade[i] += (end[i] - shade[i]) * share
		}
		if contrast(shade, ground) >= readable {
			return shade
		}
	}
	return end
}

// contrast is how much two colours differ, from 1 to 21 (WCAG 2.2).
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func (c rgb) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}
