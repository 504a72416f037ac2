package model

import (
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"log_source": {"log_source", "logSource"}, "current_timeslot_id": {"current_timeslot_id", "currentTimeslotId"}, "details": {"details"},
	} {
		if got := Spellings(name); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
