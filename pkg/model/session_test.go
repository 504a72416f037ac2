package model_test

import (
	"bytes"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// TestSession: what is stored of a session does not contain what the browser shows,
// and proves one token only.
func TestSession(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 27, 14, 0, 0, 1999, time.FixedZone("", 7200))
	token := []byte("ann admin secret")
	s, shown := model.NewSession("ann", token, now)
	_, other := model.NewSession("ann", token, now)
	if shown == other || len(shown) != 43 { // 256 bits in base64
		t.Errorf("shown are %q and %q", shown, other)
	}
	if s.ID != model.SessionIDOf(shown) || s.ID == model.SessionIDOf(other) || bytes.Contains(s.ID[:], []byte(shown)) {
		t.Errorf("the id is %x", s.ID)
	}
	if want := time.Date(2026, 6, 27, 12, 0, 0, 1000, time.UTC); s.Created != want || s.Expires != want.Add(12*time.Hour) {
		t.Errorf("it lasts from %s to %s", s.Created, s.Expires)
	}
	for name, c := range map[string]struct {
		token, shown string
		want         bool
	}{
		"its own":         {string(token), shown, true},
		"another token":   {"ann admin secreT", shown, false},
		"another browser": {string(token), other, false},
		"no token":        {"", shown, false},
	} {
		if got := s.IsOf([]byte(c.token), c.shown); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestSession_ends: a session that is used lasts seven days, one that is not twelve
// hours. It is stored once a minute at most.
func TestSession_ends(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 6, 27, 12, 0, 0, 0, time.UTC)
	s, _ := model.NewSession("ann", nil, start)
	if _, changed := s.Used(start.Add(time.Minute - time.Microsecond)); changed {
		t.Error("it is stored twice in a minute")
	}
	stored := 0
	for now := start; now.Before(start.Add(8 * 24 * time.Hour)); now = now.Add(20 * time.Second) {
		if over := s.IsOver(now); over != !now.Before(start.Add(7*24*time.Hour)) {
			t.Fatalf("%s after its start: over %t", now.Sub(start), over)
		}
		used, changed := s.Used(now)
		if changed {
			stored++
			s = used
		}
	}
	if want := 7*24*60 - 12*60; stored != want {
		t.Errorf("stored %d times, want %d", stored, want)
	}
	s, _ = model.NewSession("ann", nil, start)
	if s.IsOver(start.Add(12*time.Hour-1)) || !s.IsOver(start.Add(12*time.Hour)) {
		t.Errorf("without a request it lasts until %s", s.Expires)
	}
}
