package model

import "time"

// Changes are the fields that a correction sets; nil fields stay. A pointer to
// the zero value makes a field unknown. The source and so the identity of an
// entry cannot be amended. The JSON form is how databases keep it.
type Changes struct {
	TrackStart *time.Time     `json:"track_start,omitempty"` // UTC, microseconds
	Artist     *string        `json:"track_artist,omitempty"`
	Album      *string        `json:"track_album,omitempty"`
	Title      *string        `json:"track_title,omitempty"`
	TrackNum   *int           `json:"track_num,omitempty"`
	TrackType  *int           `json:"track_type,omitempty"`
	Duration   *time.Duration `json:"duration,omitempty"`
	PlaylistID *int64         `json:"playlist_id,omitempty"`
	TimeslotID *int64         `json:"timeslot_id,omitempty"`
	ShowID     *int64         `json:"show_id,omitempty"`
	ShowName   *string        `json:"show_name,omitempty"`
	Composer   *string        `json:"track_composer,omitempty"`
	Label      *string        `json:"track_label,omitempty"`
	ISRC       *string        `json:"track_isrc,omitempty"`
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func keep[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

func pick[T any](change *T, current T) *T {
	if change == nil {
		return nil
	}
	return &current
}

// IsEmpty reports whether nothing changes.
func (c Changes) IsEmpty() bool { return c == Changes{} }

func (c Changes) apply(e *Entry) {
	set(&e.TrackStart, c.TrackStart)
	set(&e.Artist, c.Artist)
	set(&e.Album, c.Album)
	set(&e.Title, c.Title)
	set(&e.TrackNum, c.TrackNum)
	set(&e.TrackType, c.TrackType)
	set(&e.Duration, c.Duration)
	set(&e.PlaylistID, c.PlaylistID)
	set(&e.TimeslotID, c.TimeslotID)
	set(&e.ShowID, c.ShowID)
	set(&e.ShowName, c.ShowName)
	set(&e.Composer, c.Composer)
	set(&e.Label, c.Label)
	set(&e.ISRC, c.ISRC)
}

// over lays the later changes over c.
func (c Changes) over(later Changes) Changes {
	keep(&c.TrackStart, later.TrackStart)
	keep(&c.Artist, later.Artist)
	keep(&c.Album, later.Album)
	keep(&c.Title, later.Title)
	keep(&c.TrackNum, later.TrackNum)
	keep(&c.TrackType, later.TrackType)
	keep(&c.Duration, later.Duration)
	keep(&c.PlaylistID, later.PlaylistID)
	keep(&c.TimeslotID, later.TimeslotID)
	keep(&c.ShowID, later.ShowID)
	keep(&c.ShowName, later.ShowName)
	keep(&c.Composer, later.Composer)
	keep(&c.Label, later.Label)
	keep(&c.ISRC, later.ISRC)
	return c
}

// Of returns e's own values of the fields that c changes: what an audit shows
// as "before".
func (c Changes) Of(e Entry) Changes {
	return Changes{
		TrackStart: pick(c.TrackStart, e.TrackStart),
		Artist:     pick(c.Artist, e.Artist),
		Album:      pick(c.Album, e.Album),
		Title:      pick(c.Title, e.Title),
		TrackNum:   pick(c.TrackNum, e.TrackNum),
		TrackType:  pick(c.TrackType, e.TrackType),
		Duration:   pick(c.Duration, e.Duration),
		PlaylistID: pick(c.PlaylistID, e.PlaylistID),
		TimeslotID: pick(c.TimeslotID, e.TimeslotID),
		ShowID:     pick(c.ShowID, e.ShowID),
		ShowName:   pick(c.ShowName, e.ShowName),
		Composer:   pick(c.Composer, e.Composer),
		Label:      pick(c.Label, e.Label),
		ISRC:       pick(c.ISRC, e.ISRC),
	}
}

func (d *digest) changes(c Changes) {
	probe := func(known bool, write func()) {
		if !known {
			d.number(0)
			return
		}
		d.number(1)
		write()
	}
	probe(c.TrackStart != nil, func() { d.time(*c.TrackStart) })
	for _, s := range []*string{c.Artist, c.Album, c.Title, c.ShowName, c.Composer, c.Label, c.ISRC} {
		probe(s != nil, func() { d.text(*s) })
	}
	for _, n := range []*int{c.TrackNum, c.TrackType} {
		probe(n != nil, func() { d.number(int64(*n)) })
	}
	for _, n := range []*int64{c.PlaylistID, c.TimeslotID, c.ShowID} {
		probe(n != nil, func() { d.number(*n) })
	}
	probe(c.Duration != nil, func() { d.number(int64(*c.Duration)) })
}
