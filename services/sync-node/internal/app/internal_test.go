package app_test

import (
	"net/http"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
)

// TestApp_NothingInternal: no path that everybody may read shows what is not for
// everybody.
func TestApp_NothingInternal(t *testing.T) {
	t.Parallel()
	const token = "a-secret-of-administrators"
	cfg, err := config.Load(map[string]string{
		"AURA_LISTEN": "127.0.0.1:0", "AURA_DATABASE_URL": repotest.MigratedURL(t, repotest.KindSQLite), "AURA_STATION_TIMEZONE": "UTC",
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
	httpservertest.CheckNothingInternal(t, s.URL, token, a.PublicReads())
}
