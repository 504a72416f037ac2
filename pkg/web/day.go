package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// day is what was played on one day of the station, the first play first.
type day struct {
	Date   string
	From   time.Time
	Groups []group
	Count  int
	// Before and After are the days around it; After is "" from today on.
	Before, After string
	IsToday       bool
}

// chooseDay leads from the day picker to the page of a day, otherwise to today's.
func (s *Site) chooseDay(c *gin.Context) {
	date := c.Query("date")
	if date == "" {
		date = s.today()
	}
	if _, _, err := s.Zone.Day(date); err != nil {
		httpserver.Fail(c, model.Invalid("date", date, err.Error()))
		return
	}
	t, err := s.catalogue(c)
	if err != nil {
		httpserver.Fail(c, err)
		return
	}
	p := page{catalogue: t, site: s, request: c.Request}
	c.Header("Location", string(p.Link("/day/"+date))) // relative, which http.Redirect would not leave
	c.Status(http.StatusSeeOther)
}

// day shows what was played on a day.
func (s *Site) day(c *gin.Context, t catalogue) (view, error) {
	date := c.Param("date")
	from, to, err := s.Zone.Day(date)
	if err != nil {
		return view{}, model.Invalid("date", date, err.Error())
	}
	tracks, err := s.tracksOfDay(c, date)
	if err != nil {
		return view{}, err
	}
	s.untilTomorrow(c)
	d := day{Date: date, From: from, Groups: groupByShow(tracks), Count: len(tracks), IsToday: date == s.today()}
	d.Before = s.Zone.In(from.Add(-time.Hour)).Format(time.DateOnly)
	if to.Before(s.Now()) {
		d.After = s.Zone.In(to).Format(time.DateOnly)
	}
	title := t.Date(s.Zone.In(from))
	return view{template: "day", title: title, description: t.T("day.description", "Date", title), body: d}, nil
}

// tracksOfDay lists what was played on a day, the first one first.
func (s *Site) tracksOfDay(c *gin.Context, date string) ([]api.Track, error) {
	answer, err := s.Operations.ListTracksOfDay(c, api.ListTracksOfDayRequestObject{Date: date})
	if err != nil {
		return nil, err
	}
	list, ok := answer.(api.ListTracksOfDay200JSONResponse)
	if !ok {
		return nil, fmt.Errorf("list the tracks of a day: %T is not expected", answer)
	}
	return list.Body, nil
}
