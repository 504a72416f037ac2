package report

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// Play is one entry as it was audible.
type Play struct {
	// Entry is effective: its corrections are applied.
	Entry model.Entry
	// From is when it began to be audible. Until is when it ended; never before
	// From.
	From, Until time.Time
	// Estimated: nobody told the end, so Until is an estimate.
	Estimated bool
}

// Audible is how long it was audible, in whole milliseconds; never negative.
func (p Play) Audible() time.Duration {
	return max(p.Until.Sub(p.From), 0).Round(time.Millisecond)
}

// Plays calls fn for every play that starts in one period, in the order of the
// starts. It stops at the first error, from fn or its own, and returns it.
type Plays func(ctx context.Context, fn func(Play) error) error

// Log is a list of what was played.
type Log interface {
	// EachEntry calls fn for every entry played in [from, to), except void
	// ones, the oldest first. An error of fn ends it and is returned.
	EachEntry(ctx context.Context, from, to time.Time, fn func(model.Entry) error) error
}

// FromOnAir makes plays from an on-air log. Each time that an entry was on air
// is a play, from when it went on air until it ended, also if a switch of the
// source cut it. If nothing ended an entry, it lasts for its duration. Without a
// duration, a live entry lasts until now or the end of the period. For any other
// entry nobody can tell, so its time is 0. The same is true if a gap of more than
// four hours follows, unless the log has an estimate. A play that is not over
// counts until now.
func FromOnAir(log Log, period Period, now time.Time) Plays {
	return func(ctx context.Context, fn func(Play) error) error {
		err := log.EachEntry(ctx, period.From, period.To, func(e model.Entry) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fn(aired(e.Effective(), period, now))
		})
		if err != nil {
			return fmt.Errorf("read what was on air in the period: %w", err)
		}
		return nil
	}
}

// aired is a play of an entry from an on-air log, which says when it ended: after
// the duration of the entry if the title was told again as another one.
func aired(e model.Entry, period Period, now time.Time) Play {
	if e.Air.Until.IsZero() {
		return play(e, e.Air.From, endOfLast(e, e.Air.From, period), now)
	}
	p := Play{Entry: e, From: e.Air.From, Until: e.Air.Until, Estimated: e.Air.Estimated}
	if isUnknown(e, p.Until) && !e.Air.Estimated {
		p.Until = p.From
	}
	if p.Until.After(now) {
		p.Until = later(p.From, now.Truncate(time.Microsecond))
	}
	return p
}

// longestUnknown is the longest time that a track of unknown duration is
// assumed to last until the next one. Before a longer gap, such as an outage,
// nobody can tell.
const longestUnknown = 4 * time.Hour

// play begins at from and ends at the limit, or earlier if the duration of the
// entry says so. A play that is not over yet counts until now.
func play(e model.Entry, from, limit, now time.Time) Play {
	p := Play{Entry: e, From: from, Until: limit}
	switch end := e.TrackStart.Add(e.Duration); {
	case e.Duration > 0 && end.Before(limit):
		p.Until = end
	case isUnknown(e, limit):
		p.Until = from
	}
	if p.Until.After(now) {
		p.Until = now.Truncate(time.Microsecond)
	}
	p.Until = later(from, p.Until)
	return p
}

// isUnknown reports whether nobody can tell how long an entry was audible that
// ends at the limit at the latest.
func isUnknown(e model.Entry, limit time.Time) bool {
	return e.Duration == 0 && !isLive(e) && limit.Sub(e.TrackStart) > longestUnknown
}

func isLive(e model.Entry) bool {
	return e.TrackType == model.TrackTypeStream || e.TrackType == model.TrackTypeLine
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// endOfLast is the limit of an entry that was audible from a time on, if no
// other entry follows.
func endOfLast(e model.Entry, from time.Time, period Period) time.Time {
	switch {
	case e.Duration > 0:
		return e.TrackStart.Add(e.Duration)
	case isLive(e):
		return period.To
	default:
		return from
	}
}
