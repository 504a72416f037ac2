package airlog

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
)

// Around derives what was heard of the source around a moment, from what was said
// and without the log. The segments are whole, and all that touch the returned
// window, which encloses the moment. known is false if that can't be derived from
// one rule and a few plays: then the log is to be asked.
func (l *Log) Around(ctx context.Context, at time.Time) (segments []onair.Segment, w onair.Window, known bool, err error) {
	if err := l.readRules(ctx); err != nil {
		return nil, w, false, err
	}
	p := l.periodAt(at)
	if p.Rule.Version == model.RuleAsSaid {
		return nil, w, false, nil
	}
	instant := onair.Window{From: at, To: at.Add(time.Microsecond)}
	s, w, err := l.enclosing(ctx, p, l.rows.source, &instant)
	if err != nil {
		return nil, w, false, err
	}
	if part, _ := w.Intersect(p.Window); part != w {
		return nil, w, false, nil // another rule says how it begins or ends
	}
	return onair.Sounding(w, l.rows.source, deriveIn(w, p, s), s.entries), w, true, nil
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
