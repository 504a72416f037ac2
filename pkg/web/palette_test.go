package web

import (
	"testing"

	"pgregory.net/rapid"
)

// TestStationStyle: whatever a station's colour is, text of it and on it can be read.
func TestStationStyle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := parseColor(rapid.StringMatching(`#[0-9a-f]{6}`).Draw(t, "colour"))
		for name, pair := range map[string][2]rgb{
			"on it":    {c.text(), c},
			"on light": {c.towards(black, lightGround), lightGround},
			"on dark":  {c.towards(white, darkGround), darkGround},
		} {
			if got := contrast(pair[0], pair[1]); got < readable {
				t.Errorf("%s: contrast %.2f", name, got)
			}
		}
	})
}

// TestContrast has the values of WCAG's own examples.
func TestContrast(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]float64{
		{"#000000", "#ffffff"}: 21, {"#777777", "#ffffff"}: 4.48, {"#767676", "#ffffff"}: 4.54, {"#ffffff", "#ffffff"}: 1,
	} {
		if got := contrast(parseColor(pair[0]), parseColor(pair[1])); got < want-0.01 || got > want+0.01 {
			t.Errorf("contrast of %v is %.2f, want %.2f", pair, got, want)
		}
	}
}
