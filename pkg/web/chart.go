package web

import (
	"fmt"
	"time"

	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/stationtime"
)

// chart is a picture of days or, of many, of months.
type chart struct {
	Bars      []chartBar
	IsMonths  bool
	MostPlays int64
	MostTime  time.Duration
}

// chartBar is a day or a month; its heights are in percent of the highest.
type chartBar struct {
	report.Sum
	X                 int
	PlaysHigh, Height float64
}

// mostBars is how many days can be told apart.
const mostBars = 100

func newChart(days []report.Sum, zone *stationtime.Zone) chart {
	c := chart{IsMonths: len(days) > mostBars}
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

// Last is the place of the last bar.
func (c chart) Last() int { return len(c.Bars) - 1 }

// Top is where a bar of a height begins, from above.
func (chartBar) Top(high float64) float64 { return 100 - high }

// Bar names a day or a month of a chart.
func (p *page) Bar(c chart, b chartBar) string {
	day := p.Local(b.Day)
	if c.IsMonths {
		return p.T("reports.name.month", "Month", p.T(fmt.Sprint("month.", int(day.Month()))), "Year", day.Year())
	}
	return p.Day(day)
}
