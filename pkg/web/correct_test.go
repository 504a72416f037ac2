package web

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
)

// vienna is a site of a station in Vienna, at a time.
func vienna(t *testing.T, now string) *Site {
	t.Helper()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	catalogues, err := readCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	return &Site{Options: Options{Zone: zone, Now: func() time.Time { return instant(t, now) }}, catalogues: catalogues}
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestSite_field: a time is as short as browsers write it, and says which of two
// occurrences is meant. What it says is read as the same time.
func TestSite_field(t *testing.T) {
	t.Parallel()
	s := vienna(t, "2026-11-27T12:00:00Z")
	for at, want := range map[string]string{
		"2026-11-27T09:00:00Z":       "2026-11-27T10:00",
		"2026-11-27T09:00:05Z":       "2026-11-27T10:00:05",
		"2026-11-27T09:00:05.25Z":    "2026-11-27T10:00:05.25",
		"2026-10-25T00:30:00Z":       "2026-10-25T02:30+02:00",
		"2026-10-25T01:30:07Z":       "2026-10-25T02:30:07+01:00",
		"2026-10-25T01:30:00.00001Z": "2026-10-25T02:30:00.00001+01:00",
	} {
		got := s.field(instant(t, at))
		if got != want {
			t.Errorf("%s is %s, want %s", at, got, want)
		}
		if read, err := s.Zone.Parse(got, s.Now()); err != nil || !read.Time.Equal(instant(t, at)) {
			t.Errorf("%s is read as %v, %v", got, read.Time, err)
		}
		isPlain := len(want) <= 19
		if f := (field{Value: got}); f.IsMoment() != isPlain {
			t.Errorf("%s fits a browser's field: %v", got, f.IsMoment())
		}
	}
}

// TestField_IsMoment: what a browser's field for times would drop is text.
func TestField_IsMoment(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": true, "2026-11-27T10:00": true, "2026-11-27T10:00:05": true, "2026-11-27 10:00": false, "noon": false, "2026-11-27T10:00:05.5": false, "2026-11-27T10:00Z": false} {
		if got := (field{Value: value}).IsMoment(); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// TestInSeconds: what is no length stays as it is, so that the refusal quotes it.
func TestInSeconds(t *testing.T) {
	t.Parallel()
	for length, want := range map[string]string{
		"3:45": "225", "1:02:03": "3723", "0:07": "7", "90": "90", "12.5": "12.5", "": "", "long": "long", "3:xx": "3:xx", "1:2:3:4": "1:2:3:4", "-1:00": "-1:00",
	} {
		if got := inSeconds(length); got != want {
			t.Errorf("%q is %q, want %q", length, got, want)
		}
	}
}

// TestSite_around: each period leads to those around it, but not to the future.
func TestSite_around(t *testing.T) {
	t.Parallel()
	s := vienna(t, "2026-11-27T12:00:00Z")
	for name, want := range map[string][3]string{ // before, after, in words
		"2026-11":  {"2026-10", "", "November 2026"},
		"2026-01":  {"2025-12", "2026-02", "January 2026"},
		"2026-Q3":  {"2026-Q2", "2026-Q4", "quarter 3, 2026"},
		"2026-Q1":  {"2025-Q4", "2026-Q2", "quarter 1, 2026"},
		"2026-W01": {"2025-W52", "2026-W02", "week 1, 2026"},
		"2026-W44": {"2026-W43", "2026-W45", "week 44, 2026"}, // the clocks change just before
		"2026":     {"2025", "", "2026"},
	} {
		period, err := report.NewPeriod(s.Zone, name)
		if err != nil {
			t.Fatal(err)
		}
		r := reports{Overview: &report.Overview{Period: period}, Name: name}
		s.around(&r, s.Zone.In(period.To.Add(-time.Second)))
		words := s.catalogues["en"].period(name, period)
		if got := [3]string{r.Before, r.After, words}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if len(r.Kinds) != 4 {
			t.Errorf("%s has the kinds %+v", name, r.Kinds)
		}
	}
}

// TestNewChart: many days are shown as months, and the highest column fills the
// picture.
func TestNewChart(t *testing.T) {
	t.Parallel()
	s := vienna(t, "2026-11-27T12:00:00Z")
	var days []report.Sum
	for day := range 120 {
		days = append(days, report.Sum{Day: instant(t, "2025-12-30T23:00:00Z").AddDate(0, 0, day), Plays: int64(day % 3), Length: time.Hour})
	}
	until := func(last string) report.Period {
		period, err := report.NewDays(s.Zone, "2025-12-31", last)
		if err != nil {
			t.Fatal(err)
		}
		return period
	}
	few := newChart(days[:31], until("2026-01-30"))
	if few.IsMonths || len(few.Bars) != 31 || few.Bars[2].PlaysHigh != 100 || few.Bars[1].PlaysHigh != 50 || few.Bars[0].PlaysHigh != 0 {
		t.Errorf("days: %+v", few)
	}
	many := newChart(days, until("2026-04-29"))
	if !many.IsMonths || len(many.Bars) != 5 || many.Bars[0].Length != time.Hour || many.Bars[1].Length != 31*time.Hour || many.Bars[1].Height != 100 {
		t.Errorf("months: %+v", many.Bars)
	}
	if empty := newChart(nil, until("2026-01-30")); len(empty.Bars) != 0 {
		t.Errorf("nothing: %+v", empty)
	}
}
