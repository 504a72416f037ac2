package handler

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
)

const clockData = `{
  "engine_source": "1",
  "current_track": {"track_title": "what the engine says"},
  "current_timeslot": {"timeslot_id": 10, "timeslot_start": "2020-06-27 18:00:00", "timeslot_end": "2020-06-27 19:00:00", "show_id": "4", "show_name": "Nachtlicht", "playlist_id": 3},
  "upcoming_timeslots": [
    {"timeslot_id": 12, "timeslot_start": "2020-06-27T20:00:00", "timeslot_end": "2020-06-27T21:00:00", "show_id": 6, "show_name": "Spät"},
    {"timeslot_id": 11, "timeslot_start": "2020-06-27T19:00:00+02:00", "timeslot_end": "2020-06-27T20:00:00+02:00", "show_id": 5, "show_name": "Abend"}
  ],
  "planned_playlist": {"playlist_id": 3, "entries": [{"track_start": "2020-06-27T18:00:00", "number": 9007199254740993}]},
  "server_time": "ours", "unheard_of": [null, {"a": 1.50}]
}`

func TestAPI_GetClock(t *testing.T) {
	t.Parallel()

	t.Run("Plan", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T16:30:00Z"))
		s.do(http.StatusNoContent, http.MethodPut, "/clock", strings.Replace(clockData, `"entries": [`, `"entries": [
			{"track_start": "2020-06-27T18:40:00", "artist": "Mazzy Star", "title": "Halah", "duration": 195},
			{"trackStart": "2020-06-27T18:43:15", "trackArtist": "Portishead", "trackTitle": "Roads", "trackDuration": "?"}, 7, {"title": "no start"},`, 1))
		c := get[api.Clock](s, "/clock")
		if len(c.NextShows) != 2 || c.NextShows[0].ShowName != "Abend" || c.NextShows[1].ShowName != "Spät" {
			t.Errorf("next shows %+v", c.NextShows)
		}
		if len(c.PlannedTracks) != 2 || c.PlannedTracks[0].TrackTitle != "Halah" || *c.PlannedTracks[0].TrackDuration != 195 ||
			c.PlannedTracks[1].TrackArtist != "Portishead" || c.PlannedTracks[1].TrackDuration != nil {
			t.Errorf("planned tracks %+v", c.PlannedTracks)
		}
		s.setNow("2020-06-27T16:41:00Z")
		if c := get[api.Clock](s, "/clock"); len(c.PlannedTracks) != 1 {
			t.Errorf("a minute after it began, a title is planned: %+v", c.PlannedTracks)
		}
	})

	t.Run("Shows", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T16:30:00Z"))
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			s.do(http.StatusNoContent, method, "/clock/", clockData)
		}
		for now, want := range map[string]string{
			"2020-06-27T15:59:59Z": "none, Nachtlicht",
			"2020-06-27T16:00:00Z": "Nachtlicht, Abend",
			"2020-06-27T17:00:00Z": "Abend, Spät",
			"2020-06-27T18:59:59Z": "Spät, none",
			"2020-06-27T19:00:00Z": "none, none",
		} {
			s.setNow(now)
			c := get[api.Clock](s, "/clock")
			name := func(show *api.ClockShow) string {
				if show == nil {
					return "none"
				}
				return show.ShowName
			}
			if got := name(c.CurrentShow) + ", " + name(c.NextShow); got != want {
				t.Errorf("at %s shows are %s, want %s", now, got, want)
			}
			if !c.ServerTime.Equal(moment(t, now)) {
				t.Errorf("the time is %v, want %s: it must not be kept in memory", c.ServerTime, now)
			}
		}
		s.setNow("2020-06-27T16:30:00Z")
		body := s.do(http.StatusOK, http.MethodGet, "/clock", "").Body.String()
		for _, part := range []string{
			`"server_time":"2020-06-27T18:30:00+02:00"`, `"time_zone":"Europe/Vienna"`, `"engine_source":1`, `"sent_at":"2020-06-27T18:30:00.000001+02:00"`, // the second at this time
			`"current_track":null`, `"unheard_of":[null,{"a":1.50}]`, `"number":9007199254740993`, `"planned_playlist":{`, `"upcoming_timeslots":[{`,
			`"current_show":{"end":"2020-06-27T19:00:00+02:00","show_id":4,"show_name":"Nachtlicht","start":"2020-06-27T18:00:00+02:00","timeslot_id":10}`,
		} {
			if !strings.Contains(body, part) {
				t.Errorf("no %s in %s", part, body)
			}
		}
	})

	t.Run("CurrentTrack", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		s.do(http.StatusNoContent, http.MethodPost, "/clock", clockData)
		s.play(ago(time.Second), "a")
		if c := get[api.Clock](s, "/clock"); c.CurrentTrack == nil || c.CurrentTrack.TrackTitle != "a" {
			t.Errorf("current track is %+v, want the track service's", c.CurrentTrack)
		}
	})

	t.Run("Sources", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, func(a *API) { a.HostID = 2 })
		expect := func(when string, source int, name any) {
			t.Helper()
			c := get[api.Clock](s, "/clock")
			if c.EngineSource != source || c.AdditionalProperties["name"] != name || (c.SentAt == nil) != (name == nil) {
				t.Errorf("%s the clock is %+v, want source %d's %v", when, c, source, name)
			}
		}
		expect("before any came", 1, nil)
		s.do(http.StatusNoContent, http.MethodPost, "/clock", `{"name": "two", "engine_source": null}`)
		expect("while the active source's is unknown", 2, "two")
		s.do(http.StatusNoContent, http.MethodPost, "/clock", `{"name": "one", "engine_source": 1}`)
		s.do(http.StatusNoContent, http.MethodPost, "/clock", `{"name": "two", "engine_source": "garbage"}`)
		expect("when both are there", 1, "one")
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
		expect("after the switch", 2, "two")
		s.do(http.StatusNoContent, http.MethodPut, "/source/active/7", "")
		expect("with a source that sends none", 2, "two")
	})

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		for name, s := range map[string]*station{"engine-api": newStation(t), "sync-node": newSyncNode(t)} {
			expect := func(when string, source int, name any) {
				t.Helper()
				c := get[api.Clock](s, "/clock")
				if c.EngineSource != source || c.AdditionalProperties["name"] != name {
					t.Errorf("%s the clock is %+v, want source %d's %v", when, c, source, name)
				}
			}
			s.do(http.StatusNoContent, http.MethodDelete, "/clock", "") // none ever came
			if c := get[api.Clock](s, "/clock"); c.SentAt != nil {
				t.Errorf("%s: a clock came: %+v", name, c)
			}
			for _, source := range []string{"1", "2"} {
				s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source": `+source+`, "name": "of `+source+`", "current_timeslot": {"timeslot_start": "`+ago(time.Hour)+`"}}`)
			}
			for _, method := range []string{http.MethodPost, http.MethodPut} {
				s.do(http.StatusNoContent, method, "/clock", ` { } `)
			}
			expect("after {}", 1, "of 1")
			s.do(http.StatusNoContent, http.MethodDelete, "/clock", "")
			expect("after DELETE", 1, nil)
			if c := get[api.Clock](s, "/clock"); c.CurrentShow != nil {
				t.Errorf("%s: a show is left: %+v", name, c)
			}
			s.do(http.StatusNoContent, http.MethodPut, "/source/active/2", "")
			expect("after the switch", 2, "of 2")
			s.do(http.StatusNoContent, http.MethodDelete, "/clock?engine_source=2", "")
			expect("after DELETE by number", 2, nil)
			s.do(http.StatusNoContent, http.MethodPut, "/clock", `{"engine_source": 2, "name": "again"}`)
			expect("when a clock comes", 2, "again")
			s.refused(http.StatusBadRequest, http.MethodDelete, "/clock?engine_source=0", "")
			s.refused(http.StatusUnauthorized, http.MethodDelete, "/clock", "", "X-Forwarded-For", "192.0.2.7")
		}
	})

	// A day of three-minute titles is planned.
	t.Run("Day", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		var entries []map[string]any
		for i := range 480 {
			entries = append(entries, map[string]any{
				"track_start": time.Date(2020, 6, 27, 0, 3*i, 0, 0, time.UTC).Format("2006-01-02T15:04:05"), "track_num": i + 1, "track_duration": 180.25,
				"track_artist": "Mazzie Star and a Guest with a <long> Name", "track_album": "So Tonight That I Might See (Remastered)", "track_title": "Fade Into You 🎶",
			})
		}
		body, err := json.Marshal(map[string]any{"engine_source": 1, "planned_playlist": map[string]any{"playlist_id": 3, "entries": entries}})
		if err != nil || len(body) < 64<<10 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		s.do(http.StatusNoContent, http.MethodPost, "/clock", string(body))
		planned, _ := get[api.Clock](s, "/clock").AdditionalProperties["planned_playlist"].(map[string]any)
		if list, _ := planned["entries"].([]any); len(list) != 480 {
			t.Errorf("%d entries are planned", len(list))
		}
		details, err := json.Marshal(map[string]any{"is_healthy": true, "details": strings.Repeat("x", 70_000)})
		if err != nil {
			t.Fatal(err)
		}
		s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", string(details))
	})

	t.Run("Odd", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for _, body := range []string{
			`{}`,
			`{"engine_source": {}, "current_timeslot": 5, "next_timeslot": [], "upcoming_timeslots": {"a": 1}}`,
			`{"engine_source": -1, "upcoming_timeslots": [null, 1, "x", [], {}, {"timeslot_start": {}}, {"timeslot_start": ""}]}`,
			`{"engine_source": 99999999999, "current_timeslot": {"timeslot_start": "0000-01-01 00:00:00", "timeslot_end": "9999-12-31 23:59:59-23:59", "show_name": {}, "show_id": []}}`,
			`{"current_timeslot": {"timeslot_start": "9999-12-31 23:59:59-23:59"}, "next_timeslot": {"timeslot_start": "2020-06-27 19:00:00", "timeslot_end": "10000-01-01 00:00:00"}}`,
			`{"current_track": ` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `, "AdditionalProperties": {}, "": ""}`,
		} {
			s.do(http.StatusNoContent, http.MethodPost, "/clock", body)
			s.do(http.StatusOK, http.MethodGet, "/clock", "")
		}
		for _, body := range []string{`[]`, `null`, `"x"`, `1`, ``} {
			s.refused(http.StatusBadRequest, http.MethodPost, "/clock", body)
		}
		for _, body := range []string{`[]`, `null`, `1`, "{\"a\": ", ""} {
			if err := s.api.storeClock(t.Context(), json.RawMessage(body)); err == nil {
				t.Errorf("%s: taken for an object", body)
			}
		}
	})
}
