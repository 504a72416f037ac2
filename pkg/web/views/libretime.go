package views

import (
	"html"
	"strconv"
	"time"

	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/status"
)

const (
	// libreTimeVersion is the version of the shape. Widgets refuse any other.
	libreTimeVersion = "1.1"
	// libreTimeLayout is how LibreTime writes times: without an offset.
	libreTimeLayout = time.DateTime
	// askAgain is when something is said to end of which no end is known. LibreTime's
	// player asks again at the end.
	askAgain = time.Minute
)

// LiveInfo is LibreTime's live-info.
type LiveInfo struct {
	Env            string          `json:"env"`
	SchedulerTime  string          `json:"schedulerTime"`
	Previous       *LibreTimeItem  `json:"previous"`
	Current        *LibreTimeItem  `json:"current"`
	Next           *LibreTimeShow  `json:"next"`
	CurrentShow    []LibreTimeShow `json:"currentShow"`
	NextShow       []LibreTimeShow `json:"nextShow"`
	SourceEnabled  string          `json:"source_enabled"`
	Timezone       string          `json:"timezone"`
	TimezoneOffset string          `json:"timezoneOffset"` // seconds
	Version        string          `json:"AIRTIME_API_VERSION"`
}

// LiveInfoV2 is LibreTime's live-info-v2.
type LiveInfoV2 struct {
	Station struct {
		Env           string `json:"env"`
		SchedulerTime string `json:"schedulerTime"`
		SourceEnabled string `json:"source_enabled"`
		Timezone      string `json:"timezone"`
		Version       string `json:"AIRTIME_API_VERSION"`
	} `json:"station"`
	Tracks struct {
		Previous *LibreTimeItem `json:"previous"`
		Current  *LibreTimeItem `json:"current"`
		Next     *LibreTimeItem `json:"next"` // always null: what comes next is not told to everybody
	} `json:"tracks"`
	Shows struct {
		Previous []LibreTimeShow `json:"previous"` // always empty: the studio clock forgets
		Current  *LibreTimeShow  `json:"current"`
		Next     []LibreTimeShow `json:"next"`
	} `json:"shows"`
	Sources struct {
		LiveDJ        string `json:"livedj"`
		MasterDJ      string `json:"masterdj"`
		ScheduledPlay string `json:"scheduledplay"`
	} `json:"sources"`
}

// LibreTimeItem is a track that is or was playing.
type LibreTimeItem struct {
	Starts          string             `json:"starts"`
	Ends            string             `json:"ends"`
	Type            string             `json:"type"`
	Name            string             `json:"name"`
	MediaItemPlayed bool               `json:"media_item_played"`
	Metadata        *LibreTimeMetadata `json:"metadata"`
	Record          string             `json:"record"`
}

// LibreTimeMetadata are the tags of a track.
type LibreTimeMetadata struct {
	ID         int64  `json:"id"`
	TrackTitle string `json:"track_title"`
	ArtistName string `json:"artist_name"`
	AlbumTitle string `json:"album_title"`
	Genre      string `json:"genre"`
}

// LibreTimeShow is a show. LibreTime has its times under two names.
type LibreTimeShow struct {
	StartTimestamp string `json:"start_timestamp"`
	EndTimestamp   string `json:"end_timestamp"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Genre          string `json:"genre"`
	ID             int64  `json:"id"`
	InstanceID     int64  `json:"instance_id"`
	Record         int    `json:"record"`
	URL            string `json:"url"`
	ImagePath      string `json:"image_path"`
	Starts         string `json:"starts"`
	Ends           string `json:"ends"`
	Type           string `json:"type"`
}

// NewLiveInfo renders a moment as LibreTime does, with at most so many next shows. The
// times of shows are in the zone. Those of tracks are in UTC, because LibreTime
// converts only shows, and its player relies on that.
func NewLiveInfo(m Moment, shows Shows, zone *stationtime.Zone, limit int) LiveInfo {
	v := LiveInfo{
		Env: "production", SchedulerTime: zone.In(m.Now).Format(libreTimeLayout), SourceEnabled: m.source(),
		Previous: m.previous(utc), Current: m.current(shows, utc), CurrentShow: []LibreTimeShow{},
		NextShow: nextShows(shows.Next, zone, limit),
		Timezone: zone.Name(), Version: libreTimeVersion,
	}
	_, offset := zone.In(m.Now).Zone()
	v.TimezoneOffset = strconv.Itoa(offset)
	if shows.Current != nil {
		v.CurrentShow = append(v.CurrentShow, newShow(*shows.Current, shows.end(m.Now.Add(askAgain)), zone))
	}
	if len(v.NextShow) > 0 {
		v.Next = &v.NextShow[0]
	}
	return v
}

// NewLiveInfoV2 renders a moment as LibreTime 3 does, with at most so many shows. All
// times are in the zone.
func NewLiveInfoV2(m Moment, shows Shows, zone *stationtime.Zone, limit int) LiveInfoV2 {
	var v LiveInfoV2
	v.Station.Env, v.Station.Version = "production", libreTimeVersion
	v.Station.SchedulerTime = zone.In(m.Now).Format(libreTimeLayout)
	v.Station.SourceEnabled, v.Station.Timezone = m.source(), zone.Name()
	v.Tracks.Previous, v.Tracks.Current = m.previous(zone.In), m.current(shows, zone.In)
	v.Shows.Previous = []LibreTimeShow{}
	if shows.Current != nil && limit > 0 {
		v.Shows.Current = new(newShow(*shows.Current, shows.end(m.Now.Add(askAgain)), zone))
		limit-- // it is one of them
	}
	v.Shows.Next = nextShows(shows.Next, zone, limit)
	v.Sources.LiveDJ, v.Sources.MasterDJ, v.Sources.ScheduledPlay = "off", "off", "on"
	if v.Station.SourceEnabled == live {
		v.Sources.LiveDJ = "on"
	}
	return v
}

// live and scheduled are the sources between which LibreTime switches.
const (
	live      = "Live"
	scheduled = "Scheduled"
)

func (m *Moment) source() string {
	if m.Playing != nil && m.Playing.IsLive() {
		return live
	}
	return scheduled
}

func utc(t time.Time) time.Time { return t.UTC() }

func (m *Moment) current(shows Shows, in func(time.Time) time.Time) *LibreTimeItem {
	p := m.Playing
	if p == nil {
		return nil
	}
	ends := p.Planned
	if ends.IsZero() {
		ends = shows.end(m.Now.Add(askAgain))
	}
	return newItem(p, ends, in)
}

func (m *Moment) previous(in func(time.Time) time.Time) *LibreTimeItem {
	if len(m.Before) == 0 {
		return nil
	}
	p := &m.Before[0]
	ends := p.Ended
	switch {
	case !ends.IsZero():
	case m.Playing != nil:
		ends = m.Playing.Start
	case !p.Planned.IsZero():
		ends = p.Planned
	default:
		ends = p.Start
	}
	return newItem(p, ends, in)
}

func newItem(p *Play, ends time.Time, in func(time.Time) time.Time) *LibreTimeItem {
	item := &LibreTimeItem{
		Starts: in(p.Start).Format(libreTimeLayout), Ends: in(ends).Format(libreTimeLayout),
		Type: "track", Name: html.EscapeString(p.Text()), MediaItemPlayed: true, Record: "0",
		Metadata: &LibreTimeMetadata{
			ID: p.ID, TrackTitle: html.EscapeString(p.Title), ArtistName: html.EscapeString(p.Artist), AlbumTitle: html.EscapeString(p.Album),
		},
	}
	if p.IsLive() {
		item.Type, item.MediaItemPlayed, item.Metadata = "livestream", false, nil
	}
	return item
}

// end is when the current show ends, or otherwise if that is not known.
func (s *Shows) end(otherwise time.Time) time.Time {
	switch {
	case s.Current != nil && !s.Current.End.IsZero():
		return s.Current.End
	case len(s.Next) > 0:
		return s.Next[0].Start
	}
	return otherwise
}

func nextShows(shows []status.Show, zone *stationtime.Zone, limit int) []LibreTimeShow {
	next := []LibreTimeShow{}
	for i := range shows[:max(0, min(limit, len(shows)))] {
		own := Shows{Current: &shows[i], Next: shows[i+1:]}
		next = append(next, newShow(shows[i], own.end(shows[i].Start), zone))
	}
	return next
}

func newShow(s status.Show, end time.Time, zone *stationtime.Zone) LibreTimeShow {
	starts, ends := zone.In(s.Start).Format(libreTimeLayout), zone.In(end).Format(libreTimeLayout)
	return LibreTimeShow{
		StartTimestamp: starts, EndTimestamp: ends, Starts: starts, Ends: ends,
		Name: html.EscapeString(s.Name), ID: s.ShowID, InstanceID: s.TimeslotID, Type: "show",
	}
}
