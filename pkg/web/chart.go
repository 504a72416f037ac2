package web

import (
	"fmt"
	"time"

	"aura.radio/engine/pkg/report"
)

// chart is a picture of the days of a period or, of many, of its months. It has room for
// the days to come.
type chart struct {
	Bars      []chartBar
	IsMonths  bool
	MostPlays int64
	MostTime  time.Duration
	// First and Last are days of the first and the last bar there is room for, and Width
	// is for how many.
	First, Last time.Time
	Width       int
}

// chartBar is a day or a month; its heights are in percent of the highest.
type chartBar struct {
	report.Sum
	X                 int
	PlaysHigh, Height float64
}

// mostBars is how many days can be told apart.
const mostBars = 100

// newChart makes the picture of the days of a period that have begun.
func newChart(days []report.Sum, p report.Period) chart {
	zone := p.Zone
	c := chart{First: zone.In(p.From), Last: zone.In(p.To.Add(-time.Second))}
	c.Width = int(dateOf(c.Last).Sub(dateOf(c.First))/(24*time.Hour)) + 1
	if c.IsMonths = c.Width > mostBars; c.IsMonths {
		c.Width = 12*(c.Last.Year()-c.First.Year()) + int(c.Last.Month()-c.First.Month()) + 1
	}
	for _, day := range days {
		n := len(c.Bars)
		if !c.IsMonths || n == 0 || zone.In(c.Bars[n-1].Day).Month() != zone.In(day.Day).Month() {
			c.Bars = append(c.Bars, chartBar{Sum: day, X: n})
			continue
		}
		c.Bars[n-1].Plays += day.Plays
		c.Bars[n-1].Length += day.Length
	}
	for _, b := range c.Bars {
		c.MostPlays, c.MostTime = max(c.MostPlays, b.Plays), max(c.MostTime, b.Length)
	}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.PlaysHigh = percent(float64(b.Plays), float64(c.MostPlays))
		b.Height = percent(b.Length.Seconds(), c.MostTime.Seconds())
	}
	return c
}

func percent(part, whole float64) float64 { return 100 * part / max(whole, 1) }

// dateOf is a day of the station as one of a zone whose days have 24 hours.
func dateOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Top is where a bar of a height begins, from above.
func (chartBar) Top(high float64) float64 { return 100 - high }

// Bar names a bar of a chart by one of its days.
func (p *page) Bar(c chart, day time.Time) string {
	day = p.Local(day)
	if c.IsMonths {
		return p.T("reports.name.month", "Month", p.T(fmt.Sprint("month.", int(day.Month()))), "Year", day.Year())
	}
	return p.Day(day)
}
