package web

import (
	"encoding/json"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/titles"
)

// Track is a track as pages show it.
type Track struct {
	ID                         int64
	Artist, Title, Album, Show string
	// Start is when it became audible. End is when it ended, or will by its planned
	// length; zero if that is not known.
	Start, End time.Time
	// Length is its planned length, 0 if that is not known.
	Length time.Duration
	Source int
	// Cover is the address of its cover, and Recording that of the station's recording,
	// for everybody; "" if there is none.
	Cover, Recording string
	// BeganBefore: it began before the day that is shown.
	BeganBefore bool
	// IsAsked: it is the one that was asked for.
	IsAsked bool
}

// newTrack reads the answer of an operation.
func newTrack(t api.Track) Track {
	track := Track{
		ID: t.Id, Artist: t.TrackArtist, Title: t.TrackTitle, Album: t.TrackAlbum, Show: t.ShowName,
		Start: t.TrackStart.Time, Source: t.LogSource, BeganBefore: t.BeganBefore, Cover: t.Cover, Recording: t.Recording,
	}
	if t.TrackDuration != nil {
		track.Length = time.Duration(*t.TrackDuration * float64(time.Second))
		track.End = track.Start.Add(track.Length)
	}
	if t.OnAirFrom != nil {
		track.Start = t.OnAirFrom.Time
	}
	var until *stationtime.Stamp
	if json.Unmarshal(t.OnAirUntil, &until) == nil && until != nil {
		track.End = until.Time
	}
	return track
}

// Name is the track in a line: Artist – Title.
func (t Track) Name() string {
	switch {
	case t.Artist == "":
		return t.Title
	case t.Title == "":
		return t.Artist
	}
	return t.Artist + " – " + t.Title
}

// Heading is what is shown of it first, which is its artist if it has no title.
func (t Track) Heading() string {
	if t.Title == "" {
		return t.Artist
	}
	return t.Title
}

// Below is its artist, "" if that is its heading.
func (t Track) Below() string {
	if t.Title == "" {
		return ""
	}
	return t.Artist
}

// TitleID is its number in the dictionary of titles, "" if it has none.
func (t Track) TitleID() string {
	if t.IsShow() {
		return ""
	}
	return titles.ID(t.Artist, t.Title).String()
}

// IsShow reports whether the track is only known by its show.
func (t Track) IsShow() bool { return t.Artist == "" && t.Title == t.Show }

// group is tracks of one show that followed one another.
type group struct {
	Show   string
	Tracks []Track
}

// groupByShow keeps the order of the tracks.
func groupByShow(tracks []api.Track) (groups []group) {
	for _, t := range tracks {
		track := newTrack(t)
		if n := len(groups); n == 0 || groups[n-1].Show != track.Show {
			groups = append(groups, group{Show: track.Show})
		}
		last := &groups[len(groups)-1]
		last.Tracks = append(last.Tracks, track)
	}
	return groups
}
