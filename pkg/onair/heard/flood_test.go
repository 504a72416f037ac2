package heard_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// flood is a programme of very short plays: one each step, of that length.
func flood(n int, step, length time.Duration) (h history) {
	h.config = heard.Defaults()
	for i := range n {
		h.plays = append(h.plays, inTime(i, time.Duration(i)*step, length))
	}
	return h
}

func inTime(i int, start, length time.Duration) heard.Play {
	return heard.Play{
		ID:    model.Fingerprint{byte(i >> 16), byte(i >> 8), byte(i), 1},
		Start: clock(start), Duration: length, ReceivedAt: clock(start + 200*time.Millisecond), Title: fmt.Sprint(i), ShowID: 1,
	}
}

// TestCuts_flood: plays that end before the next begins share no slot, so there is
// a cut at each, however near they are.
func TestCuts_flood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ step, length time.Duration }{
		"a second each":                  {time.Second, time.Second},
		"a second each, with gaps":       {1500 * time.Millisecond, time.Second},
		"less than a second":             {500 * time.Millisecond, 500 * time.Millisecond},
		"less than a second, with gaps":  {time.Second, 100 * time.Millisecond},
		"longer, and each cuts the last": {1001 * time.Millisecond, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := flood(100, c.step, c.length)
			found := heard.Cuts(h.config, h.plays, nil, heard.Interval{})
			h.mustCut(t, found)
			if len(found) < 98 {
				t.Errorf("%d cuts", len(found))
			}
		})
	}
}

// TestCuts_dense: what is derived of a window is also right if plays follow one
// another each second, or faster.
func TestCuts_dense(t *testing.T) {
	t.Parallel()
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		h := history{config: heard.Defaults()}
		start := time.Duration(0)
		for i := range rapid.IntRange(4, 12).Draw(t, "plays") {
			h.plays = append(h.plays, anyDense(t, i, start))
			start += time.Duration(rapid.IntRange(1, 5).Draw(t, "quarters until the next")) * 250 * time.Millisecond
		}
		found := heard.Cuts(h.config, h.plays, nil, heard.Interval{})
		h.mustCut(t, found)
		cuts += len(found)
	})
	if cuts == 0 {
		t.Error("no history was cut")
	}
	t.Logf("%d cuts", cuts)
}

func anyDense(t *rapid.T, i int, start time.Duration) heard.Play {
	quarters := func(from, to int, label string) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * 250 * time.Millisecond
	}
	p := inTime(i, start, quarters(0, 5, "length"))
	p.ReceivedAt = clock(start + quarters(0, 1, "arrives after"))
	p.Title = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "title")
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 8:
		p.ShowName, p.ShowID = "Fallback", 0
	case 9:
		p.Void = true
	case 10:
		p.ReceivedAt = p.ReceivedAt.Add(quarters(-8, 16, "off"))
	case 11:
		p.Again = []time.Time{p.ReceivedAt.Add(quarters(1, 8, "told again after"))}
	}
	return p
}

// TestCuts_early: a play that arrived before it started may have been in a queue
// with plays that are not loaded, or make a play late that began long before.
func TestCuts_early(t *testing.T) {
	t.Parallel()
	programme := []func(*told){play("B", 240, 30), play("C", 270, 30), play("D", 300, 30), play("E", 330, 30)}
	for name, c := range map[string]struct {
		told  story
		known time.Duration
	}{
		"in a queue with what is not loaded": {story{
			play("A", 50, 30, at(208)), // waited
			stopgap("F", 208.6, 60),    // would be heard, as health says, if G were not in the queue, too
			says(true, 209.5),
			play("W", 212, 10), play("X", 222, 10),
			play("G", 250, 10, at(209.2)),
		}, 210 * time.Second},
		"a fallback makes what is over late": {story{
			play("W", 140, 30), play("X", 170, 30),
			play("A", 200, 60, at(230)),
			stopgap("F", 245, 15, at(225)),
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all told
			for _, tell := range append(c.told, programme...) {
				tell(&all)
			}
			h := history{config: heard.Defaults()}
			for _, p := range all.plays {
				p.Start, p.ReceivedAt = clock(p.Start.Sub(began)), clock(p.ReceivedAt.Sub(began))
				h.plays = append(h.plays, p)
			}
			for _, r := range all.reports {
				h.reports = append(h.reports, heard.Report{At: clock(r.At.Sub(began)), Fallback: r.Fallback})
			}
			found := h.cutsOf(heard.Interval{From: clock(c.known)})
			if len(found) == 0 {
				t.Error("no cut was found")
			}
			for _, cut := range found {
				h.mustCut(t, []time.Time{cut})
			}
		})
	}
}
