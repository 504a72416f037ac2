package web

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/gin-gonic/gin"

	"aura.radio/engine/pkg/api"
)

// recentTracks is how many tracks the start page lists.
const recentTracks = 25

// home is what plays now, and what was played before.
type home struct {
	Now    *Track // nil if nothing plays
	Groups []group
	// Older leads to what was played before that; "" if there is nothing.
	Older string
	// IsFirst: the list begins with the latest.
	IsFirst bool
}

// home shows the start page.
func (s *Site) home(c *gin.Context, t catalogue) (view, error) {
	s.untilTomorrow(c)
	now, err := s.current(c, api.GetCurrentTrackParams{})
	if err != nil {
		return view{}, err
	}
	h := home{Now: now, IsFirst: true}
	params := api.ListTracksParams{Limit: new(recentTracks)}
	if after := c.Query("after"); after != "" {
		params.After, h.IsFirst = &after, false
	}
	tracks, older, err := s.tracks(c, params)
	if err != nil {
		return view{}, err
	}
	if h.IsFirst && now != nil && len(tracks) > 0 && tracks[0].Id == now.ID {
		tracks = tracks[1:] // what plays is shown above
	}
	h.Groups, h.Older = groupByShow(tracks), older
	description := t.T("home.silence")
	if now != nil {
		description = t.T("home.playing", "Track", now.Name())
	}
	return view{template: "home", description: description, body: h}, nil
}

// current is the track that plays, nil if nothing does.
func (s *Site) current(c *gin.Context, p api.GetCurrentTrackParams) (*Track, error) {
	answer, err := s.Operations.GetCurrentTrack(c, api.GetCurrentTrackRequestObject{Params: p})
	if err != nil {
		return nil, err
	}
	playing, ok := answer.(api.GetCurrentTrack200JSONResponse)
	if !ok {
		return nil, nil
	}
	track := newTrack(api.Track(playing))
	return &track, nil
}

// tracks lists what was played, the latest first. older is the query that leads on.
func (s *Site) tracks(c *gin.Context, p api.ListTracksParams) (tracks []api.Track, older string, _ error) {
	answer, err := s.Operations.ListTracks(c, api.ListTracksRequestObject{Params: p})
	if err != nil {
		return nil, "", err
	}
	list, ok := answer.(api.ListTracks200JSONResponse)
	if !ok {
		return nil, "", fmt.Errorf("list tracks: %T is not expected", answer)
	}
	return list.Body, olderThan(list.Headers.Link), nil
}

var nextLink = regexp.MustCompile(`<\?([^>]*)>; rel="next"`)

// olderThan is the parameter after= of the next page of a list, as a query.
func olderThan(link *string) string {
	if link == nil {
		return ""
	}
	found := nextLink.FindStringSubmatch(*link)
	if found == nil {
		return ""
	}
	query, err := url.ParseQuery(found[1])
	if err != nil {
		return "" // the server wrote it
	}
	return "after=" + url.QueryEscape(query.Get("after"))
}
