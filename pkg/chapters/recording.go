package chapters

import (
	"context"
	"time"

	"aura.radio/engine/pkg/report"
)

// step is how often the chapters of what is still being recorded change.
const step = 10 * time.Second

// Recording is a time that was recorded: half open.
type Recording struct{ From, To time.Time }

// SoFar is what was recorded by now, to the last full step. until is when there is
// more of it; zero means never.
func (r Recording) SoFar(now time.Time) (_ Recording, until time.Time) {
	if end := now.Truncate(step); end.Before(r.To) {
		r.To, until = end, end.Add(step)
	}
	return r, until
}

// Plays are what was heard during a recording, and what was next to it. plays returns
// the plays of a period of the log.
func (r Recording) Plays(ctx context.Context, log report.Edges, plays func(report.Period) report.Plays) (list []report.Play, _ error) {
	if !r.From.Before(r.To) {
		return nil, nil // it is still to come
	}
	around, err := report.Period{From: r.From, To: r.To}.Around(ctx, log)
	if err != nil {
		return nil, err
	}
	err = plays(around)(ctx, func(p report.Play) error {
		list = append(list, p)
		return nil
	})
	return list, err
}

// Timeslot is the part of a recording in which a timeslot was heard; false if none
// of the plays is of that timeslot.
func (r Recording) Timeslot(plays []report.Play, id int64) (part Recording, heard bool) {
	for i, p := range plays {
		from, until := r.within(plays, i)
		if p.Entry.TimeslotID != id || !from.Before(until) {
			continue
		}
		if !heard {
			part.From, heard = from, true
		}
		part.To = until
	}
	return part, heard
}

// within is when the play with that index was heard within the recording. If nobody
// can tell its end, it lasts until the next one begins; one that began before the
// recording does not count then.
func (r Recording) within(plays []report.Play, i int) (from, until time.Time) {
	p := plays[i]
	from, until = p.From, p.Until
	if !until.After(from) && !from.Before(r.From) {
		until = r.To
	}
	if i+1 < len(plays) && plays[i+1].From.Before(until) {
		until = plays[i+1].From
	}
	if from.Before(r.From) {
		from = r.From
	}
	if until.After(r.To) {
		until = r.To
	}
	return from, until
}
