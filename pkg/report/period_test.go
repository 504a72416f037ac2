package report

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

func TestNewPeriod(t *testing.T) {
	t.Parallel()
	for name, hours := range map[string]float64{
		"2020-10": 745, "2020_03": 743, "2020-06": 720, " 2020_02 ": 696, "2020-Q1": 91*24 - 1, "2020": 366 * 24, "2020-W43": 169, "2020_W53": 168,
	} {
		p := month(t, name)
		if got := p.To.Sub(p.From).Hours(); got != hours {
			t.Errorf("%s has %v h, want %v", name, got, hours)
		}
		if want := strings.ReplaceAll(strings.TrimSpace(name), "_", "-"); p.Name != want {
			t.Errorf("%q is named %q, want %q", name, p.Name, want)
		}
	}
	if _, err := NewPeriod(month(t, "2020-10").Zone, "2020-13"); err == nil {
		t.Error("2020-13 is taken for a month")
	}
}

func TestNewDays(t *testing.T) {
	t.Parallel()
	zone := month(t, "2020-10").Zone

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		for days, want := range map[[2]string]struct {
			name  string
			hours float64
		}{
			{"2020-10-25", "2020-10-25"}:   {"2020-10-25", 25},
			{" 2020-10-24", "2020-10-26 "}: {"2020-10-24_2020-10-26", 73},
			{"2020-03-29", "2020-03-30"}:   {"2020-03-29_2020-03-30", 47},
			{"2010-07-01", "2020-06-30"}:   {"2010-07-01_2020-06-30", 3653 * 24},
		} {
			p, err := NewDays(zone, days[0], days[1])
			if err != nil || p.Name != want.name || p.To.Sub(p.From).Hours() != want.hours || p.month() != "" {
				t.Errorf("%v: %+v (%v h), %v, want %+v", days, p, p.To.Sub(p.From).Hours(), err, want)
			}
		}
	})

	t.Run("ErrInvalid", func(t *testing.T) {
		t.Parallel()
		for days, want := range map[[2]string]string{
			{"", ""}:                       "from: must be a date, to: must be a date",
			{"2020-06", "2020-02-30"}:      "from: must be a date, to: must be a possible date",
			{"2020-06-27", "june"}:         "to: must be a date",
			{"2020-06-27", "2020-06-26"}:   "to: must not be before from, which is 2020-06-27",
			{"2010-07-01", "2020-07-01"}:   "to: must be within 10 years: at most 2020-06-30",
			{"2020-06-27 12:00", "2021-1"}: "from: must be a date, to: must be a date",
		} {
			_, err := NewDays(zone, days[0], days[1])
			invalid, ok := errors.AsType[*model.InvalidError](err)
			if !ok {
				t.Errorf("%v: %v, want an invalid error", days, err)
				continue
			}
			for i, part := range strings.Split(want, ", to") {
				if i > 0 {
					part = "to" + part
				}
				field, rule, _ := strings.Cut(part, ": ")
				if f := invalid.Fields[i]; f.Field != field || !strings.HasPrefix(f.Rule, rule) {
					t.Errorf("%v: %+v, want %s", days, f, part)
				}
			}
		}
	})
}

func TestPeriod_Around(t *testing.T) {
	t.Parallel()
	m := month(t, "2020-10")
	entry := func(at time.Time) model.Entry { return model.Entry{LogSource: 1, TrackStart: at} }
	before, after := m.From.Add(-time.Hour), m.To.Add(time.Hour)
	for name, c := range map[string]struct {
		log      playlog
		from, to time.Time
	}{
		"Empty":   {nil, m.From, m.To},
		"Within":  {playlog{entry(m.From), entry(m.To.Add(-time.Microsecond))}, m.From, m.To},
		"Both":    {playlog{entry(before.Add(-1)), entry(before), entry(m.From), entry(after), entry(after.Add(1))}, before, after.Add(time.Microsecond)},
		"AtTheTo": {playlog{entry(m.To)}, m.From, m.To.Add(time.Microsecond)},
	} {
		got, err := m.Around(t.Context(), c.log)
		if err != nil || !got.From.Equal(c.from) || !got.To.Equal(c.to) {
			t.Errorf("%s: %v to %v, %v, want %v to %v", name, got.From, got.To, err, c.from, c.to)
		}
	}
	// No database can be asked for every year.
	if got, err := (Period{From: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).Around(t.Context(), playlog{}); err != nil || got.From.Year() < 1970 || got.To.Year() > 9999 {
		t.Errorf("got %+v, %v", got, err)
	}
	broken := errors.New("cable pulled")
	if _, err := m.Around(t.Context(), brokenEdges{broken, model.ErrNotFound}); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	if _, err := m.Around(t.Context(), brokenEdges{model.ErrNotFound, broken}); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

// brokenEdges fails with its errors.
type brokenEdges struct{ latest, next error }

func (b brokenEdges) LatestEntry(context.Context, time.Time) (model.Entry, error) {
	return model.Entry{}, b.latest
}

func (b brokenEdges) NextEntry(context.Context, time.Time) (model.Entry, error) {
	return model.Entry{}, b.next
}

func TestSounding(t *testing.T) {
	t.Parallel()
	day := month(t, "2020-10").From
	const minute = time.Minute
	file := func(start, length time.Duration) model.Entry {
		return model.Entry{LogSource: 1, TrackStart: day.Add(start), Title: start.String(), Duration: length}
	}
	line := file(-3*time.Hour, 0)
	line.TrackType = model.TrackTypeLine
	for name, c := range map[string]struct {
		log  playlog
		want string
	}{
		"Nothing":    {nil, ""},
		"Sounds":     {playlog{file(-9*minute, 5*minute), file(-4*minute, 5*minute), file(minute, minute)}, "-4m0s"},
		"Last":       {playlog{file(-4*minute, 5*minute)}, "-4m0s"},
		"IsOver":     {playlog{file(-4*minute, 3*minute), file(minute, minute)}, ""},
		"EndsAtIt":   {playlog{file(-4*minute, 4*minute)}, ""},
		"CutAtIt":    {playlog{file(-4*minute, 5*minute), file(0, minute)}, ""},
		"BeginsAtIt": {playlog{file(0, minute)}, ""},
		"Line":       {playlog{line}, "-3h0m0s"},
		"SameStart":  {playlog{file(-4*minute, 9*minute), file(-4*minute, 5*minute)}, "-4m0s"},
	} {
		got, err := Sounding(t.Context(), c.log, func(p Period) Plays { return FromOnAir(asSaid(c.log), p, now) }, day)
		if err != nil || (got == nil) != (c.want == "") || got != nil && got.Entry.Title != c.want {
			t.Errorf("%s: %+v, %v, want %q", name, got, err, c.want)
		}
	}
	broken := errors.New("cable pulled")
	if _, err := Sounding(t.Context(), brokenEdges{broken, broken}, nil, day); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}
