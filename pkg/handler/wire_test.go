package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
	"github.com/rs/zerolog"
)

func zone(t testing.TB, name string) *stationtime.Zone {
	t.Helper()
	z, err := stationtime.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// decoder is an API that only decodes; it logs to log.
func decoder(t testing.TB, zoneName, now string, log *bytes.Buffer) *API {
	t.Helper()
	at := moment(t, now)
	return &API{Zone: zone(t, zoneName), EngineZone: zone(t, zoneName), HostID: 7, Now: func() time.Time { return at }, Log: zerolog.New(log)}
}

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func decode(t testing.TB, a *API, body string) (model.Entry, time.Time, error) {
	t.Helper()
	read, err := a.play(t.Context(), object(t, body))
	return read.Entry, read.Other, err
}

func object(t testing.TB, text string) (o api.Object) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAPI_play(t *testing.T) {
	t.Parallel()
	start := moment(t, "2020-06-27T17:14:00Z")
	for name, c := range map[string]struct {
		body string
		want model.Entry
	}{
		"First": {
			`{"track_start": "2020-06-27 19:14:00", "track_artist": "Mazzie Star", "track_title": "Fade Into You", "log_source": 1}`,
			model.Entry{LogSource: 1, TrackStart: start, Artist: "Mazzie Star", Title: "Fade Into You"},
		},
		"Everything": {
			`{"track_start": "2020-06-27T17:14:00Z", "track_artist": "a", "track_album": "b", "track_title": "c", "track_duration": 215.5,
			  "track_type": 2, "track_num": 3, "playlist_id": 4, "timeslot_id": 5, "show_id": 6, "show_name": "d",
			  "track_composer": "e", "track_label": "f", "track_isrc": "g", "log_source": 9}`,
			model.Entry{
				LogSource: 9, TrackStart: start, Artist: "a", Album: "b", Title: "c", Duration: 215500 * time.Millisecond,
				TrackType: 2, TrackNum: 3, PlaylistID: 4, TimeslotID: 5, ShowID: 6, ShowName: "d", Composer: "e", Label: "f", ISRC: "g",
			},
		},
		"NumbersAsText": {
			`{"track_start": "2020-06-27 19:14:00", "track_duration": "215", "track_type": "1", "track_num": "3", "playlist_id": "4",
			  "timeslot_id": " 5 ", "show_id": "6.0", "log_source": "2", "track_title": 1979}`,
			model.Entry{
				LogSource: 2, TrackStart: start, Title: "1979", Duration: 215 * time.Second,
				TrackType: 1, TrackNum: 3, PlaylistID: 4, TimeslotID: 5, ShowID: 6,
			},
		},
		"Null": {
			`{"track_start": "2020-06-27 19:14:00", "track_artist": null, "track_duration": null, "track_num": null, "show_id": null, "log_source": null}`,
			model.Entry{LogSource: 7, TrackStart: start},
		},
		"Empty": {
			`{"track_start": "2020-06-27 19:14:00", "track_artist": "", "track_duration": "", "track_num": "", "show_id": "", "log_source": ""}`,
			model.Entry{LogSource: 7, TrackStart: start},
		},
		"Unknown": {
			`{"track_start": "2020-06-27 19:14:00", "is_synced": true, "id": 5, "fingerprint": "x", "engine": {"version": [2]}}`,
			model.Entry{LogSource: 7, TrackStart: start},
		},
		"NewTrackType": {
			`{"track_start": "2020-06-27 19:14:00.000", "track_type": 99, "track_num": -1}`,
			model.Entry{LogSource: 7, TrackStart: start, TrackType: 99},
		},
		"Emoji": {
			`{"track_start": "2020-06-27T19:14:00", "track_title": "🎺 Ćevapčići \ud83d\ude00"}`,
			model.Entry{LogSource: 7, TrackStart: start, Title: "🎺 Ćevapčići 😀"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			e, other, err := decode(t, decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &log), c.body)
			c.want.ReceivedAt = moment(t, "2020-06-27T17:14:01Z")
			if err != nil || e != c.want || !other.IsZero() {
				t.Errorf("got %+v, %v, %v; want %+v", e, other, err, c.want)
			}
			if log.Len() > 0 {
				t.Errorf("logged %s", &log)
			}
		})
	}
}

// TestAPI_missed_Invalid: a person can correct what is wrong.
func TestAPI_missed_Invalid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"NoStart":      {`{"track_title": "a"}`, "track_start="},
		"NullStart":    {`{"track_start": null}`, "track_start="},
		"NoDate":       {`{"track_start": "yesterday"}`, "track_start=yesterday"},
		"NoSuchDate":   {`{"track_start": "2020-02-30 10:00:00"}`, "track_start=2020-02-30 10:00:00"},
		"Year0":        {`{"track_start": "0001-01-01 00:00:00Z"}`, "track_start="},
		"Year9999":     {`{"track_start": "9999-12-31T23:59:59-23:59"}`, "track_start=10000-01-01T23:58:59Z"},
		"HugeDuration": {`{"track_start": "2020-06-27 19:14:00", "track_duration": 1e300}`, "track_duration=1e300"},
		"Spellings":    {`{"track_start": "2020-06-27 19:14:00", "show_id": 3, "showId": 4}`, "showId=4"},
		"HugeNumber":   {`{"track_start": "2020-06-27 19:14:00", "track_num": 4294967296, "log_source": 4294967297}`, "track_num=4294967296 log_source=4294967297"},
		"Source":       {`{"track_start": "2020-06-27 19:14:00", "log_source": -3}`, "log_source=-3"},
		"AllAtOnce": {
			`{"track_start": "soon", "track_artist": {}, "track_duration": "long", "track_num": 1.5, "show_id": "x", "track_type": [], "log_source": -1}`,
			"track_artist={} track_num=1.5 track_type=[] track_duration=long show_id=x track_start=soon",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{}).missed(object(t, c.body))
			invalid, ok := errors.AsType[*model.InvalidError](err)
			if !ok {
				t.Fatalf("error is %v, want an *model.InvalidError", err)
			}
			var got []string
			for _, f := range invalid.Fields {
				got = append(got, f.Field+"="+f.Value)
				if f.Rule == "" {
					t.Errorf("%s: no rule", f.Field)
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("names %s, want %s", got, c.want)
			}
		})
	}
}

func TestAPI_play_DaylightSaving(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, now, start string
		want, other      string
		shifted          bool
	}{
		"RepeatedFirst":  {"Europe/Vienna", "2026-10-25T00:30:01Z", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", false},
		"RepeatedSecond": {"Europe/Vienna", "2026-10-25T01:30:01Z", "2026-10-25 02:30:00", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z", false},
		"WithOffset":     {"Europe/Vienna", "2026-10-25T01:30:01Z", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z", "", false},
		"Skipped":        {"Europe/Vienna", "2026-03-29T01:30:01Z", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z", "", true},
		"HalfHour":       {"Asia/Kathmandu", "2026-03-29T01:30:01Z", "2026-03-29 07:15:00", "2026-03-29T01:30:00Z", "", false},
		"HalfHourChange": {"Australia/Lord_Howe", "2026-04-04T14:50:00Z", "2026-04-05 01:45:00", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			e, other, err := decode(t, decoder(t, c.zone, c.now, &log), `{"track_start": "`+c.start+`"}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.TrackStart.Format(time.RFC3339); got != c.want {
				t.Errorf("start is %s, want %s", got, c.want)
			}
			if other.IsZero() != (c.other == "") || c.other != "" && other.Format(time.RFC3339) != c.other {
				t.Errorf("other is %v, want %s", other, c.other)
			}
			if warned := strings.Contains(log.String(), `"warn"`) && strings.Contains(log.String(), c.start); warned != c.shifted {
				t.Errorf("log is %q", &log)
			}
		})
	}
}

func TestTrack(t *testing.T) {
	t.Parallel()
	artist := "Mazzy Star"
	got, err := json.Marshal(Track(zone(t, "Europe/Vienna"), links.Links{}, model.Entry{
		ID: 3, TrackStart: moment(t, "2020-06-27T17:14:00.5Z"), Artist: "Mazzie Star", TrackNum: 2, ShowID: 5, Duration: 1500 * time.Millisecond,
		Overlay: model.Overlay{Changes: model.Changes{Artist: &artist}},
	}, time.Now()))
	want := `{"id":3,"media_id":null,"playlist_id":null,"show_id":5,"show_name":"","timeslot_id":null,"track_album":"","track_artist":"Mazzy Star",` +
		`"track_duration":1.5,"track_num":2,"track_start":"2020-06-27T19:14:00.500000+02:00","track_title":"","track_type":0}`
	if string(got) != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestAPI_amendment(t *testing.T) {
	t.Parallel()
	a := decoder(t, "Europe/Vienna", "2020-06-27T17:14:01Z", &bytes.Buffer{})
	c, err := a.amendment(object(t, `{"track_artist": null, "track_duration": "", "show_id": "4", "track_start": "2020-06-27 19:15"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(c)
	want := `{"track_start":"2020-06-27T17:15:00Z","track_artist":"","duration":0,"show_id":4}`
	if string(got) != want || err != nil {
		t.Errorf("got %s, %v, want %s: null makes a field unknown, what is left out stays", got, err, want)
	}
	shown, err := json.Marshal(a.changedValues(c))
	want = `{"show_id":4,"track_artist":"","track_duration":null,"track_start":"2020-06-27T19:15:00+02:00"}`
	if string(shown) != want || err != nil {
		t.Errorf("shown as %s, %v, want %s", shown, err, want)
	}
}

// FuzzPlay: whatever bytes come, the decoder either refuses them and names
// fields, or makes an entry that is valid as it is stored.
func FuzzPlay(f *testing.F) {
	for _, seed := range []string{
		`{"track_start": "2020-06-27 19:14:00", "track_artist": "Mazzie Star", "track_title": "Fade Into You", "log_source": 1}`,
		`{"track_start": "2026-10-25 02:30:00", "track_duration": "1e400", "track_num": "0x1f", "log_source": ""}`,
		`{"track_start": "9999-12-31T23:59:59.999999-23:59", "track_duration": -0.0001, "show_id": -1}`,
		`{"track_start": "2020-06-27 19:14:00", "track_title": "\u0000\ud800 \uffff", "track_album": 1e2, "playlist_id": 9007199254740993}`,
		`{"track_start": null}`, `{"track_start": {"a": [1]}}`, `null`, `[]`, `{"a": 1, "a": 2}`,
	} {
		f.Add([]byte(seed))
	}
	a := decoder(f, "Europe/Vienna", "2026-10-25T01:15:00Z", &bytes.Buffer{})
	a.Log = zerolog.Nop()
	f.Fuzz(func(t *testing.T, body []byte) {
		var p api.Play
		if json.Unmarshal(body, &p) != nil {
			return
		}
		read, err := a.play(t.Context(), p)
		e, other := read.Entry, read.Other
		if err != nil {
			if invalid, ok := errors.AsType[*model.InvalidError](err); !ok || len(invalid.Fields) == 0 {
				t.Fatalf("refused without naming a field: %v", err)
			}
			return
		}
		e.Normalize()
		if err := e.Validate(); err != nil {
			t.Fatalf("took what may not be stored: %v", err)
		}
		again := e
		if cut := again.Normalize(); cut != nil || again != e {
			t.Fatalf("normalizing twice is not normalizing once: %+v, %+v", e, again)
		}
		if !other.IsZero() && other.Sub(e.TrackStart).Abs() > 3*time.Hour {
			t.Fatalf("other occurrence %v is not near %v", other, e.TrackStart)
		}
		shown, err := json.Marshal(a.playlogEntry(e, false))
		if err != nil {
			t.Fatalf("can't be shown: %v", err)
		}
		shownAgain, err := a.play(t.Context(), object(t, string(shown)))
		if err != nil {
			t.Fatalf("what is shown can't be stored: %v", err)
		}
		same := shownAgain.Entry
		same.Normalize()
		if math.Abs(float64(e.PlaylistID)) < 1<<53 && same.Fingerprint() != e.Fingerprint() {
			t.Fatalf("what is shown is another entry: %+v, %+v", e, same)
		}
	})
}
