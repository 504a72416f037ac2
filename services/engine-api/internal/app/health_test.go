package app_test

import (
	"net/http"
	"strings"
	"testing"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestApp_Health: what an engine of 2025 says of fallback and silence is shown,
// measured and warned of.
func TestApp_Health(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		s := startWith(t, repotest.MigratedURL(t, kind), map[string]string{"AURA_SILENCE_BELOW": "-50"})
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		says := func(details string) {
			t.Helper()
			body := `{"isHealthy": true, "details": "` + strings.ReplaceAll(details, `"`, `\"`) + `"}`
			if res, answer := s.Call(http.MethodPost, "/api/v1/source/health/1", body); res.StatusCode != http.StatusNoContent {
				t.Fatalf("%s: %s %s", body, res.Status, answer)
			}
		}
		shows := func(path string, parts ...string) {
			t.Helper()
			_, answer := s.Call(http.MethodGet, path, "")
			for _, part := range parts {
				if !strings.Contains(answer, part) {
					t.Errorf("%s lacks %s: %s", path, part, answer)
				}
			}
		}
		says(`{"fallback":false,"rms":-49.9,"uptime":600}`)
		shows("/api/v1/source/health/1", `"fallback":false`, `"silence":false`, `"frozen":false`, `"restarted_at":null`)
		shows("/metrics", `aura_health_healthy{source="1"} 1`, `aura_health_fallback{source="1"} 0`, `aura_health_silence{source="1"} 0`,
			`aura_health_frozen{source="1"} 0`, `aura_health_no_play_seconds{source="1"} 0`, `aura_health_said_timestamp_seconds{source="1"}`)
		says(`{"fallback":true,"rms":-50.1,"uptime":1}`)
		shows("/api/v1/source/health/1?limit=9", `"fallback":true`, `"silence":true`, `"history":[{`, `"restarted_at":"2`)
		shows("/metrics", `aura_health_fallback{source="1"} 1`, `aura_health_silence{source="1"} 1`, `aura_health_restart_timestamp_seconds{source="1"}`)
		shows("/api/v1/sync/state", "source 1 says that it plays fallback", "source 1 says that it sends silence")
	}
}
