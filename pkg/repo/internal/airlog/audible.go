package airlog

import (
	"context"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
)

// audible derives what is audible of a source in the beginning of w, by the rule
// that counts then. It returns that part of w.
func (l *Log) audible(ctx context.Context, source int, w onair.Window) ([]onair.Segment, onair.Window, error) {
	p := l.periodAt(w.From)
	w, _ = w.Intersect(p.Window)
	if p.Rule.Version != model.RuleAsSaid {
		return l.heard(ctx, p, source, w)
	}
	records, w, err := l.rows.records(ctx, source, w)
	if err != nil {
		return nil, w, err
	}
	l.read += len(records)
	l.names = make(map[int64]name, len(records))
	for _, r := range records {
		l.names[r.Entry] = r.name
	}
	return onair.Derive(w, unnamed(records), nil, source), w, nil
}

func (l *Log) periodAt(at time.Time) onair.Period {
	for _, p := range l.periods {
		if p.To.IsZero() || p.To.After(at) {
			return p
		}
	}
	return l.periods[len(l.periods)-1]
}

// heard is audible by the rule of what was heard.
func (l *Log) heard(ctx context.Context, p onair.Period, source int, w onair.Window) ([]onair.Segment, onair.Window, error) {
	s, derived, err := l.derive(ctx, p, source, &w)
	if err != nil {
		return nil, w, err
	}
	l.names = s.names
	if l.Compare != nil {
		l.told = make(map[model.Fingerprint]heard.Heard, len(derived))
		for _, d := range derived {
			l.told[d.ID] = d
		}
	}
	return onair.Sounding(w, source, derived, s.entries), w, nil
}

// derive reads what was said around w, and derives what was heard of the plays that
// start in w or sound in it. If that is much, w becomes smaller.
func (l *Log) derive(ctx context.Context, p onair.Period, source int, w *onair.Window) (*said, []heard.Heard, error) {
	s, part, err := l.enclosing(ctx, p, source, w)
	if err != nil {
		return nil, nil, err
	}
	l.read += len(s.plays)
	return s, deriveIn(part, p, s), nil
}

// deriveIn derives what was heard of the plays that start in a part of the history,
// which is between two cuts.
func deriveIn(part onair.Window, p onair.Period, s *said) []heard.Heard {
	plays := slices.DeleteFunc(slices.Clone(s.plays), func(p heard.Play) bool {
		return p.Start.Before(part.From) || !part.To.IsZero() && p.Start.After(part.To)
	})
	return heard.Derive(p.Config(), plays, s.reports)
}

// enclosing reads what was said around w, and returns a part of the history that
// encloses it. If that is much, w becomes smaller.
func (l *Log) enclosing(ctx context.Context, p onair.Period, source int, w *onair.Window) (*said, onair.Window, error) {
	if s := l.last; s != nil && s.source == source && s.period.Equal(p.From) {
		if part, ok := s.enclose(s.cuts, w.From, w.To); ok {
			return s, part, nil
		}
	}
	limit := l.rows.page
	for n := beside; ; n, limit = 4*n, 4*limit {
		s, err := l.saidBefore(ctx, p, source, w.From, n)
		if err == nil {
			err = l.saidFrom(ctx, source, s, *w, limit)
		}
		if err == nil && s.until.Equal(w.To) && !w.To.IsZero() {
			err = l.saidFrom(ctx, source, s, onair.Window{From: w.To}, n)
		}
		if err == nil {
			err = l.complete(ctx, p, source, s)
		}
		if err != nil {
			return nil, onair.Window{}, err
		}
		l.last = s
		if part, ok := s.enclose(s.cuts, w.From, w.To); ok {
			return s, part, nil
		}
		if last := len(s.cuts) - 1; last > 0 && s.cuts[last].After(w.From) { // only the end is not known
			if part, ok := s.enclose(s.cuts, w.From, s.cuts[last-1]); ok && s.cuts[last-1].After(w.From) {
				w.To = part.To
				return s, part, nil
			}
		}
		l.tx.GoesOn()
	}
}

// changed calls mend with the windows in which changes of a source can alter what
// is audible, in order. Each is mended before the next is found, because what was
// read to find it serves to derive it.
func (l *Log) changed(ctx context.Context, source int, changes *onair.Changes, mend func(onair.Window) error) error {
	for _, p := range l.periods {
		within := func(w onair.Window) error {
			if part, ok := w.Intersect(p.Window); ok {
				return mend(part)
			}
			return nil
		}
		var err error
		if p.Rule.Version == model.RuleAsSaid {
			err = l.changedAsSaid(ctx, source, changes, within)
		} else {
			err = l.changedHeard(ctx, p, source, changes, within)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changedAsSaid is changed for the rule that takes each play as it was said.
func (l *Log) changedAsSaid(ctx context.Context, source int, changes *onair.Changes, mend func(onair.Window) error) error {
	windows, err := onair.Windows(changes.Starts(), func(at time.Time, limit int) ([]time.Time, error) {
		return l.rows.startsAfter(ctx, source, at, limit)
	})
	if err != nil {
		return err
	}
	for _, w := range windows {
		if err := mend(w); err != nil {
			return err
		}
	}
	return nil
}

// changedHeard is changed for the rule of what was heard.
func (l *Log) changedHeard(ctx context.Context, p onair.Period, source int, changes *onair.Changes, mend func(onair.Window) error) error {
	awaiting, err := l.awaiting(ctx, p, source, changes.Reports)
	if err != nil {
		return err
	}
	moments := append(changes.Moments(p), awaiting...)
	slices.SortFunc(moments, time.Time.Compare)
	stretches, err := l.stretches(ctx, source, moments)
	if err != nil {
		return err
	}
	var mended time.Time // until then
	for i, s := range stretches {
		if i > 0 && (mended.IsZero() || mended.After(s.To)) {
			continue // it is in the window before
		}
		w, err := l.touched(ctx, p, source, changes, s)
		if err != nil {
			return err
		}
		if err := mend(w); err != nil {
			return err
		}
		mended = w.To
	}
	return nil
}

// awaiting are the starts of fallbacks of which reports may still decide whether
// they were heard, although something else began since.
func (l *Log) awaiting(ctx context.Context, p onair.Period, source int, reports []time.Time) (starts []time.Time, err error) {
	for _, w := range onair.Near(reports) {
		since := w.From.Add(-onair.Lookback)
		if since.Before(p.Since()) {
			since = p.Since()
		}
		plays, err := l.rows.fallbacks(ctx, source, p.Rule.FallbackShows, since, w.To)
		if err != nil {
			return nil, err
		}
		for _, said := range plays {
			if slices.ContainsFunc(reports, func(at time.Time) bool { return p.Config().AwaitsHealth(said.Play, at) }) {
				starts = append(starts, said.Start)
			}
		}
	}
	return starts, nil
}
