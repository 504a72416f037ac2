// Package playlogtest has plays as engines might send them, for tests, with what must
// become of each. It promises that the plays have different identities, so that one
// database can have all of them.
package playlogtest

import (
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// Source is the node that takes the plays. It is in Vienna.
const Source = 7

// Arrival is when the plays arrive.
var Arrival = time.Date(2020, 6, 27, 17, 14, 1, 2000, time.UTC)

// Case is a play that is taken, whatever is wrong with it.
type Case struct {
	Name, Body string
	// Want is the entry, without its doubts.
	Want model.Entry
	// Doubted are the fields that were not understood, sorted.
	Doubted []string
}

// play is a case whose title is its name. Its start is a second before its arrival.
// change makes what else is wanted; nil is nothing.
func play(name, body string, change func(*model.Entry), doubted ...string) Case {
	want := model.Entry{LogSource: Source, TrackStart: time.Date(2020, 6, 27, 17, 14, 0, 0, time.UTC), Title: name, ReceivedAt: Arrival}
	if change != nil {
		change(&want)
	}
	return Case{Name: name, Body: body, Want: want, Doubted: doubted}
}

// arrived: the arrival counts as the start.
func arrived(e *model.Entry) { e.TrackStart = Arrival }

func length(d time.Duration) func(*model.Entry) { return func(e *model.Entry) { e.Duration = d } }

// Check compares what became of the play.
func (c Case) Check(t *testing.T, got model.Entry) {
	t.Helper()
	var doubted []string
	for _, d := range got.Doubts.List() {
		doubted = append(doubted, d.Field)
		if d.Why == "" {
			t.Errorf("%s: no reason", d.Field)
		}
	}
	slices.Sort(doubted)
	got.Doubts = ""
	if got != c.Want || !slices.Equal(doubted, c.Doubted) {
		t.Errorf("%s: got %+v, doubts about %q; want %+v, %q", c.Name, got, doubted, c.Want, c.Doubted)
	}
}

// Cases are plays of which something is missing, odd or not to be understood.
func Cases() []Case {
	return []Case{
		play("NoStart", `{"track_title": "NoStart"}`, arrived, "track_start"),
		play("NullStart", `{"track_title": "NullStart", "track_start": null}`, arrived, "track_start"),
		play("Epoch", `{"trackTitle": "Epoch", "trackStart": "1970-01-01T01:00:00"}`, arrived, "track_start"),
		play("Yesterday", `{"track_title": "Yesterday", "track_start": "yesterday"}`, arrived, "track_start"),
		play("NoSuchDate", `{"track_title": "NoSuchDate", "track_start": "2020-02-30 10:00:00"}`, arrived, "track_start"),
		play("StartAsObject", `{"track_title": "StartAsObject", "track_start": {}}`, arrived, "track_start"),
		play("Year10000", `{"track_title": "Year10000", "track_start": "9999-12-31T23:59:59-23:59"}`, arrived, "track_start"),
		play("Slashes", `{"track_title": "Slashes", "track_start": "2020/06/27 19:14:00"}`, nil),
		play("Compact", `{"track_title": "Compact", "track_start": "20200627T191400"}`, nil),
		play("Seconds", `{"track_title": "Seconds", "track_start": 1593278040}`, nil),
		play("Milliseconds", `{"track_title": "Milliseconds", "track_start": "1593278040000"}`, nil),
		play("FiveAhead", `{"track_title": "FiveAhead", "track_start": "2020-06-27 19:19:01"}`, func(e *model.Entry) { e.TrackStart = Arrival.Truncate(time.Second).Add(5 * time.Minute) }),
		play("MoreAhead", `{"track_title": "MoreAhead", "track_start": "2020-06-27 19:19:02"}`, func(e *model.Entry) { e.TrackStart = Arrival.Truncate(time.Second).Add(5*time.Minute + time.Second) }, "track_start"),
		play("InTime", `{"track_title": "InTime", "track_start": "2020-06-27 19:14:01"}`, func(e *model.Entry) { e.TrackStart = Arrival.Truncate(time.Second) }),
		play("YearsAgo", `{"track_title": "YearsAgo", "track_start": "2000-01-01T00:00:00Z"}`, func(e *model.Entry) { e.TrackStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		play("Before2000", `{"track_title": "Before2000", "track_start": "1999-12-31T23:59:59.999999Z"}`, arrived, "track_start"),
		play("NegativeEra", `{"track_title": "NegativeEra", "track_start": "-0001-01-01T00:00:00Z"}`, arrived, "track_start"),

		play("Infinite", `{"track_start": "2020-06-27 19:14:00", "track_title": "Infinite", "track_duration": "inf"}`, nil),
		play("NaN", `{"track_start": "2020-06-27 19:14:00", "track_title": "NaN", "track_duration": "NaN"}`, nil),
		play("Negative", `{"track_start": "2020-06-27 19:14:00", "track_title": "Negative", "track_duration": -1}`, nil),
		play("HugeDuration", `{"track_start": "2020-06-27 19:14:00", "track_title": "HugeDuration", "track_duration": 1e300}`, nil, "track_duration"),
		play("MinSec", `{"track_start": "2020-06-27 19:14:00", "track_title": "MinSec", "track_duration": "3:45"}`, length(225*time.Second)),
		play("HourMinSec", `{"track_start": "2020-06-27 19:14:00", "track_title": "HourMinSec", "track_duration": "00:02:10.296"}`, length(130296*time.Millisecond)),
		play("Comma", `{"track_start": "2020-06-27 19:14:00", "track_title": "Comma", "track_duration": "178,5"}`, length(178500*time.Millisecond)),
		play("Unit", `{"track_start": "2020-06-27 19:14:00", "track_title": "Unit", "track_duration": "166.09 s"}`, length(166090*time.Millisecond)),
		play("Long", `{"track_start": "2020-06-27 19:14:00", "track_title": "Long", "track_duration": "long"}`, nil, "track_duration"),
		play("OfTwelve", `{"track_start": "2020-06-27 19:14:00", "track_title": "OfTwelve", "track_num": "5/12"}`, func(e *model.Entry) { e.TrackNum = 5 }),
		play("Half", `{"track_start": "2020-06-27 19:14:00", "track_title": "Half", "track_num": 1.5}`, nil, "track_num"),
		play("HugeNumber", `{"track_start": "2020-06-27 19:14:00", "track_title": "HugeNumber", "track_num": 4294967296, "log_source": 4294967297}`, nil, "log_source", "track_num"),
		play("Nones", `{"track_start": "2020-06-27 19:14:00", "track_title": "Nones", "track_num": "None", "show_id": "null", "playlist_id": "undefined", "timeslot_id": "-", "media_id": "-1"}`, nil),
		play("NoneTitle", `{"track_start": "2020-06-27 19:14:00", "track_title": "NoneTitle", "track_artist": "None"}`, func(e *model.Entry) { e.Artist = "None" }),
		play("NoneBoth", `{"track_start": "2020-06-27 19:14:00", "track_artist": "None", "track_title": "null", "show_name": "b"}`, func(e *model.Entry) { e.Title, e.ShowName = "", "b"; e.Distinguish() }),
		play("Artists", `{"track_start": "2020-06-27 19:14:00", "track_title": "Artists", "track_artist": ["b", "c"]}`, func(e *model.Entry) { e.Artist = "b, c" }),
		play("Object", `{"track_start": "2020-06-27 19:14:00", "track_title": "Object", "track_artist": {"name": "b"}}`, nil, "track_artist"),
		play("Source", `{"track_start": "2020-06-27 19:14:00", "track_title": "Source", "log_source": -3}`, nil, "log_source"),
		play("Spellings", `{"track_start": "2020-06-27 19:14:00", "track_title": "Spellings", "show_id": 3, "showId": 4, "trackTitle": "Spellings"}`, func(e *model.Entry) { e.ShowID = 3 }, "show_id"),
		play("All", `{"track_start": "soon", "track_title": "All", "track_artist": {}, "track_duration": "long", "track_num": 1.5, "show_id": "x", "track_type": [], "log_source": "me"}`,
			arrived, "log_source", "show_id", "track_artist", "track_duration", "track_num", "track_start", "track_type"),
	}
}
