package handler

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
)

// TestAPI_play_generations: a body in the spelling of 2025 is the same play as in
// the older one, and as in a mixture.
func TestAPI_play_generations(t *testing.T) {
	t.Parallel()
	want := model.Entry{
		LogSource: 2, TrackStart: moment(t, "2025-07-17T12:03:05Z"), Artist: "a", Album: "b", Title: "c", Duration: 215500 * time.Millisecond,
		TrackNum: 3, TimeslotID: 5, ShowID: 6, ShowName: "d", MediaID: 501, ReceivedAt: moment(t, "2025-07-17T12:03:05.02Z"),
	}
	for name, body := range map[string]string{
		"2025": `{"trackStart": "2025-07-17T14:03:05", "trackArtist": "a", "trackAlbum": "b", "trackTitle": "c", "trackDuration": 215.5,
			"trackType": 0, "trackNum": 3, "mediaId": 501, "timeslotId": "5", "showId": 6, "showName": "d", "logSource": 2, "playlistId": -1}`,
		"2020": `{"track_start": "2025-07-17 14:03:05", "track_artist": "a", "track_album": "b", "track_title": "c", "track_duration": 215.5,
			"track_type": 0, "track_num": 3, "media_id": 501, "timeslot_id": 5, "show_id": 6, "show_name": "d", "log_source": 2}`,
		"Mixed": `{"track_start": "2025-07-17 14:03:05", "trackArtist": "a", "track_album": "b", "trackTitle": "c", "track_duration": null, "trackDuration": "215.5",
			"track_num": "3", "mediaId": "501", "timeslot_id": "-1", "timeslotId": "5", "showId": 6, "show_name": "", "showName": "d", "logSource": "2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, err := decode(t, decoder(t, "Europe/Vienna", "2025-07-17T12:03:05.02Z", &bytes.Buffer{}), body)
			if err != nil || e != want {
				t.Errorf("got %+v, %v; want %+v", e, err, want)
			}
		})
	}
}

// TestAPI_play_doubts: nothing optional costs a play.
func TestAPI_play_doubts(t *testing.T) {
	t.Parallel()
	const start = `"track_start": "2020-06-27 19:14:00", "track_title": "a", `
	const arrival = "2020-06-27T17:14:01.000002Z"
	dated := model.Entry{LogSource: 7, TrackStart: moment(t, "2020-06-27T17:14:00Z"), Title: "a", ReceivedAt: moment(t, arrival)}
	undated := dated
	undated.TrackStart = undated.ReceivedAt
	with := func(e model.Entry, change func(*model.Entry)) model.Entry { change(&e); return e }
	length := func(d time.Duration) model.Entry { return with(dated, func(e *model.Entry) { e.Duration = d }) }
	for name, c := range map[string]struct {
		body   string
		want   model.Entry
		doubts string // the fields
	}{
		"NoStart":       {`{"track_title": "a"}`, undated, "track_start"},
		"NullStart":     {`{"track_title": "a", "track_start": null}`, undated, "track_start"},
		"Epoch":         {`{"trackTitle": "a", "trackStart": "1970-01-01T01:00:00"}`, undated, "track_start"},
		"Yesterday":     {`{"track_title": "a", "track_start": "yesterday"}`, undated, "track_start"},
		"NoSuchDate":    {`{"track_title": "a", "track_start": "2020-02-30 10:00:00"}`, undated, "track_start"},
		"StartAsObject": {`{"track_title": "a", "track_start": {}}`, undated, "track_start"},
		"Year10000":     {`{"track_title": "a", "track_start": "9999-12-31T23:59:59-23:59"}`, undated, "track_start"},
		"Slashes":       {`{"track_title": "a", "track_start": "2020/06/27 19:14:00"}`, dated, ""},
		"Compact":       {`{"track_title": "a", "track_start": "20200627T191400"}`, dated, ""},
		"Seconds":       {`{"track_title": "a", "track_start": 1593278040}`, dated, ""},
		"Milliseconds":  {`{"track_title": "a", "track_start": "1593278040000"}`, dated, ""},
		"FiveAhead":     {`{"track_title": "a", "track_start": "2020-06-27 19:19:01"}`, with(dated, func(e *model.Entry) { e.TrackStart = moment(t, "2020-06-27T17:19:01Z") }), ""},
		"MoreAhead":     {`{"track_title": "a", "track_start": "2020-06-27 19:19:02"}`, with(dated, func(e *model.Entry) { e.TrackStart = moment(t, "2020-06-27T17:19:02Z") }), "track_start"},

		"Infinite":     {`{` + start + `"track_duration": "inf"}`, dated, ""},
		"NaN":          {`{` + start + `"track_duration": "NaN"}`, dated, ""},
		"Negative":     {`{` + start + `"track_duration": -1}`, dated, ""},
		"HugeDuration": {`{` + start + `"track_duration": 1e300}`, dated, "track_duration"},
		"MinSec":       {`{` + start + `"track_duration": "3:45"}`, length(225 * time.Second), ""},
		"HourMinSec":   {`{` + start + `"track_duration": "00:02:10.296"}`, length(130296 * time.Millisecond), ""},
		"Comma":        {`{` + start + `"track_duration": "178,5"}`, length(178500 * time.Millisecond), ""},
		"Unit":         {`{` + start + `"track_duration": "166.09 s"}`, length(166090 * time.Millisecond), ""},
		"Long":         {`{` + start + `"track_duration": "long"}`, dated, "track_duration"},
		"OfTwelve":     {`{` + start + `"track_num": "5/12"}`, with(dated, func(e *model.Entry) { e.TrackNum = 5 }), ""},
		"Half":         {`{` + start + `"track_num": 1.5}`, dated, "track_num"},
		"HugeNumber":   {`{` + start + `"track_num": 4294967296, "log_source": 4294967297}`, dated, "log_source track_num"},
		"None":         {`{` + start + `"track_num": "None", "show_id": "null", "playlist_id": "undefined", "timeslot_id": "-", "media_id": "-1"}`, dated, ""},
		"NoneTitle":    {`{` + start + `"track_artist": "None"}`, with(dated, func(e *model.Entry) { e.Artist = "None" }), ""},
		"NoneBoth":     {`{"track_start": "2020-06-27 19:14:00", "track_artist": "None", "track_title": "null", "show_name": "b"}`, with(dated, func(e *model.Entry) { e.Title, e.ShowName = "", "b"; e.Distinguish() }), ""},
		"Artists":      {`{` + start + `"track_artist": ["b", "c"]}`, with(dated, func(e *model.Entry) { e.Artist = "b, c" }), ""},
		"Object":       {`{` + start + `"track_artist": {"name": "b"}}`, dated, "track_artist"},
		"Source":       {`{` + start + `"log_source": -3}`, dated, "log_source"},
		"Spellings":    {`{` + start + `"show_id": 3, "showId": 4, "trackTitle": "a"}`, with(dated, func(e *model.Entry) { e.ShowID = 3 }), "show_id"},
		"All": {
			`{"track_start": "soon", "track_title": "a", "track_artist": {}, "track_duration": "long", "track_num": 1.5, "show_id": "x", "track_type": [], "log_source": "me"}`,
			undated, "log_source show_id track_artist track_duration track_num track_start track_type",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, err := decode(t, decoder(t, "Europe/Vienna", arrival, &bytes.Buffer{}), c.body)
			var fields []string
			for _, d := range e.Doubts.List() {
				fields = append(fields, d.Field)
				if d.Why == "" {
					t.Errorf("%s: no reason", d.Field)
				}
			}
			slices.Sort(fields)
			e.Doubts = ""
			if got := strings.Join(fields, " "); err != nil || e != c.want || got != c.doubts {
				t.Errorf("got %+v, doubts about %q, %v; want %+v, %q", e, got, err, c.want, c.doubts)
			}
		})
	}
}

// TestAPI_play_nothing: a body that says neither what was played nor when is no
// play.
func TestAPI_play_nothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"a": 1}`, `{"track_duration": 3, "track_num": 1, "track_type": 0, "log_source": 1}`, `{"show_id": -1, "track_title": ""}`} {
		if _, _, err := decode(t, decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{}), body); err == nil {
			t.Errorf("%s: is a play", body)
		}
	}
}

// TestAPI_play_syncNode: plays reach a sync node from original nodes, so their
// arrival says nothing, and they must name their source.
func TestAPI_play_syncNode(t *testing.T) {
	t.Parallel()
	a := decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{})
	a.HostID = 0
	p, err := a.play(t.Context(), api.Play{"track_title": json.RawMessage(`"a"`), "log_source": json.RawMessage("2")})
	if err != nil || !p.Entry.ReceivedAt.IsZero() || p.Entry.LogSource != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := a.play(t.Context(), api.Play{"track_title": json.RawMessage(`"a"`)}); err == nil {
		t.Error("without a source it was taken")
	}
}
