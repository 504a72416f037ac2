package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/engine-api/internal/app"
)

const syncRules = "/api/v1/sync/rules"

// TestApp_Older: what an older program stored keeps its identities and its report.
// The rule counts from the first start on.
func TestApp_Older(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, kind)
			db := repotest.OpenURL(t, url)
			lifecycletest.StoreOldDay(t, db)
			before := time.Now()
			s := start(t, url)
			s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			lifecycletest.WantOldDay(t, s, before)
		})
	}
}

// TestApp_Rules: a node follows the rules of its sync node, tells them, and goes on
// by them while the sync node is away.
func TestApp_Rules(t *testing.T) {
	t.Parallel()
	node := newSyncNode(t, repotest.KindSQLite)
	upper := lifecycletest.Start(t, node)
	upper.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	first, second := model.DefaultHeardRule(), model.HeardRule{From: time.Date(2020, 6, 27, 0, 0, 0, 0, time.UTC), Version: model.RuleAsSaid}
	first.FallbackShows = []string{"Night loop"}
	if _, err := node.station.StartRule(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := node.station.SetRule(t.Context(), second, nil); err != nil {
		t.Fatal(err)
	}
	cable := lay(t, upper.URL)
	cfg := configure(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_SYNC_HOST": cable.URL})
	follows := func() *lifecycletest.Service {
		a, err := app.New(cfg, "test", quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		s := lifecycletest.Start(t, a)
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		until(s, syncRules, has(`"Night loop"`, `"from":"2020-06-27T00:00:00+00:00"`, `"version":1`))
		return s
	}
	s := follows()
	if _, answer := s.Call(http.MethodGet, "/api/v1/report/2020-06?format=csv&part=summary", ""); !strings.HasSuffix(answer, `,"1, 2"`+"\r\n") {
		t.Errorf("the report's rules: %s", answer)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	cable.set(cut)
	follows()
}

// TestApp_OwnRules: without a sync node, the configured rule is that of the first
// start, and a start with another one says so.
func TestApp_OwnRules(t *testing.T) {
	t.Parallel()
	url := repotest.URL(t, repotest.KindSQLite)
	var log strings.Builder
	for _, show := range []string{"Night loop", "Another loop"} {
		s := startLogged(t, zerolog.New(zerolog.SyncWriter(&log)), url, map[string]string{"AURA_FALLBACK_SHOWS": show})
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		if _, answer := s.Call(http.MethodGet, syncRules, ""); answer != "[]\n" {
			t.Errorf("it tells others of the rules that it started with: %s", answer)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.String(), "engine-api rule --from"); warned != (show == "Another loop") {
			t.Errorf("%s: warned %t: %s", show, warned, log.String())
		}
	}
}
