package onair

import (
	"slices"
	"sort"
	"time"

	"aura.radio/engine/pkg/model"
)

// Window is the time [From, To). A zero From is the beginning of time; a zero
// To is the end of time.
type Window struct{ From, To time.Time }

// Touched is the window in which a change can alter the log. at is when the
// record that was added, changed or removed starts, or when the activation
// happened. next is when the next one of its kind starts after the change: the
// first record of the same source, or the first activation, that is later than
// at. next is zero if there is none. If a correction moved a record, both its
// starts were touched. A record touches only segments of its own source.
//
// Changes that are made together each touch their own window. Apply the
// activations first, because the segments of a single source fit only a log
// that already has the right activations. A larger window that contains the
// touched one works as well.
func Touched(at, next time.Time) Window { return Window{From: at, To: next} }

// Intersect is the time that is in both windows; ok reports whether there is
// any.
func (w Window) Intersect(other Window) (both Window, ok bool) {
	both = w
	if other.From.After(both.From) {
		both.From = other.From
	}
	if both.To.IsZero() || !other.To.IsZero() && other.To.Before(both.To) {
		both.To = other.To
	}
	return both, both.To.IsZero() || both.From.Before(both.To)
}

// Reign is a time during which one source is active.
type Reign struct {
	Window
	Source int
}

// Reigns divides w by the active source. activations are those that happened in
// w, and the last before it, in the order of (From, Epoch). Two consecutive
// reigns are never of the same source, and none is empty unless w is.
func Reigns(w Window, activations []model.Activation, defaultSource int) []Reign {
	current := Reign{w, defaultSource}
	var reigns []Reign
	for i, a := range activations {
		overruled := i+1 < len(activations) && activations[i+1].From.Equal(a.From)
		if overruled || a.Source == current.Source {
			continue
		}
		if a.From.After(current.From) {
			ended := current
			ended.To = a.From
			reigns = append(reigns, ended)
			current.From = a.From
		}
		current.Source = a.Source
	}
	return append(reigns, current)
}

// near is how far apart two moments may be for their windows to be treated as
// one: few records start in between.
const near = 10 * time.Minute

// Near puts moments together that are near to one another, in order. Each window
// begins at its first moment and ends at its last.
func Near(moments []time.Time) (windows []Window) {
	for _, at := range distinct(moments) {
		if n := len(windows); n > 0 && at.Sub(windows[n-1].To) <= near {
			windows[n-1].To = at
		} else {
			windows = append(windows, Window{From: at, To: at})
		}
	}
	return windows
}

// Windows returns the windows that the records of a source touch at these
// moments, in order. The windows may hold more than what is touched, and do not
// meet. startsAfter returns the first starts of the source's records after a
// time, at most limit.
//
// Records mostly follow one another, which takes one window and one query. If
// they are far apart, the first query asks for the starts after all of them. If
// that was not enough, later queries ask for as many starts as turned out to be
// useful.
func Windows(touched []time.Time, startsAfter func(at time.Time, limit int) ([]time.Time, error)) ([]Window, error) {
	var windows []Window
	open := Near(touched) // an open window still ends at its last moment
	limit := len(open)
	for len(open) > 0 {
		starts, err := startsAfter(open[0].To, limit)
		if err != nil {
			return nil, err
		}
		seen := 0
		for _, w := range open {
			next := time.Time{}
			i := sort.Search(len(starts), func(i int) bool { return starts[i].After(w.To) })
			if i < len(starts) {
				next = starts[i]
			} else if len(starts) == limit {
				break // there may be more
			}
			windows = join(windows, Touched(w.From, next))
			seen++
		}
		open = open[seen:]
		limit = min(2*seen, len(open))
	}
	return windows, nil
}

// join appends w, which neither begins nor ends before the existing windows.
func join(windows []Window, w Window) []Window {
	if n := len(windows); n > 0 && (windows[n-1].To.IsZero() || !w.From.After(windows[n-1].To)) {
		windows[n-1].To = w.To
		return windows
	}
	return append(windows, w)
}

// distinct returns the times in order, each once.
func distinct(times []time.Time) []time.Time {
	times = slices.SortedFunc(slices.Values(times), time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}
