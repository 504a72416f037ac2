package views

import (
	"aura.radio/engine/pkg/stationtime"
)

// Flat is what plays without nesting, with the names of Home Assistant's media
// players.
type Flat struct {
	State             string             `json:"state"` // playing or idle
	Station           string             `json:"station"`
	ShowName          string             `json:"show_name"`
	MediaContentType  string             `json:"media_content_type"`
	Title             string             `json:"media_title"`
	Artist            string             `json:"media_artist"`
	Album             string             `json:"media_album_name"`
	Cover             string             `json:"media_image_url"`
	Duration          *int64             `json:"media_duration"`
	Position          *int64             `json:"media_position"`
	PositionUpdatedAt *stationtime.Stamp `json:"media_position_updated_at"`
}

// NewFlat renders a moment flat. Numbers and times that are not known are null.
func NewFlat(s Station, m Moment) Flat {
	v := Flat{State: "idle", Station: s.Name, MediaContentType: "music"}
	p := m.Playing
	if p == nil {
		return v
	}
	v.State, v.ShowName, v.Title, v.Artist, v.Album, v.Cover = "playing", p.Show, p.Title, p.Artist, p.Album, p.Cover
	if d := p.Duration(); d > 0 {
		v.Duration = &d
	}
	v.Position, v.PositionUpdatedAt = new(p.Elapsed(m.Now)), new(s.Zone.Stamp(m.Now))
	return v
}

// NewLine is what plays in one line, with its end. The line is blank if nothing plays.
func NewLine(m Moment) string {
	if m.Playing == nil {
		return "\n"
	}
	return m.Playing.Text() + "\n"
}
