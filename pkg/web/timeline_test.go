package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
)

var noon = time.Date(2026, 6, 27, 12, 0, 0, 0, time.UTC)

// minute is a time so many minutes after noon.
func minute(n int) stationtime.Stamp {
	return stationtime.UTC(noon.Add(time.Duration(n) * time.Minute))
}

// state is what an engine said from one minute to another.
func state(from, said int, change func(*api.HealthRecord)) api.HealthRecord {
	h := api.HealthRecord{LogTime: minute(from), LastSaidAt: minute(said), IsHealthy: true}
	if change != nil {
		change(&h)
	}
	return h
}

// TestTimeline: states follow one another, a report counts for two minutes, and what
// is alike is one span.
func TestTimeline(t *testing.T) {
	t.Parallel()
	ill := func(h *api.HealthRecord) { h.IsHealthy = false }
	for name, c := range map[string]struct {
		states []api.HealthRecord // the newest first
		want   string
	}{
		"nothing":                 {nil, ""},
		"one that goes on":        {[]api.HealthRecord{state(0, 59, nil)}, "good 0-60"},
		"one that stopped":        {[]api.HealthRecord{state(0, 10, nil)}, "good 0-12, quiet 12-60"},
		"from before":             {[]api.HealthRecord{state(-90, 60, nil)}, "good 0-60"},
		"long ago":                {[]api.HealthRecord{state(-90, -80, nil)}, "quiet 0-60"},
		"ill for a while":         {[]api.HealthRecord{state(20, 60, nil), state(10, 19, ill), state(0, 9, nil)}, "good 0-10, bad 10-20, good 20-60"},
		"a gap":                   {[]api.HealthRecord{state(30, 60, nil), state(0, 9, nil)}, "good 0-11, quiet 11-30, good 30-60"},
		"alike":                   {[]api.HealthRecord{state(30, 60, nil), state(0, 29, nil)}, "good 0-60"},
		"a report of the future":  {[]api.HealthRecord{state(0, 90, nil)}, "good 0-60"},
		"fallback":                {[]api.HealthRecord{state(0, 60, func(h *api.HealthRecord) { h.Fallback = new(true) })}, "fallback 0-60"},
		"silence":                 {[]api.HealthRecord{state(0, 60, func(h *api.HealthRecord) { h.Silence = new(true) })}, "silent 0-60"},
		"frozen":                  {[]api.HealthRecord{state(0, 60, func(h *api.HealthRecord) { h.Frozen = true })}, "frozen 0-60"},
		"ill in fallback":         {[]api.HealthRecord{state(0, 60, func(h *api.HealthRecord) { ill(h); h.Fallback = new(true) })}, "bad 0-60"},
		"says that it is no such": {[]api.HealthRecord{state(0, 60, func(h *api.HealthRecord) { h.Fallback, h.Silence = new(false), new(false) })}, "good 0-60"},
	} {
		var got []string
		for _, s := range timeline(nil, c.states, noon, minute(60).Time) {
			got = append(got, fmt.Sprintf("%s %.0f-%.0f", s.Mode, s.From.Sub(noon).Minutes(), s.Until.Sub(noon).Minutes()))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

// TestTimeline_covers: whatever is said, spans follow one another without a gap until
// the end, and none is empty or like the one before.
func TestTimeline_covers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var states []api.HealthRecord
		at := 100
		for range rapid.IntRange(1, 20).Draw(t, "states") {
			said := at + rapid.IntRange(0, 10).Draw(t, "said for")
			healthy := rapid.Bool().Draw(t, "healthy")
			states = append([]api.HealthRecord{state(at, said, func(h *api.HealthRecord) { h.IsHealthy = healthy })}, states...)
			at = said + rapid.IntRange(1, 20).Draw(t, "pause")
		}
		from, until := minute(rapid.IntRange(0, 99).Draw(t, "from")).Time, minute(rapid.IntRange(100, 400).Draw(t, "until")).Time
		spans := timeline(nil, states, from, until)
		for i, s := range spans {
			if !s.From.Before(s.Until) || s.Until.After(until) || s.From.Before(from) {
				t.Errorf("span %d lasts from %s to %s", i, s.From, s.Until)
			}
			if i > 0 && (!s.From.Equal(spans[i-1].Until) || s.Mode == spans[i-1].Mode) {
				t.Errorf("span %d begins %s as %s, after %s until %s", i, s.From, s.Mode, spans[i-1].Mode, spans[i-1].Until)
			}
		}
		if n := len(spans); minute(100).Before(until) && (n == 0 || !spans[n-1].Until.Equal(until)) {
			t.Errorf("%d spans do not reach the end", n)
		}
	})
}

// TestCoarse_short: a short trouble can be seen, and does not last longer than that.
func TestCoarse_short(t *testing.T) {
	t.Parallel()
	spans := []span{{Mode: ModeGood, From: noon, Until: minute(60).Time}, {Mode: ModeBad, From: minute(60).Time, Until: minute(61).Time}, {Mode: ModeGood, From: minute(61).Time, Until: minute(600).Time}}
	want := []span{spans[0], {Mode: ModeBad, From: minute(60).Time, Until: minute(65).Time}, {Mode: ModeGood, From: minute(65).Time, Until: minute(600).Time}}
	if seen := coarse(spans, 5*time.Minute); !slices.Equal(seen, want) {
		t.Errorf("%v is seen, want %v", seen, want)
	}
}

// TestCoarse: a picture has no more parts than can be told apart, covers the same
// time, and hides nothing that is bad.
func TestCoarse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		modes := []Mode{ModeGood, ModeFallback, ModeQuiet, ModeFrozen, ModeSilent, ModeBad}
		var spans []span
		at := noon
		for range rapid.IntRange(1, 300).Draw(t, "spans") {
			until := at.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "seconds")) * time.Second)
			spans = append(spans, span{Mode: rapid.SampledFrom(modes).Draw(t, "mode"), From: at, Until: until})
			at = until
		}
		const shortest = 2 * time.Minute
		seen := coarse(spans, shortest)
		if most := int(at.Sub(noon)/shortest) + 1; len(seen) > most {
			t.Errorf("%d parts, at most %d are at least %s long", len(seen), most, shortest)
		}
		for i, s := range seen {
			if i == 0 && !s.From.Equal(noon) || i > 0 && !s.From.Equal(seen[i-1].Until) || i == len(seen)-1 && !s.Until.Equal(at) {
				t.Errorf("part %d lasts from %s to %s", i, s.From, s.Until)
			}
		}
		for _, s := range spans {
			within := func(c span) bool { return !s.From.Before(c.From) && s.From.Before(c.Until) }
			if part := first(seen, within); part == nil || worse(part.Mode, s.Mode) != part.Mode {
				t.Errorf("%s at %s is not seen", s.Mode, s.From)
			}
		}
	})
}

// TestEngine_State: a monitor knows best; otherwise it is what the engine says.
func TestEngine_State(t *testing.T) {
	t.Parallel()
	seen := func(state api.MonitorSourceState, sick bool) *api.MonitorSource {
		return &api.MonitorSource{State: state, Sick: sick}
	}
	bad := []span{{Mode: ModeGood}, {Mode: ModeBad}}
	for name, c := range map[string]struct {
		engine
		state, tone string
		says        Mode
	}{
		"nothing known":       {engine{}, "unknown", "plain", ""},
		"up":                  {engine{Seen: seen(api.SourceUp, false)}, "up", "good", ""},
		"up, and ill":         {engine{Seen: seen(api.SourceUp, false), Spans: bad}, "up", "good", ModeBad},
		"sick":                {engine{Seen: seen(api.SourceUp, true), Spans: bad}, "sick", "bad", ModeBad},
		"down":                {engine{Seen: seen(api.SourceDown, true)}, "down", "bad", ""},
		"suspect":             {engine{Seen: seen(api.SourceSuspect, false)}, "suspect", "warn", ""},
		"says that it is ill": {engine{Health: &api.Health{}, Spans: bad}, "bad", "bad", ""},
		"said something once": {engine{Health: &api.Health{}}, "quiet", "warn", ""},
	} {
		if state, tone, says := c.State(), c.Tone(), c.Says(); state != c.state || tone != c.tone || says != c.says {
			t.Errorf("%s: %s, %s, says %q; want %s, %s, %q", name, state, tone, says, c.state, c.tone, c.says)
		}
	}
}

// TestHistory: whenever a source is looked at, and whatever it says meanwhile, what is
// kept of it and what is new are what all its states are.
func TestHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h history
		var states []api.HealthRecord // the newest first
		at := 0
		for range rapid.IntRange(1, 30).Draw(t, "reports") {
			at += rapid.IntRange(1, 4).Draw(t, "pause")
			healthy := rapid.Bool().Draw(t, "healthy")
			if len(states) > 0 && states[0].IsHealthy == healthy && rapid.Bool().Draw(t, "confirms") {
				states[0].LastSaidAt = minute(at)
			} else {
				states = append([]api.HealthRecord{state(at, at, func(h *api.HealthRecord) { h.IsHealthy = healthy })}, states...)
			}
			if rapid.Bool().Draw(t, "looks") {
				from, until := minute(at-30).Time, minute(at+rapid.IntRange(0, 3).Draw(t, "later")).Time
				fresh := 0
				for fresh < len(states) && !states[fresh].LogTime.Before(h.since(from)) {
					fresh++
				}
				if fresh < len(states) && !states[fresh].LastSaidAt.Before(h.since(from)) {
					fresh++ // it lasted
				}
				got, want := h.add(states[:fresh], from, until), timeline(nil, states, from, until)
				if !slices.Equal(got, want) {
					t.Fatalf("at %d: %v, want %v", at, got, want)
				}
			}
		}
	})
}
