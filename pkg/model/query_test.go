package model

import (
	"testing"
	"time"
)

func TestWithin(t *testing.T) {
	t.Parallel()
	noon := time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ t, want time.Time }{
		"Zero":     {time.Time{}, Earliest},
		"Before":   {Earliest.Add(-1), Earliest},
		"Earliest": {Earliest, Earliest},
		"Noon":     {noon, noon},
		"Latest":   {latest, latest},
		"After":    {latest.Add(1), latest},
	} {
		if got := Within(c.t); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
