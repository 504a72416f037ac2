package engineclock

import (
	"slices"
	"time"
)

// Constants of the rule; see the package's documentation.
const (
	most     = 10
	enough   = 3
	least    = time.Minute
	near     = 10 * time.Second
	inAQueue = time.Second
)

// play is when a play started, as its engine says, and when it arrived.
type play struct{ start, arrival time.Time }

func (p play) offset() time.Duration { return p.start.Sub(p.arrival) }

// window holds the last plays that count, the latest last.
type window struct {
	plays []play
	// last is when the last play arrived, whether it counts or not.
	last time.Time
}

// add lets a play count if it does. Plays come in the order of their arrivals.
func (w *window) add(p play) {
	isQueue := !w.last.IsZero() && p.arrival.Sub(w.last) < inAQueue
	w.last = p.arrival
	if slices.ContainsFunc(w.plays, func(known play) bool { return known.start.Equal(p.start) }) {
		return
	}
	if n := len(w.plays); isQueue && n > 0 {
		if p.offset().Abs() < w.plays[n-1].offset().Abs() {
			w.plays[n-1] = p
		}
		return
	}
	w.plays = append(w.plays, p)
	if len(w.plays) > most {
		w.plays = slices.Delete(w.plays, 0, 1)
	}
}

// offset is the median, and whether it stands.
func (w *window) offset() (median time.Duration, stands bool) {
	n := len(w.plays)
	if n == 0 {
		return 0, false
	}
	offsets := make([]time.Duration, n)
	for i, p := range w.plays {
		offsets[i] = p.offset()
	}
	slices.Sort(offsets)
	median = offsets[(n-1)/2]
	agree := 0
	for _, o := range offsets {
		if (o - median).Abs() <= near {
			agree++
		}
	}
	return median, n >= enough && median.Abs() >= least && 10*agree >= 7*n
}

// wrong are the first and the last start of the plays that agree with an offset.
func (w *window) wrong(offset time.Duration) (first, last time.Time) {
	for _, p := range w.plays {
		if (p.offset() - offset).Abs() > near {
			continue
		}
		if first.IsZero() || p.start.Before(first) {
			first = p.start
		}
		if p.start.After(last) {
			last = p.start
		}
	}
	return first, last
}
