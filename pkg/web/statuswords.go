package web

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"aura.radio/engine/pkg/api"
)

// Source is a source by its name and number.
func (p *page) Source(name string, number int) string {
	if name == "" {
		return p.T("status.nameless", "Number", number)
	}
	return p.T("status.named", "Name", name, "Number", number)
}

// When is a time of the last days: 19:14, or with its day if that is another one.
func (p *page) When(t time.Time) string {
	local, now := p.site.Zone.In(t), p.site.Zone.In(p.site.Now())
	clock := p.Clock(t)
	if local.Year() == now.Year() && local.YearDay() == now.YearDay() {
		return clock
	}
	return p.Day(local) + ", " + clock
}

// Seconds is a time to the second: 19:14:05.
func (p *page) Seconds(t time.Time) string { return p.site.Zone.In(t).Format(time.TimeOnly) }

// Ago is how long ago a time is, in words.
func (p *page) Ago(t time.Time) string {
	ago := p.site.Now().Sub(t)
	if ago < time.Second {
		return p.T("status.now")
	}
	return p.T("status.ago", "Length", p.words(ago))
}

// Span is how long it is from a time to another, in words.
func (p *page) Span(from, until time.Time) string { return p.words(until.Sub(from)) }

// words is a length of time in its largest unit.
func (p *page) words(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return p.T("status.seconds", "Count", int(d.Seconds()))
	case d < time.Hour:
		return p.T("status.minutes", "Count", int(d.Minutes()))
	case d < 48*time.Hour:
		return p.T("status.hours", "Count", int(d.Hours()))
	}
	return p.T("status.days", "Count", int(d.Hours()/24))
}

// Offset is how far another clock is ahead of this one.
func (p *page) Offset(seconds *float64) string {
	if math.Abs(*seconds) < 0.005 {
		return "0.00 s"
	}
	return fmt.Sprintf("%+.2f s", *seconds)
}

// IsFar reports whether a clock is wrong by more than a second.
func (p *page) IsFar(seconds *float64) bool { return math.Abs(*seconds) > 1 }

// Refusal is why something was not done, in the language of the page if that is a
// common reason.
func (p *page) Refusal(problem *api.Problem) string {
	switch problem.Status {
	case 403, 409, 412, 503:
		return p.T("status.failed." + strconv.Itoa(problem.Status))
	}
	return *problem.Detail // every problem has one
}

// Legend are the modes as pictures show them: what is bad looks alike.
func (p *page) Legend() []bar {
	return []bar{
		modeBar(ModeGood, p.T("status.state.good")), modeBar(ModeFallback, p.T("status.state.fallback")),
		modeBar(ModeBad, p.T("status.legend.bad")), modeBar(ModeQuiet, p.T("status.state.quiet")),
	}
}

// bar is a part of a picture: its place in thousandths of the width, and its height.
type bar struct {
	Class     string
	At, Wide  float64
	Top, High int
	Title     string
}

// barsShown is about how many parts of a picture can be told apart.
const barsShown = 400

// Bars are the picture of a source: what it was like, and below when it was active.
func (p *page) Bars(e engine) (bars []bar) {
	shown := p.Body.(*status)
	for _, s := range coarse(e.Spans, shown.Now.Sub(shown.From)/barsShown) {
		title := p.T("status.state."+string(s.Mode)) + ", " + p.When(s.From) + " – " + p.When(s.Until)
		bars = append(bars, shown.bar(modeBar(s.Mode, title), s))
	}
	for _, s := range e.Reigns {
		title := p.T("status.wasactive") + ", " + p.When(s.From) + " – " + p.When(s.Until)
		bars = append(bars, shown.bar(bar{Class: "reign", Top: 24, High: 6, Title: title}, s))
	}
	return bars
}

// modeBar is how a mode is shown: by height, too, because not everybody tells the
// colours apart.
func modeBar(m Mode, title string) bar {
	high := map[Mode]int{ModeGood: 12, ModeFallback: 17, ModeQuiet: 4}[m]
	if high == 0 {
		high = 22
	}
	return bar{Class: string(m), Top: 22 - high, High: high, Title: title}
}

// bar puts a bar where a span is. The shortest can still be seen.
func (s *status) bar(b bar, at span) bar {
	from, until := s.thousandths(at.From), s.thousandths(at.Until)
	b.At, b.Wide = from, max(until-from, 1.5)
	return b
}

// thousandths is where a time is in a picture.
func (s *status) thousandths(t time.Time) float64 {
	return 1000 * max(0, min(1, t.Sub(s.From).Seconds()/s.Now.Sub(s.From).Seconds()))
}

// Midnights are where days begin in a picture.
func (p *page) Midnights() (at []float64) {
	shown := p.Body.(*status)
	for day := range shownDays {
		begin, _, err := p.site.Zone.Day(p.site.Zone.In(shown.Now.AddDate(0, 0, -day)).Format(time.DateOnly))
		if err == nil {
			at = append(at, shown.thousandths(begin))
		}
	}
	return at
}
