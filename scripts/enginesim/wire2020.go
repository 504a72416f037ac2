package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Engines of this generation are of three ages. They say the same things in
// different ways, and the API understands them all.
const (
	ageOld    = iota // naive times with a blank, whole seconds, numbers as text, nothing where unknown
	ageMiddle        // naive times with a T, fractions, "" where unknown
	ageNew           // times with an offset, fractions, null where unknown, the composer
	ages
)

// wire2020 speaks as engines of 2020 to 2023 do: in snake_case, to the path that
// is theirs, and of its health only when that changes.
type wire2020 struct {
	zone   *time.Location
	source int
}

func (wire2020) habits() habits { return habits{patience: patience} }

func (w wire2020) titled(p play, rest []play, next slot) []message {
	return []message{
		{"/api/v1/playlog/store", w.playlog(p)},
		{"/api/v1/clock", w.clock(p, rest, next)},
	}
}

// age is the age of the engine whose manner a play is told in. It is always the
// same for the same play, so that repeating the play sends the same bytes.
func age(p play) int { return int(p.Start.Unix() % ages) }

// playlog is the body of POST /playlog/store.
func (w wire2020) playlog(p play) object {
	entry := w.track(p)
	entry["log_source"] = w.source
	entry["playlist_id"] = p.Slot.PlaylistID
	entry["timeslot_id"] = p.Slot.ID
	entry["show_id"] = p.Slot.Show.ID
	entry["show_name"] = p.Slot.Show.Name
	switch age(p) {
	case ageOld:
		entry["show_id"] = strconv.Itoa(p.Slot.Show.ID)
		entry["track_num"] = strconv.Itoa(p.Num)
	case ageNew:
		entry["track_composer"] = orNull(p.Composer)
	}
	return entry
}

// track is a title, as both the playlog and the clock tell it.
func (w wire2020) track(p play) object {
	t := object{
		"track_start":  w.time(p.Start, age(p)),
		"track_artist": p.Artist,
		"track_title":  p.Title,
		"track_type":   p.Type,
		"track_num":    p.Num,
	}
	known := p.Seconds > 0
	switch age(p) {
	case ageOld:
		if p.Album != "" {
			t["track_album"] = p.Album
		}
		if known {
			t["track_duration"] = int(p.Seconds)
		}
	case ageMiddle:
		t["track_album"] = p.Album
		t["track_duration"] = ""
		if known {
			t["track_duration"] = p.Seconds
		}
	case ageNew:
		t["track_album"] = orNull(p.Album)
		t["track_duration"] = nil
		if known {
			t["track_duration"] = p.Seconds
		}
	}
	return t
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// clock is the body of POST /clock: what plays, and what comes next.
func (w wire2020) clock(p play, rest []play, next slot) object {
	entries := []object{}
	for _, r := range rest {
		entries = append(entries, w.track(r))
	}
	kind := "show"
	if p.Fallback {
		kind = "fallback"
	}
	current := w.timeslot(p.Slot)
	current["playlist_type"] = kind
	upcoming := w.timeslot(next)
	return object{
		"engine_source":      w.source,
		"current_track":      w.track(p),
		"current_timeslot":   current,
		"next_timeslot":      upcoming,
		"upcoming_timeslots": []object{upcoming},
		"planned_playlist":   object{"playlist_id": p.Slot.PlaylistID, "entries": entries},
	}
}

func (w wire2020) timeslot(s slot) object {
	return object{
		"timeslot_id":    s.ID,
		"timeslot_start": w.time(s.Start, ageMiddle),
		"timeslot_end":   w.time(s.End, ageMiddle),
		"show_id":        s.Show.ID,
		"show_name":      s.Show.Name,
		"playlist_id":    s.PlaylistID,
	}
}

// health has the details as JSON inside a string. An engine whose studio is
// silent calls itself sick.
func (w wire2020) health(at time.Time, fallback bool) (message, error) {
	details, err := json.Marshal(object{
		"vital":   object{"liquidsoap": !fallback, "connections": true, "disk": true},
		"lqs":     object{"version": "Liquidsoap 2.1.4", "uptime": "3d 04h 12m"},
		"storage": object{"exists": true, "free_gb": 812.5},
	})
	return message{
		"/api/v1/source/health/" + strconv.Itoa(w.source),
		object{"log_time": w.time(at, ageOld), "is_healthy": !fallback, "details": string(details)},
	}, err
}

// time writes a time as Python's str() or isoformat() does. At the end of summer
// time a naive time can mean two instants. In that case even an old engine is made
// to say which instant it means.
func (w wire2020) time(t time.Time, age int) string {
	t = t.In(w.zone)
	layout := "2006-01-02 15:04:05"
	if age != ageOld {
		layout = "2006-01-02T15:04:05"
	}
	if t.Nanosecond() >= int(time.Microsecond) {
		layout += ".000000"
	}
	naive := t.Format(layout)
	if age == ageNew || t.Add(time.Hour).Format(layout) == naive || t.Add(-time.Hour).Format(layout) == naive {
		return strings.Replace(t.Format(layout+"-07:00"), " ", "T", 1)
	}
	return naive
}
