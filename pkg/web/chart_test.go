package web

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
)

// TestNewChart_room: early in a period its bars are as wide as they will be at its end.
func TestNewChart_room(t *testing.T) {
	t.Parallel()
	zone, err := stationtime.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		days, bars, width int
		isMonths          bool
		first, last       string
	}{
		"2026-11":  {2, 2, 30, false, "2026-11-01", "2026-11-30"},
		"2026-10":  {31, 31, 31, false, "2026-10-01", "2026-10-31"}, // one day has 25 hours
		"2026-W14": {1, 1, 7, false, "2026-03-30", "2026-04-05"},
		"2026-W13": {7, 7, 7, false, "2026-03-23", "2026-03-29"}, // one day has 23 hours
		"2026-Q1":  {40, 40, 90, false, "2026-01-01", "2026-03-31"},
		"2026":     {40, 2, 12, true, "2026-01-01", "2026-12-31"},
	} {
		period, err := report.NewPeriod(zone, name)
		if err != nil {
			t.Fatal(err)
		}
		var days []report.Sum
		for i := range c.days {
			days = append(days, report.Sum{Day: zone.In(period.From).AddDate(0, 0, i), Plays: 1})
		}
		got := newChart(days, period)
		if len(got.Bars) != c.bars || got.Width != c.width || got.IsMonths != c.isMonths ||
			got.First.Format(time.DateOnly) != c.first || got.Last.Format(time.DateOnly) != c.last {
			t.Errorf("%s: %d bars in %d from %v to %v, of months: %t", name, len(got.Bars), got.Width, got.First, got.Last, got.IsMonths)
		}
	}
}
