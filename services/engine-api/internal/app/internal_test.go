package app_test

import (
	"net/http"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/engine-api/internal/app"
)

// TestApp_NothingInternal: no path that everybody may read shows what is not for
// everybody.
func TestApp_NothingInternal(t *testing.T) {
	t.Parallel()
	const token = "a-secret-of-administrators"
	a, err := app.New(configure(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_API_TOKENS": "desk:admin:" + token, "AURA_LOCAL_NEEDS_TOKEN": "true"}), "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s := lifecycletest.Start(t, a)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckNothingInternal(t, s.URL, token, a.PublicReads())
}
