package model

import (
	"math"
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
// the engine sent it. For every optional field the zero value means "not
// known". Effective applies the corrections.
type Entry struct {
	// ID is the number under which this database keeps the entry; it differs
	// from database to database and is 0 before the entry is stored.
	ID int64
	// LogSource is who played it, from 1.
	LogSource int
	// TrackStart is when it started to be audible on that engine: UTC,
	// microseconds.
	TrackStart time.Time
	Artist     string
	Album      string
	Title      string
	// TrackNum is the position in the playlist.
	TrackNum int
	// TrackType is one of the TrackType constants, or a number from an engine
	// newer than this code.
	TrackType int

	// Duration is the planned length, in whole milliseconds.
	Duration   time.Duration
	PlaylistID int64
	TimeslotID int64
	ShowID     int64
	ShowName   string
	Composer   string
	Label      string
	ISRC       string

	// Manual: a person logged it, and no engine ever sent it.
	Manual bool
	// Synced: the sync node has it, as it is here.
	Synced bool
	// Overlay is the net effect of the entry's corrections.
	Overlay Overlay
	// Air is when the entry was on air, where it was read from the on-air log;
	// nil in the playlog.
	Air *Airing
}

// Bounds of what an entry may say.
const (
	maxDuration = 366 * 24 * time.Hour
)

var (
	// Before is a clock that was never set; what starts after may last until a
	// date that neither database keeps.
	minTime = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(9998, 12, 30, 0, 0, 0, 0, time.UTC)
)

// Fingerprint is the entry's identity. Call it on a normalized entry: two
// entries that are stored alike have the same one.
func (e *Entry) Fingerprint() Fingerprint {
	d := newDigest("entry/1")
	d.number(int64(e.LogSource))
	d.time(e.TrackStart)
	d.text(e.Artist)
	d.text(e.Album)
	d.text(e.Title)
	d.number(int64(e.TrackNum))
	d.number(int64(e.TrackType))
	return d.sum()
}

// Normalize brings the entry into the form in which it is stored, the same for
// every path into a database: UTC microseconds, whole milliseconds, storable
// text. It returns the wire names of the texts that it had to cut.
func (e *Entry) Normalize() (cut []string) {
	e.TrackStart = e.TrackStart.UTC().Truncate(time.Microsecond)
	e.Duration = e.Duration.Round(time.Millisecond)
	for _, f := range e.texts() {
		var isCut bool
		if *f.value, isCut = cleanText(*f.value, MaxText); isCut {
			cut = append(cut, f.name)
		}
	}
	for _, id := range []*int64{&e.PlaylistID, &e.TimeslotID, &e.ShowID} {
		*id = max(*id, 0) // engines send -1 or 0 where they don't know
	}
	return cut
}

type namedText struct {
	name  string
	value *string
}

func (e *Entry) texts() []namedText {
	return []namedText{
		{"track_artist", &e.Artist}, {"track_album", &e.Album}, {"track_title", &e.Title},
		{"show_name", &e.ShowName}, {"track_composer", &e.Composer},
		{"track_label", &e.Label}, {"track_isrc", &e.ISRC},
	}
}

// Validate refuses what has no meaning, naming every such field; what is
// merely unknown or odd is never refused, because the engine does not send
// anything twice. The error is an *InvalidError.
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
		refuse("track_duration", strconv.FormatFloat(e.Duration.Seconds(), 'f', -1, 64), "must be seconds from 0 to 31622400 (366 days); leave it out where it is unknown")
	}
	if e.LogSource < 1 || e.LogSource > math.MaxInt32 {
		refuse("log_source", strconv.Itoa(e.LogSource), "must be a source's number, from 1")
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"track_num", e.TrackNum}, {"track_type", e.TrackType}} {
		if n.value < math.MinInt32 || n.value > math.MaxInt32 {
			refuse(n.name, strconv.Itoa(n.value), "must be a number that fits 32 bits")
		}
	}
	if wrong != nil {
		return &InvalidError{Fields: wrong}
	}
	return nil
}

// Merge unites two copies of one entry, field by field: known beats unknown,
// and of two known values the greater wins, texts compared byte by byte. An
// engine's copy makes an entry that a person logged an engine's. What belongs
// to the database that keeps the entry (ID, Synced, Overlay) is a's; Synced
// ends where the merge brought something new.
func Merge(a, b Entry) Entry {
	m := a
	m.Duration = max(a.Duration, b.Duration)
	m.PlaylistID = max(a.PlaylistID, b.PlaylistID)
	m.TimeslotID = max(a.TimeslotID, b.TimeslotID)
	m.ShowID = max(a.ShowID, b.ShowID)
	m.ShowName = max(a.ShowName, b.ShowName)
	m.Composer = max(a.Composer, b.Composer)
	m.Label = max(a.Label, b.Label)
	m.ISRC = max(a.ISRC, b.ISRC)
	m.Manual = a.Manual && b.Manual
	m.Synced = a.Synced && m == a
	return m
}

// PlayedAt is the start by which answers order and find the entry: in the
// on-air log when it went on air, in the playlog the engine's, unless a
// correction amended it.
func (e *Entry) PlayedAt() time.Time {
	if e.Air != nil {
		return e.Air.From
	}
	if e.Overlay.Changes.TrackStart != nil {
		return *e.Overlay.Changes.TrackStart
	}
	return e.TrackStart
}

// Effective is the entry with its corrections applied, as answers show it.
func (e Entry) Effective() Entry {
	e.Overlay.Changes.apply(&e)
	return e
}
