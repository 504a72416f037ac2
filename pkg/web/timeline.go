package web

import (
	"slices"
	"time"

	"aura.radio/engine/pkg/api"
)

// Mode is what a source was like for some time.
type Mode string

// The modes. Quiet means that it said nothing.
const (
	ModeGood     Mode = "good"
	ModeFallback Mode = "fallback"
	ModeQuiet    Mode = "quiet"
	ModeFrozen   Mode = "frozen"
	ModeSilent   Mode = "silent"
	ModeBad      Mode = "bad"
)

// reportsEvery is within which time an engine says again that nothing is new.
const reportsEvery = 2 * time.Minute

// span is a time in which a source was in one mode.
type span struct {
	Mode        Mode
	From, Until time.Time
	// Details are what the engine said last, as it said it.
	Details string
}

// timeline is what a source was like in a time: spans before its states, and these.
// states are the newest first.
func timeline(spans []span, states []api.HealthRecord, from, until time.Time) []span {
	add := func(s span) {
		if s.From = latest(s.From, from); !s.From.Before(s.Until) {
			return
		}
		if n := len(spans); n > 0 && spans[n-1].Mode == s.Mode && !spans[n-1].Until.Before(s.From) {
			spans[n-1].Until, spans[n-1].Details = s.Until, s.Details
			return
		}
		spans = append(spans, s)
	}
	for i, state := range slices.Backward(states) {
		began, ends := state.LogTime.Time, until
		if i > 0 {
			ends = states[i-1].LogTime.Time
		}
		said := earliest(ends, state.LastSaidAt.Add(reportsEvery))
		add(span{Mode: modeOf(state), From: began, Until: earliest(said, until), Details: state.Details})
		add(span{Mode: ModeQuiet, From: said, Until: earliest(ends, until)})
	}
	return spans
}

// cut is what spans are between two times.
func cut(spans []span, from, until time.Time) (within []span) {
	for _, s := range spans {
		if s.From, s.Until = latest(s.From, from), earliest(s.Until, until); s.From.Before(s.Until) {
			within = append(within, s)
		}
	}
	return within
}

// coarse is what a picture shows of spans: what is shorter than it can show is one
// span with the beginning of what follows, as the worst of them.
func coarse(spans []span, shortest time.Duration) (seen []span) {
	for _, s := range spans {
		if n := len(seen); n > 0 && seen[n-1].Until.Sub(seen[n-1].From) < shortest {
			last := &seen[n-1]
			last.Mode, last.Until = worse(last.Mode, s.Mode), earliest(s.Until, last.From.Add(shortest))
			s.From = last.Until
		}
		if s.From.Before(s.Until) {
			seen = append(seen, s)
		}
	}
	return seen
}

// worse is the one of two modes that a person should rather know of.
func worse(a, b Mode) Mode {
	order := []Mode{ModeGood, ModeFallback, ModeQuiet, ModeFrozen, ModeSilent, ModeBad}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

func modeOf(h api.HealthRecord) Mode {
	is := func(said *bool) bool { return said != nil && *said }
	switch {
	case !h.IsHealthy:
		return ModeBad
	case is(h.Silence):
		return ModeSilent
	case h.Frozen:
		return ModeFrozen
	case is(h.Fallback):
		return ModeFallback
	}
	return ModeGood
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
