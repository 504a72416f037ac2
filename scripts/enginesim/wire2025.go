package main

import (
	"encoding/json"
	"strconv"
	"time"
)

// wire2025 speaks as engines since 2025 do: in camelCase, of plays and health
// only. It always says that it is source 1 and well, whatever its host.
type wire2025 struct {
	zone    *time.Location
	started time.Time
}

// base2025 is where a station of AURA 1.x has the API.
const base2025 = "/engine/api/v1"

// none2025 is a number that is not known.
const none2025 = -1

func (wire2025) habits() habits {
	return habits{terse: true, healthEvery: 10 * time.Second, undated: true}
}

// titled tells the plan: a start in whole seconds, and a duration also of live
// shows. Live shows and jingles have no tags. The start of a fallback is zero, in
// local time.
func (w wire2025) titled(p play, _ []play, _ slot) []message {
	entry := object{
		"trackStart":    w.time(p.Start),
		"trackArtist":   p.Artist,
		"trackAlbum":    p.Album,
		"trackTitle":    p.Title,
		"trackDuration": p.Seconds,
		"trackType":     typeFile,
		"trackNum":      1,
		"mediaId":       p.Slot.PlaylistID,
		"timeslotId":    strconv.FormatInt(p.Slot.ID, 10),
		"showId":        p.Slot.Show.ID,
		"showName":      p.Slot.Show.Name,
		"logSource":     1,
	}
	if p.Seconds == 0 {
		entry["trackDuration"] = p.Slot.End.Sub(p.Start).Seconds()
		entry["mediaId"] = none2025
	}
	if p.Style == "" {
		entry["trackArtist"], entry["trackAlbum"], entry["trackTitle"] = "", "", ""
	}
	if p.Fallback {
		entry["trackStart"] = w.time(time.Unix(0, 0))
		entry["mediaId"], entry["showId"], entry["timeslotId"] = none2025, none2025, strconv.Itoa(none2025)
		entry["showName"] = "Fallback"
	}
	return []message{{base2025 + "/playlog", entry}}
}

// health has the level of the sound, which is never the same twice.
func (w wire2025) health(at time.Time, fallback bool) (message, error) {
	details, err := json.Marshal(object{
		"uptime":   int(at.Sub(w.started).Seconds()),
		"queue":    3,
		"rms":      -15 - float64(at.UnixMicro()%10_000_000)/1e6,
		"fallback": fallback,
	})
	return message{
		base2025 + "/source/health/1",
		object{"logTime": at.In(w.zone).Format("2006-01-02 15:04:05.000"), "isHealthy": true, "details": string(details)},
	}, err
}

// time never has an offset.
func (w wire2025) time(t time.Time) string { return t.In(w.zone).Format("2006-01-02T15:04:05") }
