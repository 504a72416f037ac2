package airlog

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// beside is how many plays beside a window are read first. Nearly every play is
// a cut, so more are seldom needed.
const beside = 12

// saidBefore reads what was said of a source by the last n plays before a moment,
// and by those whose word came later.
func (l *Log) saidBefore(ctx context.Context, p onair.Period, source int, at time.Time, n int) (*said, error) {
	s := &said{source: source, period: p.From, entries: make(map[model.Fingerprint]int64)}
	bound := p.Since()
	before, since, err := l.rows.playsBefore(ctx, source, bound, at, n)
	if err != nil {
		return nil, err
	}
	if s.since = since; since.Equal(bound) {
		s.since = time.Time{}
	} else {
		late, err := l.rows.stragglers(ctx, source, bound, since)
		if err != nil {
			return nil, err
		}
		s.add(late)
	}
	s.add(before)
	return s, nil
}

// saidFrom reads what was said by the plays that start from a moment on, at most
// limit of them.
func (l *Log) saidFrom(ctx context.Context, source int, s *said, w onair.Window, limit int) error {
	plays, until, err := l.rows.playsFrom(ctx, source, w.From, w.To, limit)
	s.add(plays)
	s.until = until
	return err
}

// complete reads what health said of it, and of the plays as they were, and finds
// the cuts.
func (l *Log) complete(ctx context.Context, p onair.Period, source int, s *said, were ...heard.Play) (err error) {
	evidence := heard.Evidence(p.Config(), slices.Concat(s.plays, were))
	if evidence != (heard.Interval{}) {
		if s.until.After(evidence.Until) {
			evidence.Until = s.until
		}
		s.reports, err = l.rows.reports(ctx, source, evidence.From, evidence.Until)
	}
	s.cuts = s.cutsAmong(p.Config(), s.plays)
	return err
}

func (s *said) add(plays []aPlay) {
	for _, p := range plays {
		s.plays = append(s.plays, p.Play)
		s.entries[p.ID] = p.entry
	}
}

// cutsAmong are the cuts if the plays were those.
func (s *said) cutsAmong(c heard.Config, plays []heard.Play) []time.Time {
	return heard.Cuts(c, plays, s.reports, heard.Interval{From: s.since, Until: s.until})
}

// enclose is the smallest window between two cuts that begins at a moment or
// before, and ends after another. ok is false if that is not known, because too
// little was read.
func (s *said) enclose(cuts []time.Time, from, to time.Time) (w onair.Window, ok bool) {
	i, found := slices.BinarySearchFunc(cuts, from, time.Time.Compare)
	if found {
		i++
	}
	switch {
	case i > 0:
		w.From = cuts[i-1]
	case !s.since.IsZero():
		return w, false
	}
	if to.IsZero() {
		return w, s.until.IsZero()
	}
	for ; i < len(cuts); i++ {
		if cuts[i].After(to) {
			w.To = cuts[i]
			return w, true
		}
	}
	return w, s.until.IsZero()
}

// touched is the window in which changes of a source, so many of them from one
// moment to another, can alter what was heard: between two cuts of the history,
// as it was and as it is.
func (l *Log) touched(ctx context.Context, p onair.Period, source int, changes *onair.Changes, w onair.Window, many int) (onair.Window, error) {
	from, to := w.From, w.To
	for n := beside; ; n *= 4 {
		s, cuts, err := l.cutsBeside(ctx, p, source, changes, from, n, n+many)
		if err != nil {
			return onair.Window{}, err
		}
		if w, ok := s.enclose(cuts, from, to); ok {
			l.last = s
			return w, nil
		}
		l.tx.GoesOn()
	}
}

// cutsBeside reads what was said by some plays before and after a moment, and
// returns the cuts that are there with the changes and without them.
func (l *Log) cutsBeside(ctx context.Context, p onair.Period, source int, changes *onair.Changes, at time.Time, before, after int) (*said, []time.Time, error) {
	s, err := l.saidBefore(ctx, p, source, at, before)
	if err == nil {
		err = l.saidFrom(ctx, source, s, onair.Window{From: at}, after)
	}
	if err != nil {
		return nil, nil, err
	}
	were := changes.Undo(s.plays, onair.Window{From: s.since, To: s.until})
	if err := l.complete(ctx, p, source, s, were...); err != nil {
		return nil, nil, err
	}
	return s, both(s.cuts, s.cutsAmong(p.Config(), were)), nil
}

// both returns the moments that are in both lists, which are in order.
func both(a, b []time.Time) (common []time.Time) {
	for _, at := range a {
		if _, found := slices.BinarySearchFunc(b, at, time.Time.Compare); found {
			common = append(common, at)
		}
	}
	return common
}
