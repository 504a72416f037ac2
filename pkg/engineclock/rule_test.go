package engineclock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2020, 6, 27, 10, 0, 0, 0, time.UTC)

// told is a play that started that many seconds after noon and arrived so many
// seconds later.
type told struct{ start, late float64 }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func (p told) play() play {
	start := noon.Add(seconds(p.start))
	return play{start, start.Add(seconds(p.late))}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plays  []told
		median float64
		stands bool
	}{
		"None":            {nil, 0, false},
		"InTime":          {[]told{{0, 0.01}, {200, 0.068}, {400, 0.02}}, -0.02, false},
		"UTC":             {[]told{{0, 7200.01}, {200, 7200.07}, {400, 7200.02}}, -7200.02, true},
		"Ahead":           {[]told{{0, -3599.9}, {200, -3599.8}, {400, -3599.7}}, 3599.8, true},
		"TooFew":          {[]told{{0, 7200}, {200, 7200}}, -7200, false},
		"LessThanAMinute": {[]told{{0, 59}, {200, 59}, {400, 59}}, -59, false},
		"Drift":           {[]told{{0, 95}, {200, 96}, {400, 97}}, -96, true},
		"Queue":           {[]told{{0, 600}, {3, 597}, {6, 594}, {400, 200.001}, {650, 0.01}}, -200.001, false},
		"QueueOfOneTime":  {[]told{{0, 600}, {3, 597.001}, {6, 594.002}, {9, 591.003}}, -591.003, false},
		"ToldAgain":       {[]told{{0, 0}, {0, 600}, {0, 1200}, {0, 1800}}, 0, false},
		"LateStreams":     {[]told{{0, 23}, {3600, 23}, {7200, 24}}, -23, false},
		"MendedZone":      {[]told{{0, 7200}, {200, 7200}, {400, 7200}, {7800, 0}, {8000, 0}}, -7200, false},
		"OneOfFourIsOdd":  {[]told{{0, 7200}, {200, 7200}, {400, 7300}, {600, 7200}}, -7200, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w window
			for _, p := range c.plays {
				w.add(p.play())
			}
			median, stands := w.offset()
			if (median-seconds(c.median)).Abs() > time.Microsecond || stands != c.stands {
				t.Errorf("%s, stands: %t", median, stands)
			}
		})
	}
}

// station is a programme with its arrivals: jingles and long items, streams that
// are late, titles that replace one another, repetitions, and queues that waited.
func station(t *rapid.T, offset time.Duration, plays, hangs int) []play {
	list := make([]play, 0, plays)
	at := noon
	var hangsUntil time.Time
	for range plays {
		at = at.Add(time.Duration(rapid.IntRange(2, 480).Draw(t, "gap")) * time.Second)
		arrival := at.Add(time.Duration(rapid.IntRange(1, 68).Draw(t, "way")) * time.Millisecond)
		switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case kind == 0:
			arrival = arrival.Add(time.Duration(rapid.IntRange(0, 45).Draw(t, "slow stream")) * time.Second)
		case kind == 1 && hangs > 0 && at.After(hangsUntil):
			hangs--
			hangsUntil = arrival.Add(time.Duration(rapid.IntRange(1, 3600).Draw(t, "hang")) * time.Second)
		}
		if arrival.Before(hangsUntil) {
			hangsUntil = hangsUntil.Add(time.Millisecond)
			arrival = hangsUntil
		}
		if n := len(list); n > 0 && arrival.Before(list[n-1].arrival) {
			arrival = list[n-1].arrival.Add(time.Millisecond) // one after the other
		}
		list = append(list, play{at.Add(offset), arrival})
		if rapid.IntRange(0, 9).Draw(t, "again") == 0 && arrival.After(hangsUntil) {
			list = append(list, play{at.Add(offset), arrival.Add(time.Second)})
		}
	}
	return list
}

// TestWindow_lateness: a clock that is right is never taken for wrong, however
// late plays arrive.
func TestWindow_lateness(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var w window
		for _, p := range station(t, 0, rapid.IntRange(3, 40).Draw(t, "plays"), 2) {
			w.add(p)
			if median, stands := w.offset(); stands {
				t.Fatalf("taken for wrong by %s: %v", median, w.plays)
			}
		}
	})
}

// TestWindow_wrong: a clock that is wrong by more than a minute is noticed by the
// third play that is in time, and stays so.
func TestWindow_wrong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		offset := time.Duration(rapid.IntRange(61, 50_000).Draw(t, "offset")) * time.Second
		if rapid.Bool().Draw(t, "behind") {
			offset = -offset
		}
		var w window
		at := noon
		for i := range rapid.IntRange(3, 30).Draw(t, "plays") {
			at = at.Add(time.Duration(rapid.IntRange(2, 480).Draw(t, "gap")) * time.Second)
			w.add(play{at.Add(offset), at.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "way")) * time.Millisecond)})
			median, stands := w.offset()
			if stands != (i >= 2) || (median-offset).Abs() > time.Second {
				t.Fatalf("after %d plays: %s, stands: %t", i+1, median, stands)
			}
		}
	})
}
