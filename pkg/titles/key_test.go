package titles_test

import (
	"testing"

	"aura.radio/engine/pkg/titles"
)

func TestID(t *testing.T) {
	t.Parallel()
	fade := titles.ID("Mazzy Star", "Fade Into You")
	for _, same := range [][2]string{{"MAZZY  STAR", "fade into you"}, {"Mazzy-Star", "Fadé Into You!"}, {" Mazzy Star\u200b", "Fade\u00a0Into You"}} {
		if got := titles.ID(same[0], same[1]); got != fade {
			t.Errorf("%q is %v, want %v", same, got, fade)
		}
	}
	others := map[titles.Key][2]string{fade: {"Mazzy Star", "Fade Into You"}}
	for _, other := range [][2]string{{"Mazzy Star Fade", "Into You"}, {"Fade Into You", "Mazzy Star"}, {"Mazzy Star", ""}, {"", "Mazzy Star"}, {"!!!", ""}, {"???", ""}} {
		k := titles.ID(other[0], other[1])
		if known, isThere := others[k]; isThere || k == 0 {
			t.Errorf("%q has the key %v of %q", other, k, known)
		}
		others[k] = other
	}
	if k := titles.ID(" ", "\u200b"); k != 0 || k.String() != "" {
		t.Errorf("nothing has the key %v", k)
	}
}

// TestID_golden: databases keep keys, so a title has the same key for ever.
func TestID_golden(t *testing.T) {
	t.Parallel()
	const want = "a8a158a19862fc0d"
	if got := titles.ID("Björk", "Jóga").String(); got != want {
		t.Errorf("the key is %s, want %s", got, want)
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	for _, k := range []titles.Key{1, 1 << 63, titles.ID("a", "b")} {
		if got, err := titles.ParseKey(k.String()); got != k || err != nil {
			t.Errorf("%v is read as %v, %v", k, got, err)
		}
	}
	for _, wrong := range []string{"", "0000000000000000", "1", "00000000000000AB", "+00000000000000a", "000000000000000g", "00000000000000000"} {
		if k, err := titles.ParseKey(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, k)
		}
	}
}
