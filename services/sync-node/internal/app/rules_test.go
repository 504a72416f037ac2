package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/sync-node/internal/nodetest"
)

const syncRules = "/api/v1/sync/rules"

// TestApp_Older: what an older program stored keeps its identities and its report.
// The rule counts from the first start on.
func TestApp_Older(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.URL(t, kind)
			db := repotest.OpenStationURL(t, url)
			err := db.Migrate(t.Context())
			if err == nil {
				_, err = db.StartRule(t.Context(), model.HeardRule{Version: model.RuleAsSaid})
			}
			if err == nil {
				err = db.Prepare(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			lifecycletest.StoreOldDay(t, db)
			before := time.Now()
			s := start(t, url, nil)
			s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			lifecycletest.WantOldDay(t, s, before)
		})
	}
}

// TestApp_LostRules: a sync node that lost its database gets the station's rules
// back from the node that knows most of them.
func TestApp_LostRules(t *testing.T) {
	t.Parallel()
	fresh, knowing := nodetest.Start(t, 1), nodetest.Start(t, 2)
	first, second := model.DefaultHeardRule(), model.HeardRule{From: at(0), Version: model.RuleAsSaid}
	first.FallbackShows = []string{"Night loop"}
	for node, rules := range map[*nodetest.Node][]model.HeardRule{fresh: {model.DefaultHeardRule()}, knowing: {first, second}} {
		if _, err := node.DB.FollowRules(t.Context(), rules); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_MAIN_HOST_1": fresh.URL, "AURA_MAIN_HOST_2": knowing.URL})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	_, answer := s.Call(http.MethodGet, syncRules, "")
	for _, want := range []string{`"Night loop"`, `"from":"2026-10-20T12:00:00+00:00"`} {
		if !strings.Contains(answer, want) {
			t.Errorf("rules lack %s: %s", want, answer)
		}
	}
}

// TestApp_LostRules_meanwhile: nodes that send at once do not make a lost record an
// old one, for which a rule counts only from now on.
func TestApp_LostRules_meanwhile(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 100), make(chan struct{})
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(node.Close)
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_MAIN_HOST_1": node.URL})
	patience.Receive(t, "the node is asked for its rules", asked)
	const batch = `{"node": 1, "records": [{"log_source": 1, "track_start": "2020-06-27T12:00:00Z", "track_title": "a"}]}`
	if a, answer := s.Call(http.MethodPost, "/api/v1/sync/records", batch); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("before the rules stand: %s %s", a.Status, answer)
	}
	close(release)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	s.Await(http.StatusOK, http.MethodPost, "/api/v1/sync/records", batch)
	if _, answer := s.Call(http.MethodGet, syncRules, ""); strings.Count(answer, `"version"`) != 1 || strings.Contains(answer, `"version":1`) {
		t.Errorf("rules are %s", answer)
	}
}

// TestApp_TwoRules: of two sync nodes over one database with different settings, the
// first one's count, and the other one says so.
func TestApp_TwoRules(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := repotest.URL(t, kind)
			one := start(t, url, map[string]string{"AURA_FALLBACK_SHOWS": "Night loop"})
			one.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			var log strings.Builder
			other := startLogged(t, zerolog.SyncWriter(&log), url, map[string]string{"AURA_FALLBACK_SHOWS": "Another loop"})
			other.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			for _, s := range []*lifecycletest.Service{one, other} {
				_, answer := s.Call(http.MethodGet, syncRules, "")
				if strings.Count(answer, "fallback_shows") != 1 || !strings.Contains(answer, "Night loop") {
					t.Errorf("rules are %s", answer)
				}
			}
			if err := other.Stop(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "sync-node rule --from") || !strings.Contains(log.String(), "Another loop") {
				t.Errorf("the other one does not say so: %s", log.String())
			}
		})
	}
}
