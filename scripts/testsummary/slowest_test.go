package main

import (
	"strconv"
	"strings"
	"testing"
)

func TestSlowest(t *testing.T) {
	t.Parallel()
	var s slowest
	for i := range 100 {
		s.note(key{"p", "Test" + strconv.Itoa(i*37%100)}, float64(i*37%100))
	}
	var out strings.Builder
	s.print(&out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if want := "    99.0s  p Test99"; len(lines) != 1+shownSlow || lines[1] != want || !strings.HasSuffix(lines[shownSlow], " Test85") {
		t.Errorf("printed %q", lines)
	}
}
