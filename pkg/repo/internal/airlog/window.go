package airlog

import (
	"context"
	"math"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// beside is how many plays beside a window are read first. Nearly every play is
// a cut, so more are seldom needed.
const beside = 12

// readSaid reads what was said of a source from the n plays before a moment to the n
// plays after another, at most limit from the first moment on.
func (l *Log) readSaid(ctx context.Context, p onair.Period, source int, w onair.Window, n, limit int) (*said, error) {
	s := &said{entries: make(map[model.Fingerprint]int64)}
	bound := p.Since()
	before, since, err := l.rows.playsBefore(ctx, source, bound, w.From, n)
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
	within, until, err := l.rows.playsFrom(ctx, source, w.From, w.To, limit)
	if err != nil {
		return nil, err
	}
	s.add(within)
	if until.Equal(w.To) && !until.IsZero() {
		after, end, err := l.rows.playsFrom(ctx, source, w.To, time.Time{}, n)
		if err != nil {
			return nil, err
		}
		s.add(after)
		until = end
	}
	s.until = until
	evidence := heard.Evidence(p.Config(), s.plays)
	if !s.until.IsZero() && s.until.After(evidence.Until) {
		evidence.Until = s.until
	}
	s.reports, err = l.rows.reports(ctx, source, evidence.From, evidence.Until)
	return s, err
}

func (s *said) add(plays []aPlay) {
	for _, p := range plays {
		s.plays = append(s.plays, p.Play)
		s.entries[p.ID] = p.entry
	}
}

// cuts are the moments at which the history may be cut, as far as what was read
// tells.
func (s *said) cuts(c heard.Config, plays []heard.Play) []time.Time {
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

// touched is the window in which changes of a source, from one moment to
// another, can alter what was heard: between two cuts of the history, as it was
// and as it is.
func (l *Log) touched(ctx context.Context, p onair.Period, source int, changes *onair.Changes, from, to time.Time) (onair.Window, error) {
	for n := beside; ; n *= 4 {
		s, err := l.readSaid(ctx, p, source, onair.Window{From: from, To: to}, n, math.MaxInt32)
		if err != nil {
			return onair.Window{}, err
		}
		cuts := both(s.cuts(p.Config(), s.plays), s.cuts(p.Config(), changes.Undo(s.plays, onair.Window{From: s.since, To: s.until})))
		if w, ok := s.enclose(cuts, from, to); ok {
			l.last, l.lastOf = s, source
			return w, nil
		}
		l.tx.GoesOn()
	}
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
