package status

import (
	"slices"
	"time"
)

// Show is a show that a studio clock names.
type Show struct {
	TimeslotID, ShowID int64 // 0: not known
	Name               string
	Start              time.Time
	End                time.Time // zero: not known
}

// CurrentAndNext decides by the time now, not by where the engine named a show:
// it may not have told anything for long. Of several that are on, the one that
// began last is current. A show without an end ends when another one begins. A
// show is nil if there is none.
func CurrentAndNext(shows []Show, now time.Time) (current, next *Show) {
	var begun time.Time // when the last one did
	for i := range shows {
		show := &shows[i]
		if show.Start.After(now) {
			if next == nil || show.Start.Before(next.Start) {
				next = show
			}
			continue
		}
		if show.Start.After(begun) {
			begun = show.Start
		}
		isOver := !show.End.IsZero() && !show.End.After(now)
		if !isOver && (current == nil || show.Start.After(current.Start)) {
			current = show
		}
	}
	if current != nil && current.End.IsZero() && current.Start.Before(begun) {
		current = nil
	}
	return current, next
}

// Upcoming are the shows that begin after now, the first one first, each once.
func Upcoming(shows []Show, now time.Time) []Show {
	var list []Show
	for _, show := range shows {
		isKnown := slices.ContainsFunc(list, func(other Show) bool { return other.Start.Equal(show.Start) })
		if show.Start.After(now) && !isKnown {
			list = append(list, show)
		}
	}
	slices.SortStableFunc(list, func(a, b Show) int { return a.Start.Compare(b.Start) })
	return list
}
