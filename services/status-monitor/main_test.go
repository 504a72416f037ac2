package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"version", 0, "status-monitor " + version + "\n", ""},
		{"serve", 2, "", notYet},
		{"", 2, "", notYet},
		{"version serve", 2, "", notYet},
	} {
		var stdout, stderr strings.Builder
		code := run(strings.Fields(test.args), &stdout, &stderr)
		if code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("run(%q) = %d, %q, %q; want %d, %q, %q",
				test.args, code, stdout.String(), stderr.String(), test.code, test.stdout, test.stderr)
		}
	}
}
