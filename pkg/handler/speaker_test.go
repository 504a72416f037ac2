package handler

import (
	"bytes"
	"net/http"
	"testing"
)

// TestAPI_speaker: the constant of engines since 2025 is the host's own number.
func TestAPI_speaker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		asSent bool
		want   int
		sent   string // of the doubt; "" if there is none
	}{
		"Constant":       {`{"trackStart": "2020-06-27 19:14:00", "trackTitle": "a", "logSource": 1}`, false, 7, "1"},
		"ConstantAsText": {`{"trackStart": "2020-06-27 19:14:00", "trackTitle": "a", "logSource": "1"}`, false, 7, "1"},
		"AsSent":         {`{"trackStart": "2020-06-27 19:14:00", "trackTitle": "a", "logSource": 1}`, true, 1, ""},
		"Older":          {`{"track_start": "2020-06-27 19:14:00", "track_title": "a", "log_source": 1}`, false, 1, ""},
		"BothSpellings":  {`{"track_start": "2020-06-27 19:14:00", "trackTitle": "a", "log_source": 1, "logSource": 1}`, false, 1, ""},
		"AnotherNumber":  {`{"trackStart": "2020-06-27 19:14:00", "trackTitle": "a", "logSource": 3}`, false, 3, ""},
		"None":           {`{"trackStart": "2020-06-27 19:14:00", "trackTitle": "a", "logSource": -1}`, false, 7, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := decoder(t, "Europe/Vienna", "2020-06-27T17:14:00Z", &bytes.Buffer{})
			a.EngineAsSent = c.asSent
			e, _, err := decode(t, a, c.body)
			if err != nil || e.LogSource != c.want {
				t.Errorf("source %d, %v", e.LogSource, err)
			}
			doubts := e.Doubts.List()
			if isDoubted := len(doubts) == 1 && doubts[0].Field == "log_source" && doubts[0].Sent == c.sent; isDoubted != (c.sent != "") {
				t.Errorf("doubts %+v", doubts)
			}
		})
	}
}

// TestAPI_zoneOfEngine: an engine's times without an offset are in its own zone,
// those of people in the station's.
func TestAPI_zoneOfEngine(t *testing.T) {
	t.Parallel()
	a := decoder(t, "Europe/Vienna", "2020-06-27T19:14:01Z", &bytes.Buffer{})
	a.EngineZone = zone(t, "UTC")
	for body, want := range map[string]string{
		`{"track_start": "2020-06-27 19:14:00", "track_title": "a"}`:       "2020-06-27T19:14:00Z",
		`{"track_start": "2020-06-27T21:14:00+02:00", "track_title": "a"}`: "2020-06-27T19:14:00Z",
	} {
		e, _, err := decode(t, a, body)
		if err != nil || !e.TrackStart.Equal(moment(t, want)) {
			t.Errorf("%s: %s, %v", body, e.TrackStart, err)
		}
	}
	p, err := a.missed(object(t, `{"track_start": "2020-06-27 19:14:00", "track_title": "a"}`))
	if err != nil || !p.Entry.TrackStart.Equal(moment(t, "2020-06-27T17:14:00Z")) {
		t.Errorf("a person's: %s, %v", p.Entry.TrackStart, err)
	}
}

// TestAPI_StoreHealth_speaker: so is health that is sent as that of source 1.
func TestAPI_StoreHealth_speaker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		asSent bool
		want   int
	}{
		"Constant": {`{"isHealthy": true, "logTime": "2020-06-27 19:14:00.123"}`, false, 2},
		"AsSent":   {`{"isHealthy": true, "logTime": "2020-06-27 19:14:00.123"}`, true, 1},
		"Older":    {`{"is_healthy": true, "log_time": "2020-06-27 19:14:00.123"}`, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, at(t, "2020-06-27T17:15:00Z"), func(a *API) { a.HostID, a.EngineAsSent = 2, c.asSent })
			s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", c.body)
			for source := 1; source <= 2; source++ {
				_, err := s.api.Healths.Latest(t.Context(), source)
				if isThere := err == nil; isThere != (source == c.want) {
					t.Errorf("source %d: %v", source, err)
				}
			}
		})
	}
}
