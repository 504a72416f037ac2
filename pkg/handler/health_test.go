package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
)

func TestAPI_StoreHealth(t *testing.T) {
	t.Parallel()

	t.Run("Original", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:15:00Z"))
		body := `{"log_time": "2020-06-27 19:14:00.5", "is_healthy": true, "details": "{\"lqs\": {\"version\": \"2.1\"}}"}`
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			s.do(http.StatusNoContent, method, "/source/health/1/", body)
		}
		got := strings.TrimSpace(s.do(http.StatusOK, http.MethodGet, "/source/health/1", "").Body.String())
		want := `{"details":"{\"lqs\": {\"version\": \"2.1\"}}","details_parsed":{"lqs":{"version":"2.1"}},"doubts":[],"fallback":null,"frozen":false,` +
			`"is_healthy":true,"last_said_at":"2020-06-27T19:14:00.500000+02:00","log_time":"2020-06-27T19:14:00.500000+02:00",` +
			`"received_at":"2020-06-27T19:15:00+02:00","restarted_at":null,"silence":null,"source":1}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})

	t.Run("Lenient", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:15:00Z"))
		source := 0 // a source for each status: the same status again is not stored
		for body, want := range map[string]api.Health{
			`{"is_healthy": "True"}`:                                           {IsHealthy: true},
			`{"is_healthy": 0, "log_time": null, "details": null}`:             {},
			`{"is_healthy": false, "log_time": "", "details": "sick"}`:         {Details: "sick"},
			`{"is_healthy": true, "details": {"a": [1, 2.50], "b": "\u00fc"}}`: {IsHealthy: true, Details: `{"a":[1,2.50],"b":"\u00fc"}`},
			`{"is_healthy": true, "details": "[1"}`:                            {IsHealthy: true, Details: "[1"},
			`{"is_healthy": true, "details": "a\u0000b", "host": "x"}`:         {IsHealthy: true, Details: "a b"},
			`{"is_healthy": true, "log_time": "2037-01-01 00:00:00"}`:          {IsHealthy: true},
		} {
			source++
			path := fmt.Sprintf("/source/health/%d", source)
			s.do(http.StatusNoContent, http.MethodPost, path, body)
			got := get[api.Health](s, path)
			if got.IsHealthy != want.IsHealthy || got.Details != want.Details || !got.LogTime.Equal(s.api.Now()) {
				t.Errorf("%s: got %+v, want %+v now", body, got, want)
			}
			if parsed := strings.HasPrefix(want.Details, "{"); parsed != (got.DetailsParsed != nil) {
				t.Errorf("%s: parsed %s", body, got.DetailsParsed)
			}
		}
	})

	t.Run("Doubts", func(t *testing.T) {
		t.Parallel()
		for name, s := range map[string]*station{"engine-api": newStation(t), "sync-node": newSyncNode(t)} {
			s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"is_healthy": true, "log_time": "soon"}`)
			s.do(http.StatusNoContent, http.MethodPost, "/clock", `{"engine_source": 1, "engineSource": 2}`)
			h, c := get[api.Health](s, "/source/health/1"), get[api.Clock](s, "/clock")
			if len(h.Doubts) != 1 || h.Doubts[0].Field != "log_time" || h.Doubts[0].Sent != "soon" {
				t.Errorf("%s: the doubts of health are %+v", name, h.Doubts)
			}
			if len(c.Doubts) != 1 || c.Doubts[0].Field != "engine_source" {
				t.Errorf("%s: the doubts of the clock are %+v", name, c.Doubts)
			}
			if isHost := name == "engine-api"; isHost != (h.ReceivedAt != nil) || isHost != (c.ReceivedAt != nil) {
				t.Errorf("%s: health arrived at %v, the clock at %v", name, h.ReceivedAt, c.ReceivedAt)
			}
			if page := get[api.SyncPage](s, "/sync/records?source=1&kind=healths"); len(page.Healths) != 1 || len(page.Healths[0].Doubts.List()) != 1 {
				t.Errorf("%s: between nodes it is %+v", name, page.Healths)
			}
		}
	})

	t.Run("NoPlay", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, at(t, "2020-06-27T17:15:00Z"))
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27 19:14:00", "track_title": "a", "track_duration": 60}`)
		s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"is_healthy": true}`)
		for now, want := range map[string]bool{"2020-06-27T17:44:59Z": false, "2020-06-27T17:45:00Z": true} {
			s.setNow(now)
			if since := get[api.Health](s, "/source/health/1").NoPlaySince; want != (since != nil) || want && !since.Equal(moment(t, "2020-06-27T17:15:00Z")) {
				t.Errorf("at %s it has played nothing since %v", now, since)
			}
		}
	})

	t.Run("ClockSetBack", func(t *testing.T) {
		t.Parallel()
		now := moment(t, "2020-06-27T19:00:00Z")
		s := newStation(t, func(a *API) { a.Now = func() time.Time { return now } })
		const path = "/source/health/1"
		s.do(http.StatusNoContent, http.MethodPost, path, `{"is_healthy": false, "details": "boot"}`)
		now = now.Add(-2 * time.Hour)
		s.do(http.StatusNoContent, http.MethodPost, path, `{"is_healthy": true, "log_time": "2020-06-27T17:00:00Z"}`)
		if got := get[api.Health](s, path); !got.IsHealthy {
			t.Errorf("what came last is hidden by %+v", got)
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		s := newStation(t)
		for body, want := range map[string]string{
			`{}`:                      "is_healthy",
			`{"is_healthy": "maybe"}`: "is_healthy",
			`{"is_healthy": null}`:    "is_healthy",
			`{"is_healthy": "x", "log_time": "soon", "details": true}`: "is_healthy",
		} {
			if got := s.refused(http.StatusBadRequest, http.MethodPost, "/source/health/1", body); got != want {
				t.Errorf("%s names %q, want %q", body, got, want)
			}
		}
		s.refused(http.StatusNotFound, http.MethodGet, "/source/health/1", "")
		s.refused(http.StatusNotFound, http.MethodGet, "/source/health/1?limit=3", "")
	})
}

func TestAPI_GetHealth_History(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-28T17:15:00Z"))
	for _, time := range []string{"2020-06-27 10:00:00", "2020-06-28 10:00:00", "2020-06-28 11:00:00"} {
		s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"log_time": "`+time+`", "is_healthy": true}`)
	}
	for query, want := range map[string]int{"?limit=2": 2, "?limit=1000": 3, "?from_date=2020-06-28": 2, "?from_date=2020-06-28&limit=1": 1, "?from_date=2021-01-01": 0} {
		h := get[api.Health](s, "/source/health/1"+query)
		if h.History == nil || len(*h.History) != want || want > 0 && !(*h.History)[0].LogTime.Equal(h.LogTime.Time) {
			t.Errorf("%s: got %+v, want %d, newest first", query, h, want)
		}
	}
	if h := get[api.Health](s, "/source/health/1"); h.History != nil {
		t.Errorf("history came without being asked for: %+v", h)
	}
	if got := s.refused(http.StatusBadRequest, http.MethodGet, "/source/health/1?from_date=soon", ""); got != "from_date" {
		t.Errorf("names %q", got)
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{`"a  b"`: "a  b", "{\"a\": \"\xff\"}": "{\"a\":\"\xff\"}", "[1, 2.50]": "[1,2.50]"} {
		if got := details(json.RawMessage(raw)); got != want {
			t.Errorf("%q becomes %q, want %q", raw, got, want)
		}
	}
}
