package model

import (
	"testing"
	"time"
)

func TestHealth_UID(t *testing.T) {
	t.Parallel()
	h := Health{Source: 2, LogTime: start, Healthy: true, Details: `{"lqs": {}}`}
	// Computed by another program; it must never change.
	if got, want := h.UID().String(), "6657bc3dc6f694de44d3e60061eec5ac"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	same := h
	same.ID, same.LogTime = 9, start.In(time.FixedZone("", 3600))
	if same.UID() != h.UID() {
		t.Error("depends on what belongs to one database")
	}
	for name, change := range map[string]func(*Health){
		"Source":  func(h *Health) { h.Source++ },
		"LogTime": func(h *Health) { h.LogTime = h.LogTime.Add(time.Microsecond) },
		"Healthy": func(h *Health) { h.Healthy = false },
		"Details": func(h *Health) { h.Details += " " },
	} {
		other := h
		change(&other)
		if other.UID() == h.UID() {
			t.Errorf("%s: another status has the same UID", name)
		}
	}
}
