package sse_test

import (
	"fmt"
	"testing"

	"aura.radio/engine/pkg/sse"
)

// ids are those of the events that a listener takes.
func ids(l *sse.Listener) (all []string) {
	events, _ := l.Take()
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

func publish(s *sse.Stream, from, until int) {
	for i := from; i <= until; i++ {
		s.Publish(sse.NewEvent("n", fmt.Sprint(i), []byte("data")))
	}
}

// TestStream: a listener begins with the newest event or where it was, and misses only
// what is no longer held.
func TestStream(t *testing.T) {
	t.Parallel()
	s := sse.NewStream()
	early := s.Listen("")
	if got := ids(early); got != nil {
		t.Errorf("before there is one: %q", got)
	}
	_, newer := early.Take()
	publish(s, 1, 3)
	select {
	case <-newer:
	default:
		t.Error("nobody is told that there is something newer")
	}
	for name, c := range map[string]struct {
		listener *sse.Listener
		want     string
	}{
		"early": {early, "[1 2 3]"}, "late": {s.Listen(""), "[3]"}, "resumed": {s.Listen("1"), "[2 3]"},
		"knows all": {s.Listen("3"), "[]"}, "knows another": {s.Listen("0"), "[3]"},
	} {
		if got := fmt.Sprint(ids(c.listener)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	publish(s, 4, 103)
	if got := ids(early); len(got) != 64 || got[0] != "40" || got[63] != "103" {
		t.Errorf("a slow listener gets %q", got)
	}
	if a, b := sse.NewEvent("n", "1", []byte("a")), sse.NewEvent("n", "1", []byte("b")); a.Equal(b) || !a.Equal(sse.NewEvent("n", "1", []byte("a"))) {
		t.Error("events are told apart wrongly")
	}
}
