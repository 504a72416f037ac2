package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestStatus_single: without a sync node, the status page shows what there is on this
// host, to who sits at it. Maintenance is the sync node's.
func TestStatus_single(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	if _, page := s.Await(http.StatusOK, http.MethodGet, "/status", ""); !strings.Contains(page, "Source 1") || !strings.Contains(page, "Not known") {
		t.Errorf("before anything was said: %s", page)
	}
	now := time.Now().UTC()
	s.Await(http.StatusNoContent, http.MethodPut, "/api/v1/source/health/1", fmt.Sprintf(`{"is_healthy": false, "log_time": %q, "details": "no sound card"}`, now.Format(time.RFC3339)))
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", fmt.Sprintf(`{"track_start": %q, "track_title": "Halah", "track_duration": "long"}`, now.Add(-time.Minute).Format(time.RFC3339)))
	answer, page := s.Await(http.StatusOK, http.MethodGet, "/status", "")
	for _, want := range []string{"Not healthy", "no sound card", "Halah", "track_duration", "engine-api", "1 play", "Europe/Vienna", "/activate"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q: %s", want, page)
		}
	}
	if strings.Contains(page, "/maintain") || strings.Contains(page, "Sign out") {
		t.Errorf("the page offers what is not there: %s", page)
	}
	if kept := answer.Header.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("Cache-Control %q", kept)
	}
}
