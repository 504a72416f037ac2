package handler

import (
	"net/http"
	"testing"

	"aura.radio/engine/pkg/api"
)

// TestAPI_GetLife: reports and single plays are signs of life, whether they can be
// stored or not. A list tells what was.
func TestAPI_GetLife(t *testing.T) {
	t.Parallel()
	s := newStation(t, at(t, "2020-06-27T17:15:00Z"))
	expect := func(source string, reports, plays int64) {
		t.Helper()
		got := get[api.Life](s, "/source/life/"+source)
		if got.Reports.Count != reports || got.Plays.Count != plays || got.Start == "" {
			t.Errorf("source %s: got %+v, want %d and %d", source, got, reports, plays)
		}
		for _, w := range []api.Words{got.Reports, got.Plays} {
			if (w.SecondsAgo == nil) != (w.Count == 0) {
				t.Errorf("source %s: %+v", source, got)
			}
		}
	}
	const play = `{"trackStart": "2020-06-27T19:14:00", "trackTitle": "Halah", "logSource": 1}`
	expect("1", 0, 0)
	s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"isHealthy": true}`)
	s.do(http.StatusNoContent, http.MethodPost, "/source/health/1", `{"isHealthy": true}`)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", play)
	expect("1", 2, 1)
	s.do(http.StatusNoContent, http.MethodPost, "/playlog", play) // an engine that started again
	s.do(http.StatusOK, http.MethodPost, "/playlog", "["+play+"]")
	s.do(http.StatusBadRequest, http.MethodPost, "/playlog", "[]]")
	expect("1", 2, 2)
	expect("2", 0, 0)
}
