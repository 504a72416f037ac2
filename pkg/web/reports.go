package web

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
)

// reports is the overview of a report, and the way to its files and to others.
type reports struct {
	*report.Overview
	// Name is the period's in an address, "" of any days; First and Last are its days.
	Name, First, Last string
	// Kinds are the periods of other lengths at the same time.
	Kinds []reportKind
	// Before and After are the periods around it; "" if there is none yet.
	Before, After string
	// Files is the path of the report in the API, with what chooses it.
	Files, Holes reportFile
	Chart        chart
}

// reportKind is a period by its length.
type reportKind struct {
	Kind, Name string
	IsShown    bool
}

// reportFile is the address of a file, to which the format is added.
type reportFile struct{ path, query string }

// As is the address of a format, such as csv&part=titles. Who opens a table in a
// spreadsheet must not run what somebody wrote into a tag.
func (f reportFile) As(format string) string {
	return f.path + "?" + f.query + "format=" + format + "&formulas=guard"
}

const reportPath = "/api/v1/report"

// reports shows the overview of a month, quarter, week, year, or of any days.
func (s *Site) reports(c *gin.Context, t catalogue) (view, error) {
	period, isDays, err := s.reportPeriod(c)
	if err != nil {
		return view{}, err
	}
	overview, err := s.Studio.Report(c, period)
	if err != nil {
		return view{}, err
	}
	last := s.Zone.In(period.To.Add(-time.Second))
	r := reports{
		Overview: overview, First: s.Zone.In(period.From).Format(time.DateOnly), Last: last.Format(time.DateOnly),
		Chart: newChart(overview.Days, period),
	}
	r.Files, r.Holes = reportFile{path: reportPath + "/" + period.Name}, reportFile{path: reportPath + "/" + period.Name + "/holes"}
	if isDays {
		query := "from=" + r.First + "&to=" + r.Last + "&"
		r.Files, r.Holes = reportFile{reportPath, query}, reportFile{reportPath + "/holes", query}
	} else {
		r.Name = period.Name
	}
	s.around(&r, last)
	return view{template: "reports", title: t.T("reports.title", "Period", t.period(r.Name, period)), body: r}, nil
}

// reportPeriod is the period that the address names, otherwise this month.
func (s *Site) reportPeriod(c *gin.Context) (_ report.Period, isDays bool, _ error) {
	if from, to := c.Query("from"), c.Query("to"); from != "" || to != "" {
		period, err := report.NewDays(s.Zone, from, to)
		return period, true, err
	}
	name := c.Query("period")
	if name == "" {
		name = s.Zone.In(s.Now()).Format("2006-01")
	}
	period, err := report.NewPeriod(s.Zone, name)
	if err != nil {
		return period, false, model.Invalid("period", name, err.Error())
	}
	return period, false, nil
}

// reportKinds are the lengths of periods, and how the one of a time is named.
var reportKinds = []struct {
	kind   string
	isName *regexp.Regexp
	name   func(t time.Time) string
}{
	{"week", regexp.MustCompile(`W`), func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	}},
	{"month", regexp.MustCompile(`^\d{4}-\d\d$`), func(t time.Time) string { return t.Format("2006-01") }},
	{"quarter", regexp.MustCompile(`Q`), func(t time.Time) string { return fmt.Sprintf("%04d-Q%d", t.Year(), (t.Month()+2)/3) }},
	{"year", regexp.MustCompile(`^\d{4}$`), func(t time.Time) string { return t.Format("2006") }},
}

// around names the periods around a report whose last day is given.
func (s *Site) around(r *reports, last time.Time) {
	now := s.Zone.In(s.Now())
	at := last
	if at.After(now) {
		at = now
	}
	for _, k := range reportKinds {
		isShown := r.Name != "" && k.isName.MatchString(r.Name)
		r.Kinds = append(r.Kinds, reportKind{Kind: k.kind, Name: k.name(at), IsShown: isShown})
		if !isShown {
			continue
		}
		r.Before = k.name(s.Zone.In(r.Period.From.Add(-time.Hour)))
		if !r.Period.To.After(now) {
			r.After = k.name(s.Zone.In(r.Period.To))
		}
	}
}

// period is a period in words.
func (c catalogue) period(name string, p report.Period) string {
	from, last := p.Zone.In(p.From), p.Zone.In(p.To.Add(-time.Second))
	for _, k := range reportKinds {
		if name == "" || !k.isName.MatchString(name) {
			continue
		}
		_, week := from.ISOWeek()
		return c.T("reports.name."+k.kind, "Month", c.T(fmt.Sprint("month.", int(from.Month()))), "Year", name[:4],
			"Quarter", int(from.Month()+2)/3, "Week", week)
	}
	if from.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return c.Date(from)
	}
	return c.T("reports.name.days", "From", c.Date(from), "To", c.Date(last))
}

// sums are a table of sums.
type sums struct {
	Sums []report.Sum
	// Kind is that of the rows: shows, types or recordings.
	Kind  string
	Count int64
}

// Parts are the tables of the report that are files of their own.
func (reports) Parts() []report.Part {
	return []report.Part{report.PartTitles, report.PartShows, report.PartTypes, report.PartSummary}
}

// MoreHoles is how many holes are not listed.
func (r reports) MoreHoles() int64 { return r.HoleCount - int64(len(r.Overview.Holes)) }

// CanCorrect: the person may correct what was logged.
func (p *page) CanCorrect() bool {
	return httpserver.Caller(p.request.Context()).Role == httpserver.RoleAdmin
}

// Tables are the sums of the report, except those of days.
func (r reports) Tables() []sums {
	return []sums{
		{r.Shows, "shows", r.ShowCount}, {r.Types, "types", int64(len(r.Types))}, {r.Recordings, "recordings", r.RecordingCount},
	}
}

// mostRows is how many rows of a table are shown.
const mostRows = 25

// Shown are the first rows.
func (t sums) Shown() []report.Sum { return t.Sums[:min(len(t.Sums), mostRows)] }

// More is how many rows are not shown.
func (t sums) More() int64 { return t.Count - int64(len(t.Shown())) }

// Share is a sum's part of the greatest of the table, in percent: of the plays in a
// table of recordings, otherwise of the time.
func (t sums) Share(s report.Sum) float64 {
	first := func(of func(report.Sum) float64) (most float64) {
		for _, one := range t.Sums {
			most = max(most, of(one))
		}
		return percent(of(s), most)
	}
	if t.Kind == "recordings" {
		return first(func(s report.Sum) float64 { return float64(s.Plays) })
	}
	return first(func(s report.Sum) float64 { return s.Length.Seconds() })
}

// Hours is a long time, such as 743:12 h.
func (p *page) Hours(d time.Duration) string {
	minutes := int64(d.Round(time.Minute) / time.Minute)
	return fmt.Sprintf("%d:%02d h", minutes/60, minutes%60)
}

// SumName is what the row of a table is about.
func (p *page) SumName(kind string, s report.Sum) string {
	switch {
	case kind == "types" && s.Type >= 0 && s.Type <= 3:
		return p.T(fmt.Sprint("track.type.", s.Type))
	case kind == "types":
		return fmt.Sprint(s.Type)
	}
	if name := (Track{Artist: s.Artist, Title: s.Name}).Name(); name != "" {
		return name
	}
	return p.T("reports.nameless")
}

// PlayName is a play next to a hole.
func (p *page) PlayName(play *report.Play) string {
	e := play.Entry
	name := (Track{Artist: e.Artist, Title: e.Title}).Name()
	if name == "" {
		return e.ShowName
	}
	return name
}

// Fill is the address of the form that logs what a source played in a hole.
func (p *page) Fill(from, until time.Time, source int, show string) string {
	begin := from.Add(time.Second - time.Microsecond).Truncate(time.Second)
	return "/correct/missed?" + encoded(
		"track_start", p.site.field(begin), "track_duration", Length(until.Sub(begin).Truncate(time.Second)),
		"log_source", strconv.Itoa(source), "show_name", show)
}

// ShowAround is the show of a hole, if the plays on both sides agree; otherwise "".
func (p *page) ShowAround(h report.Hole) string {
	if h.After != nil && h.After.Entry.ShowName == h.Before.Entry.ShowName {
		return h.Before.Entry.ShowName
	}
	return ""
}
