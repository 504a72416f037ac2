package links

import (
	"strconv"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"aura.radio/engine/pkg/trackservice"
)

// ofCover and ofRecording are the placeholders of the two kinds of addresses.
var (
	ofCover     = []string{"isrc", "artist", "album", "title"}
	ofRecording = []string{"from", "until", "from_unix", "until_unix", "date", "hour", "minute", "second", "second_of_hour"}
)

// Links makes addresses. The zero value makes none.
type Links struct {
	cover, recording template
	public           bool
	zone             *stationtime.Zone
}

// New makes the links of a station in that zone. The configuration must be valid.
func New(c Config, zone *stationtime.Zone) Links {
	l := Links{public: c.RecordingPublic, zone: zone}
	l.cover, _ = parse(c.Cover, ofCover)
	l.recording, _ = parse(c.Recording, ofRecording)
	return l
}

// HasCovers reports whether tracks have covers.
func (l Links) HasCovers() bool { return l.cover != nil }

// Cover is where an entry's cover is; "" if there is none.
func (l Links) Cover(e model.Entry) string {
	if l.cover == nil {
		return ""
	}
	shown := trackservice.Shown(e)
	texts := map[string]string{"isrc": shown.ISRC, "artist": shown.Artist, "album": shown.Album, "title": shown.Title}
	return l.cover.fill(func(name string) string { return texts[name] })
}

// Recording is where the recording of a time is to be heard; "" if there is none.
// If until is zero, the end is not known.
func (l Links) Recording(from, until time.Time) string {
	if l.recording == nil || until.IsZero() && l.recording.has("until", "until_unix") {
		return ""
	}
	from = l.zone.In(from)
	return l.recording.fill(func(name string) string {
		switch name {
		case "from":
			return from.UTC().Format(time.RFC3339)
		case "until":
			return until.UTC().Format(time.RFC3339)
		case "from_unix":
			return strconv.FormatInt(from.Unix(), 10)
		case "until_unix":
			return strconv.FormatInt(until.Unix(), 10)
		case "second_of_hour":
			return strconv.Itoa(from.Minute()*60 + from.Second())
		}
		return from.Format(map[string]string{"date": time.DateOnly, "hour": "15", "minute": "04", "second": "05"}[name])
	})
}

// RecordingOf is where an entry is to be heard, at now; "" before it begins. As long
// as it is on air, its end is not known.
func (l Links) RecordingOf(e model.Entry, now time.Time) string {
	if l.recording == nil || e.PlayedAt().After(now) {
		return ""
	}
	var until time.Time
	switch effective := e.Effective(); {
	case e.Air != nil:
		until = e.Air.Until
	case effective.Duration > 0:
		until = e.PlayedAt().Add(effective.Duration)
	}
	if until.After(now) {
		until = time.Time{}
	}
	return l.Recording(e.PlayedAt(), until)
}

// PublicRecordingOf is RecordingOf for everybody.
func (l Links) PublicRecordingOf(e model.Entry, now time.Time) string {
	if !l.public {
		return ""
	}
	return l.RecordingOf(e, now)
}
