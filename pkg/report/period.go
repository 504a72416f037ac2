package report

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// Period is the time that a report is about.
type Period struct {
	// Name is such as 2020-06, 2020-Q2, 2020-W26 or 2020. Of days it is
	// 2020-06-27, or 2020-06-27_2020-07-03.
	Name     string
	Zone     *stationtime.Zone
	From, To time.Time // half open
}

// NewPeriod returns the month, quarter, week or year with that name; see
// stationtime.Zone.Period. The error says what is expected, in words fit for the
// sender.
func NewPeriod(zone *stationtime.Zone, s string) (Period, error) {
	name, from, to, err := zone.Period(s)
	if err != nil {
		return Period{}, err
	}
	return Period{Name: name, Zone: zone, From: from, To: to}, nil
}

// maxYears bounds the days of a report.
const maxYears = 10

// NewDays returns the days of the station from the first to the last, both
// included. The error is an *model.InvalidError that names from and to.
func NewDays(zone *stationtime.Zone, first, last string) (Period, error) {
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	p := Period{Name: first, Zone: zone}
	if first != last {
		p.Name += "_" + last
	}
	var wrong []model.FieldError
	var err error
	if p.From, _, err = zone.Day(first); err != nil {
		wrong = append(wrong, model.NewFieldError("from", first, err.Error()))
	}
	if _, p.To, err = zone.Day(last); err != nil {
		wrong = append(wrong, model.NewFieldError("to", last, err.Error()))
	}
	switch {
	case wrong != nil:
		return Period{}, &model.InvalidError{Fields: wrong}
	case last < first:
		return Period{}, model.Invalid("to", last, "must not be before from, which is "+first)
	}
	if end := zone.In(p.From).AddDate(maxYears, 0, 0); p.To.After(end) {
		return Period{}, model.Invalid("to", last, fmt.Sprintf("must be within %d years: at most %s", maxYears, end.AddDate(0, 0, -1).Format(time.DateOnly)))
	}
	return p, nil
}

// has reports whether a play that starts then belongs to the period.
func (p Period) has(start time.Time) bool { return !start.Before(p.From) && start.Before(p.To) }

// month is the name of a month; "" if the period is no month.
func (p Period) month() string {
	if _, err := time.Parse("2006-01", p.Name); err != nil {
		return ""
	}
	return p.Name
}

// days are the first and the last day of the period.
func (p Period) days() (first, last string) {
	return p.Zone.In(p.From).Format(time.DateOnly), p.Zone.In(p.To.Add(-1)).Format(time.DateOnly)
}

// Edges is a log that knows what was played next to a moment. Both methods return
// model.ErrNotFound if there is no such entry.
type Edges interface {
	// LatestEntry is the entry played last, but not after at.
	LatestEntry(ctx context.Context, at time.Time) (model.Entry, error)
	// NextEntry is the first entry played after that instant.
	NextEntry(ctx context.Context, after time.Time) (model.Entry, error)
}

// Around is the period with the last entry before it and the first one after it,
// if there are any. Their plays tell what sounded at the ends of the period.
func (p Period) Around(ctx context.Context, log Edges) (Period, error) {
	p.From, p.To = model.Within(p.From), model.Within(p.To)
	switch before, err := log.LatestEntry(ctx, p.From.Add(-time.Microsecond)); {
	case err == nil:
		p.From = before.PlayedAt()
	case !errors.Is(err, model.ErrNotFound):
		return p, fmt.Errorf("read the entry before the period: %w", err)
	}
	switch after, err := log.NextEntry(ctx, p.To.Add(-time.Microsecond)); {
	case err == nil:
		p.To = after.PlayedAt().Add(time.Microsecond)
	case !errors.Is(err, model.ErrNotFound):
		return p, fmt.Errorf("read the entry after the period: %w", err)
	}
	return p, nil
}

// Sounding is the play that began before a moment and still sounded then; nil if
// there is none. plays returns the plays of a period of the log.
func Sounding(ctx context.Context, log Edges, plays func(Period) Plays, at time.Time) (*Play, error) {
	moment, err := Period{From: at, To: at.Add(time.Microsecond)}.Around(ctx, log)
	if err != nil {
		return nil, err
	}
	var sounding *Play
	err = plays(moment)(ctx, func(p Play) error {
		if p.From.Before(at) && p.Until.After(at) {
			sounding = &p
		}
		return nil
	})
	return sounding, err
}
