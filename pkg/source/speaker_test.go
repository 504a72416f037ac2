package source_test

import (
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/source"
)

func TestSpeakers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		rule        source.Speakers
		told        int
		inCamelCase bool
		want        int
		isDoubted   bool
	}{
		{"the constant on another host", source.Speakers{Host: 2}, 1, true, 2, true},
		{"the constant as it was sent", source.Speakers{Host: 2, AsSent: true}, 1, true, 1, false},
		{"an older engine means what it says", source.Speakers{Host: 2}, 1, false, 1, false},
		{"another number is no constant", source.Speakers{Host: 2}, 3, true, 3, false},
		{"the constant on host 1", source.Speakers{Host: 1}, 1, true, 1, false},
		{"no number", source.Speakers{Host: 2}, 0, true, 2, false},
		{"no possible number", source.Speakers{Host: 2}, -3, false, 2, true},
		{"the sync node believes", source.Speakers{}, 1, true, 1, false},
		{"the sync node has no number of its own", source.Speakers{}, 0, false, 0, false},
		{"no possible number at the sync node", source.Speakers{}, -3, false, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, doubt := test.rule.Of(test.told, test.inCamelCase)
			if got != test.want || (doubt != "") != test.isDoubted {
				t.Errorf("source %d, doubt %q", got, doubt)
			}
		})
	}
}

// TestSpeakers_properties: on an engine-api there is always a source, and another
// one than was told only with a doubt.
func TestSpeakers_properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := source.Speakers{Host: rapid.IntRange(1, 4).Draw(t, "host"), AsSent: rapid.Bool().Draw(t, "as sent")}
		told := rapid.IntRange(-2, 4).Draw(t, "told")
		got, doubt := rule.Of(told, rapid.Bool().Draw(t, "camelCase"))
		if got < 1 {
			t.Fatalf("source %d", got)
		}
		if isOther := told != 0 && got != told; isOther != (doubt != "") {
			t.Fatalf("told %d, taken %d, doubt %q", told, got, doubt)
		}
		if got != told && got != rule.Host {
			t.Fatalf("source %d is neither what was told nor the host's", got)
		}
	})
}

func TestEngines(t *testing.T) {
	t.Parallel()
	for choice, isRight := range map[string]bool{"host": true, "as-sent": true, "": false, "1": false} {
		e := source.Engines{Source: choice}
		if err := e.Validate(); (err == nil) != isRight {
			t.Errorf("%q: %v", choice, err)
		}
		if got := e.AsSent(); got != (choice == "as-sent") {
			t.Errorf("%q: %t", choice, got)
		}
	}
}
