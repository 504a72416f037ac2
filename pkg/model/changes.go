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
	MediaID    *int64         `json:"media_id,omitempty"`
}

// IsEmpty reports whether nothing changes.
func (c Changes) IsEmpty() bool { return c == Changes{} }

func (c Changes) apply(e *Entry) {
	for _, f := range correctable {
		f.apply(&c, e)
	}
}

// Entry is an entry that has the new values and no others.
func (c Changes) Entry() (e Entry) {
	c.apply(&e)
	return e
}

// over lays the later changes over c.
func (c Changes) over(later Changes) Changes {
	for _, f := range correctable {
		f.over(&later, &c)
	}
	return c
}

// Of returns e's own values of the fields that c changes. An audit shows them
// as "before".
func (c Changes) Of(e Entry) (own Changes) {
	for _, f := range correctable {
		f.pick(&c, &e, &own)
	}
	return own
}
