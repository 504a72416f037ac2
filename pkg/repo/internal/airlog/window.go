package airlog

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// beside is how many plays beside a window are read first. Nearly every play is
// a cut, so more are seldom needed.
const beside = 12

// saidBefore reads what was said of a source by the last n plays before a moment,
// and by those whose word came later.
func (l *Log) saidBefore(ctx context.Context, p onair.Period, source int, at time.Time, n int) (*said, error) {
	s := newSaid(source, p)
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
		s.entries[p.ID], s.names[p.entry] = p.entry, name{p.Artist, p.Title}
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

// few is how many plays between two changes are read sooner than the two windows
// of those changes, which take some ten statements each.
const few = 100

// stretch is a time in which changes are near to one another.
type stretch struct {
	onair.Window
	plays int // about how many start in it
}

// stretches puts moments, which are in order, together if few plays start in
// between. No stretch becomes longer by that than is read at once.
func (l *Log) stretches(ctx context.Context, source int, moments []time.Time) (all []stretch, err error) {
	ahead := nextStarts{rows: l.rows, source: source}
	for _, w := range onair.Near(moments) {
		many, _ := slices.BinarySearchFunc(moments, w.To.Add(1), time.Time.Compare)
		moments = moments[many:] // those of the windows to come
		if n := len(all); n > 0 {
			last := &all[n-1]
			between, err := ahead.between(ctx, last.To, w.From)
			if err != nil {
				return nil, err
			}
			if plays := last.plays + between + many; between <= few && plays <= l.rows.page {
				last.To, last.plays = w.To, plays
				continue
			}
		}
		all = append(all, stretch{w, many})
	}
	return all, nil
}

// nextStarts counts what starts between moments, one after the other.
type nextStarts struct {
	rows
	source int
	read   []time.Time // the next ones
}

// between is how many plays start between two moments; if they are not few, it may
// be less than that.
func (n *nextStarts) between(ctx context.Context, from, to time.Time) (plays int, err error) {
	passed, _ := slices.BinarySearchFunc(n.read, from.Add(1), time.Time.Compare)
	n.read = n.read[passed:]
	if plays, _ = slices.BinarySearchFunc(n.read, to, time.Time.Compare); plays < len(n.read) {
		return plays, nil
	}
	n.read, err = n.startsAfter(ctx, n.source, from, 2*few) // there may be more
	plays, _ = slices.BinarySearchFunc(n.read, to, time.Time.Compare)
	return plays, err
}

// touched is the window in which the changes of a source in a stretch can alter
// what was heard: between two cuts of the history, as it was and as it is.
func (l *Log) touched(ctx context.Context, p onair.Period, source int, changes *onair.Changes, t stretch) (onair.Window, error) {
	from, to := t.From, t.To
	for n := beside; ; n *= 4 {
		s, cuts, err := l.cutsBeside(ctx, p, source, changes, from, n, n+t.plays)
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
