package web

import (
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
)

// neighbours is how many tracks are shown before and after the one that was asked
// for: the clock on a kitchen's wall may be wrong.
const neighbours = 3

// windows are how long after a moment its next tracks are looked for, in turn.
var windows = []time.Duration{5 * time.Minute, 45 * time.Minute, 6 * time.Hour}

// moment is what was played at a time.
type moment struct {
	// Asked is what the address asks for, as a browser's field shows it; "" if it asks
	// for nothing.
	Asked string
	From  time.Time
	// Found is the one that sounded, nil if nothing did.
	Found         *Track
	Before, After []Track
	IsFuture      bool
}

// at answers which song that was.
func (s *Site) at(c *gin.Context, t catalogue) (view, error) {
	v := view{template: "at", title: t.T("at.title"), description: t.T("at.description")}
	asked := c.Query("time")
	if asked == "" {
		s.untilTomorrow(c)
		v.body = moment{}
		return v, nil
	}
	from, err := s.Zone.From(asked)
	if err != nil {
		return view{}, model.Invalid("time", asked, err.Error())
	}
	to, err := s.Zone.To(asked)
	if err != nil {
		return view{}, model.Invalid("time", asked, err.Error())
	}
	m := moment{Asked: s.Zone.In(from).Format("2006-01-02T15:04"), From: from, IsFuture: from.After(s.Now())}
	if m.Before, err = s.upTo(c, to); err != nil {
		return view{}, err
	}
	if m.After, err = s.after(c, to); err != nil {
		return view{}, err
	}
	if n := len(m.Before); n > 0 && m.Before[n-1].soundsIn(from) {
		m.Found, m.Before = &m.Before[n-1], m.Before[:n-1]
		m.Found.IsAsked = true
		if httpserver.SignedIn(c.Request.Context()) && from.Before(s.Now()) {
			m.Found.Recording = s.Links.Recording(from, m.Found.End)
		}
		v.title, v.description = m.Found.Name(), t.T("at.found", "Track", m.Found.Name(), "Date", t.Date(s.Zone.In(from)), "Time", s.Zone.In(from).Format("15:04"))
	}
	m.Before = m.Before[max(0, len(m.Before)-neighbours):]
	v.body = m
	return v, nil
}

// soundsIn reports whether a track that began before still sounds at a time.
func (t Track) soundsIn(at time.Time) bool { return t.End.IsZero() || t.End.After(at) }

// upTo lists the last tracks that began until a time, the first one first.
func (s *Site) upTo(c *gin.Context, to time.Time) ([]Track, error) {
	tracks, _, err := s.tracks(c, api.ListTracksParams{ToDate: new(s.Zone.Stamp(to).String()), Limit: new(neighbours + 1)})
	return oldestFirst(tracks), err
}

// after lists the tracks that began next after a time, the first one first.
func (s *Site) after(c *gin.Context, from time.Time) ([]Track, error) {
	const many = 200
	var found []Track
	for _, window := range windows {
		begin, end := s.Zone.Stamp(from.Add(time.Microsecond)), s.Zone.Stamp(from.Add(window))
		tracks, _, err := s.tracks(c, api.ListTracksParams{FromDate: new(begin.String()), ToDate: new(end.String()), Limit: new(many)})
		if err != nil {
			return nil, err
		}
		if found = oldestFirst(tracks); len(found) >= neighbours {
			return found[:neighbours], nil
		}
	}
	return found, nil
}

func oldestFirst(tracks []api.Track) []Track {
	list := make([]Track, len(tracks))
	for i, t := range tracks {
		list[i] = newTrack(t)
	}
	slices.Reverse(list)
	return list
}
