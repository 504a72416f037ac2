package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/repo/repotest"
	known "aura.radio/engine/pkg/titles"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

// TestApp_NothingInternal: no path that everybody may read shows what is not for
// everybody.
func TestApp_NothingInternal(t *testing.T) {
	t.Parallel()
	const token = "a-secret-of-administrators"
	cfg, err := config.Load(map[string]string{
		"AURA_LISTEN": "127.0.0.1:0", "AURA_DATABASE_URL": repotest.URL(t, repotest.KindSQLite), "AURA_STATION_TIMEZONE": "UTC",
		"AURA_API_TOKENS": "desk:admin:" + token, "AURA_LOCAL_NEEDS_TOKEN": "true",
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(cfg, "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s := lifecycletest.Start(t, a)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	started := time.Now().Add(-time.Minute)
	httpservertest.StoreInternal(t, s.URL, token, started.UTC().Format(time.RFC3339))
	date := started.UTC().Format(time.DateOnly)
	httpservertest.CheckNothingInternal(t, s.URL, a.PublicReads(), map[string]string{
		":id": known.ID("Mazzy Star", "Halah").String(), ":date": date, ":name": "none.css", ":number": "1", "*file": "index.css",
		":station": "1", ":file": "aura.json", ":timeslot_id": "1",
	}, map[string]string{
		"/search": "?q=halah", "/api/v1/titles": "?q=halah", "/at": "?time=" + started.UTC().Format("2006-01-02T15:04:05Z"),
		"/api/live/nowplaying/sse":      "?cf_connect=%7B%22subs%22%3A%7B%22station%3Aaura%22%3A%7B%7D%7D%7D",
		"/api/v1/trackservice/chapters": "?from=" + date + "T00:00:00Z&to=" + date + "T23:59:59Z",
	}, httpservertest.Secret)
}
