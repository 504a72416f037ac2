package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestApp_Heard: the track service shows what was heard, and follows what health
// says of fallback. Full records are as they were sent.
func TestApp_Heard(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		s := start(t, repotest.MigratedURL(t, kind))
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		began := time.Now().Add(-2 * time.Minute).UTC().Truncate(time.Second)
		log := func(after time.Duration, title, more string) {
			t.Helper()
			body := fmt.Sprintf(`{"by": "M. Tester", "reason": "test", "entry": {"track_start": %q, "track_title": %q, "track_duration": 600, %s}}`,
				began.Add(after).Format(time.RFC3339), title, more)
			if res, answer := s.Call(http.MethodPost, "/api/v1/playlog/corrections", body); res.StatusCode != http.StatusCreated {
				t.Fatalf("log %s: %s %s", title, res.Status, answer)
			}
		}
		shows := func(path, want string) {
			t.Helper()
			if _, answer := s.Call(http.MethodGet, path, ""); title(t, answer) != want {
				t.Errorf("%s: current is %s, want %s", kind, answer, want)
			}
		}
		const current = "/api/v1/trackservice/current"
		log(0, "programme", `"show_id": 7, "show_name": "Morning"`)
		shows(current, "programme")
		log(time.Minute, "own", `"show_name": "Fallback"`)
		shows(current, "own")
		says := `{"isHealthy": true, "details": "{\"fallback\":false,\"uptime\":600}"}`
		if res, answer := s.Call(http.MethodPost, "/api/v1/source/health/1", says); res.StatusCode != http.StatusNoContent {
			t.Fatalf("health: %s %s", res.Status, answer)
		}
		shows(current, "programme") // it goes on
		if _, answer := s.Call(http.MethodGet, "/api/v1/playlog", ""); len(titlesByID(t, answer)) != 2 {
			t.Errorf("%s: the records are %s", kind, answer)
		}
	}
}
