package onair_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// anyWindow draws a window that may be open at either end, and is mostly not
// empty.
func anyWindow(t *rapid.T) onair.Window {
	w := onair.Window{From: anyStart(t), To: anyStart(t)}
	if w.To.Before(w.From) {
		w.From, w.To = w.To, w.From
	}
	if rapid.IntRange(0, 3).Draw(t, "open begin") == 0 {
		w.From = time.Time{}
	}
	if rapid.IntRange(0, 3).Draw(t, "open end") == 0 {
		w.To = time.Time{}
	}
	return w
}

func contains(w onair.Window, t time.Time) bool {
	return !t.Before(w.From) && (w.To.IsZero() || t.Before(w.To))
}

// halves are moments before, within and after all histories, also halfway
// between minutes.
func halves() (moments []time.Time) {
	for half := -2; half <= 2*(lastStart+longest); half++ {
		moments = append(moments, at(0).Add(time.Duration(half)*30*time.Second))
	}
	return moments
}

// TestWindow_Intersect: a moment is in the intersection if it is in both.
func TestWindow_Intersect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyWindow(t), anyWindow(t)
		both, ok := a.Intersect(b)
		some := false
		for _, now := range halves() {
			want := contains(a, now) && contains(b, now)
			some = some || want
			if got := ok && contains(both, now); got != want {
				t.Fatalf("%v and %v give %v, %t: wrong at %v", a, b, both, ok, now)
			}
		}
		if ok != some {
			t.Fatalf("%v and %v give %v, %t", a, b, both, ok)
		}
	})
}

// TestReigns: at each moment of the window there is exactly one reign, which is
// that of the last activation by time and epoch.
func TestReigns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStation(t)
		for range rapid.IntRange(0, 8).Draw(t, "activations") {
			s.activations = append(s.activations, model.Activation{
				Epoch: int64(len(s.activations) + 1), Source: s.anySource(t), From: anyStart(t),
			})
		}
		w := anyWindow(t)
		if !w.To.IsZero() && !w.From.Before(w.To) {
			w.To = w.From.Add(time.Minute)
		}
		reigns := onair.Reigns(w, needed(s.sortedActivations(), happened, w), s.defaultSource)
		for _, now := range halves() {
			var there []int
			for _, r := range reigns {
				if contains(r.Window, now) {
					there = append(there, r.Source)
				}
			}
			active := s.defaultSource
			for _, a := range s.sortedActivations() {
				if !a.From.After(now) {
					active = a.Source
				}
			}
			var want []int
			if contains(w, now) {
				want = []int{active}
			}
			if !slices.Equal(there, want) {
				t.Fatalf("at %v %v are active, want %v: %v", now, there, want, reigns)
			}
		}
		for i := 1; i < len(reigns); i++ {
			if reigns[i-1].Source == reigns[i].Source {
				t.Fatalf("one reign is divided: %v", reigns)
			}
		}
	})
}

// TestWindows: the windows hold what each moment touches. Besides that, they
// hold only the time between moments near one another. Few queries are needed.
func TestWindows(t *testing.T) {
	t.Parallel()
	const span, near = 120, 10
	minutes := func(t *rapid.T, label string) []time.Time {
		var all []time.Time
		for _, m := range rapid.SliceOfN(rapid.IntRange(0, span), 1, 12).Draw(t, label) {
			all = append(all, at(m))
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		starts, touched := minutes(t, "starts"), minutes(t, "touched")
		slices.SortFunc(starts, time.Time.Compare)
		starts = slices.Compact(starts)
		asked := 0
		windows, err := onair.Windows(touched, func(after time.Time, limit int) ([]time.Time, error) {
			asked++
			found := slices.DeleteFunc(slices.Clone(starts), func(s time.Time) bool { return !s.After(after) })
			return found[:min(limit, len(found))], nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(touched, time.Time.Compare)
		var naive []onair.Window
		groups := 1
		for i, from := range touched {
			naive = append(naive, onair.Touched(from, next(starts, func(s time.Time) time.Time { return s }, from)))
			if i > 0 && from.Sub(touched[i-1]) <= near*time.Minute {
				naive = append(naive, onair.Window{From: touched[i-1], To: from})
			} else if i > 0 {
				groups++
			}
		}
		for half := range 2 * (span + 2) {
			now := at(0).Add(time.Duration(half) * 30 * time.Second)
			in := func(windows []onair.Window) bool {
				return slices.ContainsFunc(windows, func(w onair.Window) bool { return contains(w, now) })
			}
			if in(windows) != in(naive) {
				t.Fatalf("%v touch %v, want %v: wrong at %v", touched, windows, naive, now)
			}
		}
		for i := 1; i < len(windows); i++ {
			if before := windows[i-1].To; before.IsZero() || !windows[i].From.After(before) {
				t.Fatalf("windows meet: %v", windows)
			}
		}
		if asked > groups {
			t.Fatalf("%d questions about %v", asked, touched)
		}
	})
}

func TestWindows_fails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := onair.Windows([]time.Time{at(0)}, func(time.Time, int) ([]time.Time, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestTouches(t *testing.T) {
	t.Parallel()
	start := at(5)
	plain := model.Entry{LogSource: 2, TrackStart: at(1), Title: "a", Duration: time.Minute}
	changed := func(change func(*model.Entry)) *model.Entry {
		e := plain
		change(&e)
		return &e
	}
	void := changed(func(e *model.Entry) { e.Overlay.Void = true })
	for name, test := range map[string]struct {
		before, after *model.Entry
		want          []time.Time
	}{
		"New":       {nil, &plain, []time.Time{at(1)}},
		"NewVoid":   {nil, void, []time.Time{at(1)}},
		"Same":      {&plain, &plain, nil},
		"Synced":    {&plain, changed(func(e *model.Entry) { e.Synced, e.Composer = true, "b" }), nil},
		"Show":      {&plain, changed(func(e *model.Entry) { e.ShowName = "b" }), []time.Time{at(1)}},
		"Duration":  {&plain, changed(func(e *model.Entry) { e.Duration++ }), []time.Time{at(1)}},
		"Moved":     {&plain, changed(func(e *model.Entry) { e.Overlay.Changes.TrackStart = &start }), []time.Time{at(1), start}},
		"Void":      {&plain, void, []time.Time{at(1)}},
		"Restored":  {void, &plain, []time.Time{at(1)}},
		"StillVoid": {void, changed(func(e *model.Entry) { e.Overlay.Void, e.Composer = true, "b" }), nil},
	} {
		var touched onair.Touches
		if touched.Told() {
			t.Errorf("%s: told before", name)
		}
		touched.Entry(plain.Fingerprint(), test.before, test.after)
		touched.Entry(plain.Fingerprint(), test.before, test.after)
		var got []time.Time
		if c := touched.Changes(2); c != nil {
			got = slices.SortedFunc(slices.Values(c.Starts()), time.Time.Compare)
			got = slices.CompactFunc(got, time.Time.Equal)
		}
		if !slices.Equal(got, test.want) || touched.Any() != (test.want != nil) || !touched.Told() {
			t.Errorf("%s: touches %v, want %v", name, got, test.want)
		}
		if sources := touched.Sources(); test.want != nil && !slices.Equal(sources, []int{2}) {
			t.Errorf("%s: sources %v", name, sources)
		}
	}
	var touched onair.Touches
	touched.Inaudible()
	if !touched.Told() || touched.Any() {
		t.Error("what is inaudible touches something, or was not told")
	}
	for _, from := range []int{7, 3, 7} {
		touched.Activation(model.Activation{From: at(from)})
	}
	if got := touched.Activations(); !slices.Equal(got, []time.Time{at(3), at(7)}) || !touched.Any() {
		t.Errorf("activations %v", got)
	}
}

func TestDiffering(t *testing.T) {
	t.Parallel()
	segment := func(from int) onair.Segment { return onair.Segment{From: at(from)} }
	remove, add := []onair.Segment{segment(1), segment(3)}, []onair.Segment{segment(3), segment(4)}
	if got := onair.Differing(remove, add); got != 3 {
		t.Errorf("%d, want 3", got)
	}
}
