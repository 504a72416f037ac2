package heartbeat

import (
	"strings"
	"testing"
)

// TestConfig_Validate_unreachable: a source whose heartbeats can't arrive is a
// mistake of set-up, which is reported before an engine fails.
func TestConfig_Validate_unreachable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		listen, source string
		wrong          bool
	}{
		{"127.0.0.1:43334", "127.0.0.1:4000", false},
		{"127.0.0.1:43334", "10.0.0.5", true},
		{"[::1]:43334", "fd00::5", true},
		{"[::1]:43334", "127.0.0.1", true},
		{"0.0.0.0:43334", "10.0.0.5", false},
		{"0.0.0.0:43334", "fd00::5", true},
		{"[::]:43334", "10.0.0.5", false},
		{"[::]:43334", "fd00::5", false},
		{":43334", "10.0.0.5", false},
		{"10.0.0.3:43334", "10.0.0.5", false},
		{"10.0.0.3:43334", "fd00::5", true},
		{"[fd00::3]:43334", "10.0.0.5", true},
		{"127.0.0.1:43334", "engine1.example", false},
	} {
		var sender Sender
		if err := sender.UnmarshalText([]byte(test.source)); err != nil {
			t.Fatal(err)
		}
		cfg := Config{Listen: test.listen, Sources: map[int]Sender{2: sender}}
		err := cfg.Validate()
		if (err != nil) != test.wrong || test.wrong && !strings.Contains(err.Error(), "AURA_SOURCE_2") {
			t.Errorf("%s at %s: %v, want a mistake: %v", test.source, test.listen, err, test.wrong)
		}
	}
}
