package trackservice

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/model"
)

// IsShown reports whether listeners may see an entry now: it is not void, and it
// has started.
func IsShown(e *model.Entry, now time.Time) bool {
	return !e.Overlay.Void && !e.PlayedAt().After(now)
}

// Shown is an entry as listeners see it: with its corrections applied. If it names
// no work, the show's name is its title, and it has no artist.
func Shown(e model.Entry) model.Entry {
	shown := e.Effective()
	if !shown.IsNamed() {
		shown.Artist, shown.Title = "", shown.ShowName
	}
	return shown
}

// Upcoming is a log that knows what starts next.
type Upcoming interface {
	// NextEntry is the first entry that starts after a time, or
	// model.ErrNotFound.
	NextEntry(ctx context.Context, after time.Time) (model.Entry, error)
}

// UntilNow keeps what has not started yet out of a query of the log. until is
// when the next entry starts that the query then selects; zero means never.
func UntilNow(ctx context.Context, log Upcoming, q *model.EntryQuery, now time.Time) (until time.Time, _ error) {
	if !q.To.IsZero() && !q.To.After(now) {
		return time.Time{}, nil
	}
	q.To = now
	next, err := log.NextEntry(ctx, now)
	if errors.Is(err, model.ErrNotFound) {
		return time.Time{}, nil
	}
	return next.PlayedAt(), err
}

// UntilOver is when entries are shown in another way although nothing is stored:
// at until, or earlier if one of them goes off air before. From then on that entry
// is shown with its end. Zero means never.
func UntilOver(until, now time.Time, entries ...model.Entry) time.Time {
	for _, e := range entries {
		if e.Air == nil || e.Air.Until.IsZero() || e.Air.IsOver(now) {
			continue
		}
		until = sooner(until, e.Air.Until)
	}
	return until
}

// sooner is the earlier one of two times, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
