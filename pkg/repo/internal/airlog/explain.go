package airlog

import (
	"context"
	"database/sql"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/heard"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// Explained is a play with what was heard of it.
type Explained struct {
	Entry int64
	Start time.Time
	model.Hearing
}

// Explain returns what was heard of the source's plays that start in w, by their
// starts. The reasons are by the rule that counts at the beginning of w. What is
// heard of a play in a later period follows the rule of that period. If it is
// much, the returned window is only the beginning of w, which is one period at
// most.
func (l *Log) Explain(ctx context.Context, w onair.Window) ([]Explained, onair.Window, error) {
	if err := l.readRules(ctx); err != nil {
		return nil, w, err
	}
	p := l.periodAt(w.From)
	w, _ = w.Intersect(p.Window)
	explained, w, err := l.explain(ctx, p, w)
	if err != nil {
		return nil, w, err
	}
	for _, later := range l.periods {
		if !later.From.After(p.From) {
			continue
		}
		rest, ok := w.Intersect(onair.Window{From: later.Since()})
		for ok {
			more, done, err := l.explain(ctx, later, rest)
			if err != nil {
				return nil, w, err
			}
			goOn(explained, more)
			rest, ok = rest.Intersect(onair.Window{From: done.To})
			ok = ok && !done.To.IsZero()
		}
	}
	return explained, w, nil
}

// explain explains the plays that start in the beginning of w by the rule of a
// period. They are heard only within the period.
func (l *Log) explain(ctx context.Context, p onair.Period, w onair.Window) ([]Explained, onair.Window, error) {
	var s *said
	var derived []heard.Heard
	var err error
	if p.Rule.Version == model.RuleAsSaid {
		s, derived, err = l.asSaid(ctx, p, &w)
	} else {
		s, derived, err = l.derive(ctx, p, l.rows.source, &w)
	}
	if err != nil {
		return nil, w, err
	}
	heardAt := make(map[int64][]model.Airing)
	for _, sounding := range onair.Sounding(p.Window, l.rows.source, derived, s.entries) {
		heardAt[sounding.Entry] = append(heardAt[sounding.Entry], model.Airing{From: sounding.From, Until: sounding.Until, Estimated: sounding.Estimated})
	}
	starts := make(map[model.Fingerprint]time.Time, len(s.plays))
	for _, play := range s.plays {
		starts[play.ID] = play.Start
	}
	var explained []Explained
	for _, d := range derived {
		start, entry := starts[d.ID], s.entries[d.ID]
		if start.Before(w.From) || !w.To.IsZero() && !start.Before(w.To) {
			continue
		}
		e := Explained{Entry: entry, Start: start, Hearing: model.Hearing{Heard: heardAt[entry], Doubted: d.Doubted}}
		for _, why := range d.Why {
			e.Why = append(e.Why, model.Unheard{Reason: string(why.Reason), By: s.entries[why.By]})
		}
		explained = append(explained, e)
	}
	l.tx.GoesOn()
	return explained, w, nil
}

// asSaid is derive for the rule that takes each play as it was said.
func (l *Log) asSaid(ctx context.Context, p onair.Period, w *onair.Window) (*said, []heard.Heard, error) {
	s := newSaid(l.rows.source, p)
	if err := l.saidFrom(ctx, s.source, s, *w, l.rows.page); err != nil {
		return nil, nil, err
	}
	w.To = s.until
	var next time.Time
	if !w.To.IsZero() {
		starts, err := l.rows.startsAfter(ctx, s.source, w.To.Add(-time.Microsecond), 1)
		if err != nil {
			return nil, nil, err
		}
		for _, next = range starts {
		}
	}
	return s, onair.AsSaid(s.plays, next), nil
}

// OnAirOf is when an entry was on air, by a station's on-air log.
func OnAirOf(ctx context.Context, c sqldb.Conn, entry int64) ([]model.Airing, error) {
	return sqldb.Select(ctx, c, scanAiring, "SELECT from_at, until_at, is_estimated FROM "+OnAir.Segments+" WHERE entry_id = ? ORDER BY from_at", entry)
}

func scanAiring(row *sql.Rows) (a model.Airing, err error) {
	var until sql.Null[sqldb.Time]
	err = row.Scan((*sqldb.Moment)(&a.From), &until, &a.Estimated)
	a.Until = until.V.Time
	return a, err
}

// goOn adds what is heard of plays in a later period. Times that meet are one.
func goOn(explained, more []Explained) {
	at := make(map[int64]*Explained, len(explained))
	for i := range explained {
		at[explained[i].Entry] = &explained[i]
	}
	for _, m := range more {
		e := at[m.Entry]
		if e == nil {
			continue
		}
		for _, next := range m.Heard {
			if n := len(e.Heard); n > 0 && e.Heard[n-1].Until.Equal(next.From) {
				e.Heard[n-1].Until, e.Heard[n-1].Estimated = next.Until, next.Estimated
				continue
			}
			e.Heard = append(e.Heard, next)
		}
	}
}
