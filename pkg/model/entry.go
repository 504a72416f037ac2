package model

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// Track types as the engine numbers them. Unknown numbers are kept.
const (
	TrackTypeFile     = 0
	TrackTypeStream   = 1
	TrackTypeLine     = 2
	TrackTypePlaylist = 3
)

// Entry is one title that one source played: a record of the playlog, raw as
// the engine sent it. The zero value of every optional field means "not known".
// Effective applies the corrections. The table Fields says how each field is
// treated. The JSON form is how nodes exchange entries.
type Entry struct {
	// ID is the number under which this database keeps the entry; it differs
	// from database to database and is 0 before the entry is stored.
	ID int64 `json:"-"`
	// LogSource is the source that played it, from 1.
	LogSource int `json:"log_source"`
	// TrackStart is when it started to be audible on that engine: UTC,
	// microseconds.
	TrackStart time.Time `json:"track_start"`
	Artist     string    `json:"track_artist,omitempty"`
	// Album may have a mark in its place if the play is untitled; see Distinguish.
	Album string `json:"track_album,omitempty"`
	Title string `json:"track_title,omitempty"`
	// TrackNum is the position in the playlist.
	TrackNum int `json:"track_num,omitempty"`
	// TrackType is one of the TrackType constants, or a number from an engine
	// newer than this code.
	TrackType int `json:"track_type,omitempty"`

	// Duration is the planned length, in whole milliseconds. JSON has no type
	// for it, so package record writes it.
	Duration   time.Duration `json:"-"`
	PlaylistID int64         `json:"playlist_id,omitempty"`
	TimeslotID int64         `json:"timeslot_id,omitempty"`
	ShowID     int64         `json:"show_id,omitempty"`
	ShowName   string        `json:"show_name,omitempty"`
	Composer   string        `json:"track_composer,omitempty"`
	Label      string        `json:"track_label,omitempty"`
	ISRC       string        `json:"track_isrc,omitempty"`
	// MediaID is the number of the media file, as engines since 2025 know it.
	MediaID int64 `json:"media_id,omitempty"`

	// ReceivedAt is when the play arrived at the engine-api of its own host: UTC,
	// microseconds. It is zero if no engine sent the entry itself: if it was
	// imported, logged by hand, or comes from an original node.
	ReceivedAt time.Time `json:"received_at,omitzero"`
	// Told says when the engine told the play again.
	Told Tellings `json:"told,omitempty"`
	// Doubts say what was not understood of what the engine sent.
	Doubts Doubts `json:"doubts,omitempty"`

	// Manual: a person logged the entry, and no engine ever sent it. When an
	// engine's copy arrives, the entry becomes the engine's.
	Manual bool `json:"is_manual,omitempty"`
	// Synced: the sync node has the entry in this state.
	Synced bool `json:"-"`
	// Overlay is the net effect of the entry's corrections.
	Overlay Overlay `json:"-"`
	// Air is when the entry was on air if it was read from the on-air log. It
	// is nil in the playlog.
	Air *Airing `json:"-"`
}

// Bounds of an entry's values.
const (
	maxDuration = 366 * 24 * time.Hour
)

var (
	// A time before minTime comes from a clock that was never set. An entry
	// that starts after maxTime may last until a date that neither database can
	// store.
	minTime = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(9998, 12, 30, 0, 0, 0, 0, time.UTC)
)

// Fingerprint is the entry's identity. Call it on a normalized entry: two
// entries that are stored alike have the same fingerprint.
func (e *Entry) Fingerprint() Fingerprint {
	d := newDigest("entry/1")
	d.fields(identity, e)
	return d.sum()
}

// Normalize brings the entry into the form in which it is stored, the same for
// every path into a database: UTC microseconds, whole milliseconds, storable
// text. It returns the wire names of the texts that it had to cut.
func (e *Entry) Normalize() (cut []string) {
	for _, f := range Fields {
		if f.clean(e) {
			cut = append(cut, f.Name())
		}
	}
	return cut
}

// Validate refuses values that have no meaning, and names every such field.
// Values that are merely unknown or odd are never refused, because the engine
// does not send anything twice. The error is an *InvalidError.
func (e *Entry) Validate() error {
	var wrong []FieldError
	refuse := func(field, value, rule string) { wrong = append(wrong, NewFieldError(field, value, rule)) }
	switch {
	case e.TrackStart.IsZero():
		refuse("track_start", "", "is required: when the track started, such as 2020-06-27T19:14:00+02:00")
	case e.TrackStart.Before(minTime) || e.TrackStart.After(maxTime):
		refuse("track_start", e.TrackStart.Format(time.RFC3339), "must be after 1970-01-01 and before 9999; check the engine's clock")
	}
	if e.Duration < 0 || e.Duration > maxDuration {
		refuse("track_duration", strconv.FormatFloat(e.Duration.Seconds(), 'f', -1, 64), "must be seconds from 0 to 31622400 (366 days); leave it out if it is unknown")
	}
	if e.LogSource < 1 || e.LogSource > math.MaxInt32 {
		refuse("log_source", strconv.Itoa(e.LogSource), "must be a source's number, from 1")
	}
	for _, f := range Fields {
		n, ok := f.Of(e).(*int)
		if ok && n != &e.LogSource && (*n < math.MinInt32 || *n > math.MaxInt32) {
			refuse(f.Name(), strconv.Itoa(*n), "must be a number that fits 32 bits")
		}
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// supplement is a hash of the fields that nodes of the first edition don't know;
// zero if none of these is known. id is the fingerprint of the entry, which is
// normalized.
func (e *Entry) supplement(id Fingerprint) Fingerprint {
	if !slices.ContainsFunc(supplement, func(f *Field) bool { return f.isKnown(e) }) {
		return Fingerprint{}
	}
	d := newDigest("supplement/1")
	d.fingerprint(id)
	d.fields(supplement, e)
	return d.sum()
}

// Merge unites two copies of one entry, field by field, each by its rule. ID,
// Synced, Overlay and Air belong to the database that keeps the entry, so the
// result has those of a. The result is no longer Synced if the merge brings
// something new.
func Merge(a, b Entry) Entry {
	b.ID, b.Synced, b.Overlay, b.Air = a.ID, a.Synced, a.Overlay, a.Air
	if a == b { // the usual case
		return a
	}
	m := a
	mergeTold(&m, &a, &b)
	m.Synced = a.Synced && m == a
	return m
}

// PlayedAt is the start by which answers order and find the entry. In the
// on-air log it is when the entry went on air. In the playlog it is the
// engine's start, unless a correction amended it.
func (e *Entry) PlayedAt() time.Time {
	if e.Air != nil {
		return e.Air.From
	}
	if e.Overlay.Changes.TrackStart != nil {
		return *e.Overlay.Changes.TrackStart
	}
	return e.TrackStart
}

// IsNamed reports whether the engine named a work: its artist or its title.
// Engines name none for live shows and for files without tags. A text of which
// nothing can be seen names nothing.
func (e *Entry) IsNamed() bool { return !isBlank(e.Artist) || !isBlank(e.Title) }

// IsFallback reports whether the engine played music of its own because the
// programme was missing.
func (e *Entry) IsFallback() bool {
	return e.ShowName == "Fallback" && e.ShowID == 0 && e.MediaID == 0
}

// Effective is the entry with its corrections applied, as answers show it.
func (e Entry) Effective() Entry {
	effective := e.Unmarked()
	if e.Overlay.Changes.IsEmpty() {
		return effective
	}
	e.Overlay.Changes.apply(&effective)
	return effective
}
