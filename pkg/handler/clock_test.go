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
