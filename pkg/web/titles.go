package web

import (
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// title is a title of the dictionary, as pages list it.
type title struct {
	ID, Artist, Title string
	Plays             int64
	First, Last       time.Time
	// Share is its part of the plays of the first in the list, in percent.
	Share int64
	IsNew bool
}

// Track is the title as a track, for what both have in common.
func (t title) Track() Track { return Track{Artist: t.Artist, Title: t.Title} }

// titlePage is a title with its plays.
type titlePage struct {
	title
	Days  []titleDay
	Older string
	// IsFirst: the list begins with the latest play.
	IsFirst bool
}

// titleDay are the plays of a title on one day.
type titleDay struct {
	Date   time.Time
	Tracks []Track
}

// title shows every play of a title.
func (s *Site) title(c *gin.Context, t catalogue) (view, error) {
	params := api.GetTitleParams{Limit: new(100)}
	if after := c.Query("after"); after != "" {
		params.After = &after
	}
	answer, err := s.Operations.GetTitle(c, api.GetTitleRequestObject{Id: c.Param("id"), Params: params})
	if err != nil {
		return view{}, err
	}
	found, ok := answer.(api.GetTitle200JSONResponse)
	if !ok {
		return view{}, fmt.Errorf("read a title: %T is not expected", answer)
	}
	b := found.Body
	p := titlePage{
		title: title{
			ID: b.TitleId, Artist: b.TrackArtist, Title: b.TrackTitle, Plays: b.Plays, First: b.FirstPlayed.Time, Last: b.LastPlayed.Time,
		},
		Older: olderThan(found.Headers.Link), IsFirst: params.After == nil,
	}
	for _, played := range b.Tracks {
		track := newTrack(played)
		day := s.Zone.In(track.Start)
		if n := len(p.Days); n == 0 || p.Days[n-1].Date.Format(time.DateOnly) != day.Format(time.DateOnly) {
			p.Days = append(p.Days, titleDay{Date: day})
		}
		last := &p.Days[len(p.Days)-1]
		last.Tracks = append(last.Tracks, track)
	}
	name := p.Track().Name()
	return view{template: "title", title: name, description: t.T("title.description", "Track", name, "Station", s.Station), body: p}, nil
}

// found is what a search found.
type found struct {
	Words  string
	Titles []title
}

// search finds titles by their words.
func (s *Site) search(c *gin.Context, t catalogue) (view, error) {
	f := found{Words: c.Query("q")}
	v := view{template: "search", title: t.T("search.title")}
	if f.Words != "" {
		const most = 50
		answer, err := s.Operations.ListTitles(c, api.ListTitlesRequestObject{Params: api.ListTitlesParams{Q: &f.Words, Limit: new(most)}})
		if err != nil {
			return view{}, err
		}
		list, ok := answer.(api.ListTitles200JSONResponse)
		if !ok {
			return view{}, fmt.Errorf("search titles: %T is not expected", answer)
		}
		for _, found := range list {
			f.Titles = append(f.Titles, title{
				ID: found.TitleId, Artist: found.TrackArtist, Title: found.TrackTitle, Plays: found.Plays,
				First: found.FirstPlayed.Time, Last: found.LastPlayed.Time,
			})
		}
	}
	v.body = f
	return v, nil
}

// periods are those of the charts, in days; 0 is ever.
var periods = []struct {
	Name string
	days int
}{{"week", 7}, {"month", 30}, {"year", 365}, {"ever", 0}}

// top is the charts of a period.
type top struct {
	// Period is its name; From and To are days that were chosen instead.
	Period   string
	From, To string
	Periods  []string
	Titles   []title
	New      []title // those that were played for the first time in the period
}

// top shows the titles that were played most.
func (s *Site) top(c *gin.Context, t catalogue) (view, error) {
	p := top{From: c.Query("from"), To: c.Query("to"), Period: c.DefaultQuery("period", "month")}
	for _, period := range periods {
		p.Periods = append(p.Periods, period.Name)
	}
	params, err := s.topPeriod(&p)
	if err != nil {
		return view{}, err
	}
	if p.Titles, err = s.charts(c, params); err != nil {
		return view{}, err
	}
	if params.FromDate != nil {
		params.New, params.Limit = new(true), new(10)
		if p.New, err = s.charts(c, params); err != nil {
			return view{}, err
		}
	}
	s.untilTomorrow(c)
	return view{template: "top", title: t.T("top.title"), description: t.T("top.description", "Station", s.Station), body: p}, nil
}

// topPeriod reads which period the charts are of.
func (s *Site) topPeriod(p *top) (params api.ListTopTitlesParams, _ error) {
	params.Limit = new(50)
	if p.From != "" || p.To != "" {
		p.Period = ""
		for name, day := range map[string]string{"from": p.From, "to": p.To} {
			if _, _, err := s.Zone.Day(day); err != nil {
				return params, model.Invalid(name, day, err.Error())
			}
		}
		params.FromDate, params.ToDate = &p.From, &p.To
		return params, nil
	}
	for _, period := range periods {
		if period.Name != p.Period {
			continue
		}
		if period.days > 0 {
			params.FromDate = new(s.Zone.In(s.Now()).AddDate(0, 0, 1-period.days).Format(time.DateOnly))
		}
		return params, nil
	}
	return params, model.Invalid("period", p.Period, "must be week, month, year or ever")
}

// charts lists titles, those that were played most first.
func (s *Site) charts(c *gin.Context, p api.ListTopTitlesParams) (titles []title, _ error) {
	answer, err := s.Operations.ListTopTitles(c, api.ListTopTitlesRequestObject{Params: p})
	if err != nil {
		return nil, err
	}
	list, ok := answer.(api.ListTopTitles200JSONResponse)
	if !ok {
		return nil, fmt.Errorf("list the titles that were played most: %T is not expected", answer)
	}
	for _, found := range list {
		titles = append(titles, title{
			ID: found.TitleId, Artist: found.TrackArtist, Title: found.TrackTitle, Plays: found.PlaysInPeriod,
			First: found.FirstPlayed.Time, Last: found.LastPlayed.Time, IsNew: found.IsNew,
			Share: 100 * found.PlaysInPeriod / max(1, list[0].PlaysInPeriod),
		})
	}
	return titles, nil
}
