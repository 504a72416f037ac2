package airlog

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Latest derives what was heard of the source last, but not after a moment, from
// what was said and without the log; nil: nothing.
func (l *Log) Latest(ctx context.Context, at time.Time) (*onair.Segment, error) {
	if err := l.readRules(ctx); err != nil {
		return nil, err
	}
	for {
		segments, w, err := l.around(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, s := range slices.Backward(segments) {
			if !s.From.After(at) {
				return &s, l.makeWhole(ctx, &s)
			}
		}
		if w.From.IsZero() {
			return nil, nil
		}
		at = w.From.Add(-time.Microsecond)
	}
}

// Next is Latest for what was heard first after a moment.
func (l *Log) Next(ctx context.Context, after time.Time) (*onair.Segment, error) {
	if err := l.readRules(ctx); err != nil {
		return nil, err
	}
	for at := after; ; {
		segments, w, err := l.around(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, s := range segments {
			if !s.From.After(after) {
				continue
			}
			if err := l.makeWhole(ctx, &s); err != nil || s.From.After(after) { // otherwise it goes on since before
				return &s, err
			}
		}
		if w.To.IsZero() {
			return nil, nil
		}
		at = w.To
	}
}

// around derives what was heard of the source around a moment, in the period of the
// moment: the segments of a window that encloses it. If the window begins or ends
// with the period, what is heard then may go on in another one.
func (l *Log) around(ctx context.Context, at time.Time) ([]onair.Segment, onair.Window, error) {
	defer l.tx.GoesOn()
	p := l.periodAt(at)
	if p.Rule.Version == model.RuleAsSaid {
		return l.aroundAsSaid(ctx, p, at)
	}
	instant := onair.Window{From: at, To: at.Add(time.Microsecond)}
	s, part, err := l.enclosing(ctx, p, l.rows.source, &instant)
	if err != nil {
		return nil, part, err
	}
	w, _ := part.Intersect(p.Window)
	return onair.Sounding(w, l.rows.source, deriveIn(part, p, s), s.entries), w, nil
}

// aroundAsSaid is around for the rule that takes each play as it was said.
func (l *Log) aroundAsSaid(ctx context.Context, p onair.Period, at time.Time) ([]onair.Segment, onair.Window, error) {
	w := p.Window
	last, err := l.rows.lastRecords(ctx, l.rows.source, at.Add(time.Microsecond))
	if err != nil {
		return nil, w, err
	}
	next, err := l.rows.startsAfter(ctx, l.rows.source, at, 1)
	if err != nil {
		return nil, w, err
	}
	for _, r := range last {
		w, _ = w.Intersect(onair.Window{From: r.Start})
	}
	for _, start := range next {
		w, _ = w.Intersect(onair.Window{To: start})
	}
	return onair.Derive(w, unnamed(last), nil, l.rows.source), w, nil
}

// makeWhole joins a segment of one period with what it goes on from, and as, in
// others.
func (l *Log) makeWhole(ctx context.Context, s *onair.Segment) error {
	for s.From.Equal(l.periodAt(s.From).From) {
		before, _, err := l.around(ctx, s.From.Add(-time.Microsecond))
		if err != nil {
			return err
		}
		n := len(before)
		if n == 0 || !before[n-1].GoesOnAs(*s) {
			break
		}
		s.From = before[n-1].From
	}
	for !s.Until.IsZero() && s.Until.Equal(l.periodAt(s.Until).From) {
		after, _, err := l.around(ctx, s.Until)
		if err != nil {
			return err
		}
		if len(after) == 0 || !s.GoesOnAs(after[0]) {
			break
		}
		s.Until, s.Estimated = after[0].Until, after[0].Estimated
	}
	return nil
}

// Unchanged is a moment before which changes of the source alter nothing, zero if
// that is not known. Of all that changed and starts before horizon, nothing is
// missing in changes.
func (l *Log) Unchanged(ctx context.Context, changes *onair.Changes, horizon time.Time) (time.Time, error) {
	if err := l.readRules(ctx); err != nil || len(changes.Reports) > 0 {
		return time.Time{}, err
	}
	first := slices.MinFunc(changes.Starts(), time.Time.Compare)
	p := l.periodAt(first)
	if p.Rule.Version == model.RuleAsSaid {
		return time.Time{}, nil
	}
	for n := min(beside, l.rows.page); ; n *= 4 {
		s, cuts, err := l.cutsBeside(ctx, p, l.rows.source, changes, first, n, n)
		if err != nil || s.until.IsZero() || s.until.After(horizon) {
			return time.Time{}, err
		}
		if w, _ := s.enclose(cuts, first, time.Time{}); !w.From.IsZero() || s.since.IsZero() {
			return w.From, nil
		}
		l.tx.GoesOn()
	}
}
