package heard_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// TestCuts_window: what is derived of a window is what is derived as a whole.
func TestCuts_window(t *testing.T) {
	t.Parallel()
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		h := crowded(t)
		found := heard.Cuts(h.config, h.plays, h.reports, heard.Interval{})
		h.mustCut(t, found)
		cuts += len(found)
	})
	if cuts == 0 {
		t.Error("no history was cut")
	}
	t.Logf("%d cuts", cuts)
}

// TestCuts_known: so it is if the cuts were found in a part of the history.
func TestCuts_known(t *testing.T) {
	t.Parallel()
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		h := crowded(t)
		from := clock(time.Duration(rapid.IntRange(-10, 120).Draw(t, "known from, in half seconds")) * 500 * time.Millisecond)
		known := heard.Interval{From: from}
		if rapid.Bool().Draw(t, "has an end") {
			known.Until = from.Add(time.Duration(rapid.IntRange(300, 600).Draw(t, "known for, in seconds")) * time.Second)
		}
		found := h.cutsOf(known)
		for _, cut := range found {
			h.mustCut(t, []time.Time{cut})
		}
		cuts += len(found)
	})
	if cuts == 0 {
		t.Error("no history was cut")
	}
	t.Logf("%d cuts", cuts)
}

// TestCuts_fallback: fallback for hours is cut, too, because each title ends the
// one before.
func TestCuts_fallback(t *testing.T) {
	t.Parallel()
	s := newStation(1)
	for range 4 {
		s.say(s.file("title", 120, 320))
	}
	s.fallback(200)
	s.say(s.file("title", 120, 320))
	s.say(s.file("title", 120, 320))
	s.health()
	found := heard.Cuts(s.config, s.plays, s.reports, heard.Interval{})
	s.mustCut(t, found)
	if len(found) < 180 {
		t.Errorf("%d cuts", len(found))
	}
}

// TestCuts_trouble: stations at which much happens, and at round seconds.
func TestCuts_trouble(t *testing.T) {
	t.Parallel()
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		s := newStation(rapid.Uint64().Draw(t, "seed"))
		s.step = rapid.SampledFrom([]time.Duration{time.Second, 500 * time.Millisecond, 5 * time.Second, time.Millisecond}).Draw(t, "step")
		s.names, s.trouble = rapid.IntRange(1, 4).Draw(t, "names"), float64(rapid.IntRange(1, 5).Draw(t, "trouble"))
		s.config.LongestFile = time.Duration(rapid.IntRange(1, 15).Draw(t, "longest file, in minutes")) * time.Minute
		s.skew = rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Second, time.Hour, -2 * time.Second}).Draw(t, "skew")
		s.imported = oneIn(t, 5, "imported")
		h := s.play(rapid.IntRange(5, 25).Draw(t, "plays"))
		found := heard.Cuts(h.config, h.plays, h.reports, heard.Interval{})
		h.mustCut(t, found)
		h.mustCut(t, h.cutsOf(anyPart(t, h)))
		cuts += len(found)
	})
	t.Logf("%d cuts", cuts)
}

// TestCuts_station: a window begins at nearly every play of the programme, also
// if the engine's clock is wrong, and if nothing is known of arrivals.
func TestCuts_station(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		skew     time.Duration
		imported bool
		least    float64 // share of plays that are cuts
	}{
		"in time":         {least: .8},
		"clock is slow":   {skew: 3 * time.Second, least: .8},
		"clock is fast":   {skew: -3 * time.Second, least: .8},
		"zone is wrong":   {skew: time.Hour, least: .3},
		"arrival unknown": {imported: true, least: .8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(1)
			s.skew, s.imported = c.skew, c.imported
			h := s.play(500)
			found := heard.Cuts(h.config, h.plays, h.reports, heard.Interval{})
			h.mustCut(t, found)
			programme := len(h.plays)
			for _, p := range h.plays {
				if p.ShowName == "Fallback" {
					programme--
				}
			}
			share := float64(len(found)) / float64(programme)
			t.Logf("%.2f of the plays", share)
			if share < c.least {
				t.Errorf("less than %.2f", c.least)
			}
		})
	}
}

// anyPart begins at one of the plays, or a second before or after it.
func anyPart(t *rapid.T, h history) (known heard.Interval) {
	from := h.plays[rapid.IntRange(0, len(h.plays)-1).Draw(t, "known from play")].Start
	known.From = from.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "seconds off")) * time.Second)
	if rapid.Bool().Draw(t, "has an end") {
		known.Until = known.From.Add(time.Duration(rapid.IntRange(6, 200).Draw(t, "known for, in minutes")) * time.Minute)
	}
	return known
}

// crowded is a random history of one source in which much coincides.
func crowded(t *rapid.T) history {
	h := anyHistory(t)
	for range rapid.IntRange(0, 2).Draw(t, "more histories") {
		later := anyHistory(t)
		gap := time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds later")) * time.Second
		for _, p := range later.plays {
			h.plays = append(h.plays, delayed(p, len(h.plays), gap))
		}
		for _, r := range later.reports {
			h.reports = append(h.reports, heard.Report{At: r.At.Add(gap), Fallback: r.Fallback})
		}
	}
	return h
}

// cutsOf finds cuts in a part of the history, with what must be known of the
// rest.
func (h history) cutsOf(known heard.Interval) []time.Time {
	recent := known.From.Add(-time.Second)
	isKnown := func(p heard.Play) bool {
		arrived := append([]time.Time{p.ReceivedAt}, p.Again...)
		wasTold := slices.ContainsFunc(arrived, func(at time.Time) bool { return !at.Before(recent) })
		isStraggler := !p.Start.Before(recent.Add(-6*time.Hour)) && wasTold
		return (known.Until.IsZero() || p.Start.Before(known.Until)) && (!p.Start.Before(known.From) || isStraggler)
	}
	var plays []heard.Play
	for _, p := range h.plays {
		if isKnown(p) {
			plays = append(plays, p)
		}
	}
	var reports []heard.Report
	for _, r := range h.reports {
		if !r.At.Before(known.From.Add(-heard.Fresh)) && (known.Until.IsZero() || r.At.Before(known.Until)) {
			reports = append(reports, r)
		}
	}
	return heard.Cuts(h.config, plays, reports, known)
}

// mustCut fails if anything differs between the whole history and its windows.
func (h history) mustCut(t rapid.TB, cuts []time.Time) {
	t.Helper()
	whole := make(map[model.Fingerprint]heard.Heard)
	for _, d := range heard.Derive(h.config, h.plays, h.reports) {
		whole[d.ID] = d
	}
	bounds := append(append([]time.Time{epoch.Add(-24 * time.Hour)}, cuts...), epoch.Add(10000*time.Hour))
	if !slices.IsSortedFunc(bounds, time.Time.Compare) {
		t.Fatalf("%v are not ascending", cuts)
	}
	for i, from := range bounds[:len(bounds)-1] {
		window := heard.Interval{From: from, Until: bounds[i+1]}
		for id, got := range h.derive(window) {
			if want := whole[id]; !reflect.DeepEqual(got, want) {
				t.Fatalf("%v\nfrom %v to %v: got %v, want %v", h, window.From.Sub(epoch), window.Until.Sub(epoch), got, want)
			}
			for _, i := range got.Intervals {
				if i.From.Before(window.From) || i.Until.After(window.Until) {
					t.Fatalf("%v\n%v is heard from %v to %v", h, id, i.From.Sub(epoch), i.Until.Sub(epoch))
				}
			}
			delete(whole, id)
		}
	}
	if len(whole) > 0 {
		t.Fatalf("%v\n%d plays are in no window", h, len(whole))
	}
}

// derive derives a window of the history, out of what a window needs.
func (h history) derive(window heard.Interval) map[model.Fingerprint]heard.Heard {
	var plays []heard.Play
	isNext := make(map[model.Fingerprint]bool)
	for _, p := range h.plays {
		if !p.Start.Before(window.From) && !p.Start.After(window.Until) {
			plays = append(plays, p)
			isNext[p.ID] = p.Start.Equal(window.Until)
		}
	}
	evidence := heard.Evidence(h.config, plays)
	reports := slices.DeleteFunc(slices.Clone(h.reports), func(r heard.Report) bool {
		return r.At.Before(evidence.From) || !r.At.Before(evidence.Until)
	})
	all := make(map[model.Fingerprint]heard.Heard)
	for _, d := range heard.Derive(h.config, plays, reports) {
		if !isNext[d.ID] {
			all[d.ID] = d
		}
	}
	return all
}
