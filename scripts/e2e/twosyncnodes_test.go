package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/repo/repotest"
)

// TestTwoSyncNodes runs two processes of the sync node over one database. What the
// nodes send to one process is soon right at the other. If one process is killed,
// nothing is lost.
func TestTwoSyncNodes(t *testing.T) {
	t.Parallel()
	overTwoSyncNodes(t, short)
}

func overTwoSyncNodes(t *testing.T, e extent) {
	file := func(name string) string { return "sqlite://" + filepath.Join(t.TempDir(), name+".db") }
	url := repotest.MariaDB(t).URL(t)
	s := startStation(t, places{nodes: [2]string{file("engine-api-1"), file("engine-api-2")}, sync: []string{url, url}})
	t.Run("Follow", s.follow)
	s.meet(t, e, []disaster{
		{"Kill", (*station).killAll},
		{"Takeover", (*station).takeOver},
		{"Storm", func(s *station, t *testing.T, e extent) { s.disturb(t, e, fault{refuse: 0.7}) }},
	})
}

// TestSyncNodesOverGalera runs each process at another node of a cluster.
func TestSyncNodesOverGalera(t *testing.T) {
	t.Parallel()
	file := func(name string) string { return "sqlite://" + filepath.Join(t.TempDir(), name+".db") }
	cluster := repotest.Galera(t)
	s := startStation(t, places{nodes: [2]string{file("engine-api-1"), file("engine-api-2")}, sync: cluster.URLs(t)[:2]})
	s.meet(t, extent{kills: 4, work: 40}, []disaster{
		{"Takeover", (*station).takeOver},
		{"ClusterNodeDies", func(s *station, t *testing.T, e extent) {
			s.lead(0)
			s.work(t, e.work)
			cluster.Nodes[0].Kill()
			s.lead(1)
			s.work(t, e.work)
			if err := cluster.Nodes[0].Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.work(t, e.work)
		}},
	})
}

// follow: a title that is on air at one process is also on air at the other. The
// log shows how much later that is.
func (s *station) follow(t *testing.T) {
	s.pause()
	defer s.resume()
	s.drain(t)
	mustCall(t, http.MethodPut, s.sync[0].url()+"/api/v1/source/active/1", `{"by": "M. Tester", "reason": "what follows is on air"}`, http.StatusNoContent)
	var lags []time.Duration
	for i := range 11 {
		title := fmt.Sprintf("live %d", i)
		mustCall(t, http.MethodPost, s.nodes[0].url()+"/api/v1/playlog", play(t, title, time.Now()), http.StatusNoContent)
		shown := func(n *node) time.Time {
			eventually(t, func() error {
				var current entry
				status, answer, err := call(t.Context(), http.MethodGet, n.url()+"/api/v1/trackservice/current", "")
				if err == nil && status == http.StatusOK {
					err = json.Unmarshal([]byte(answer), &current)
				}
				if current.Title != title {
					return fmt.Errorf("%q is on air, want %q (%d %w)", current.Title, title, status, err)
				}
				return nil
			})
			return time.Now()
		}
		first := shown(s.sync[0])
		lags = append(lags, shown(s.sync[1]).Sub(first))
	}
	slices.Sort(lags)
	t.Logf("the other process followed within %s (median), %s (worst)", lags[len(lags)/2], lags[len(lags)-1])
}

// takeOver kills the process that the engine-apis send to, while they send. Then
// it leads them to the other process.
func (s *station) takeOver(t *testing.T, e extent) {
	for range e.kills / 2 {
		s.work(t, 1+s.random.IntN(e.work))
		killed := s.front
		s.sync[killed].kill(t)
		s.lead(1 - killed)
		s.work(t, e.work)
		s.sync[killed].start(t)
	}
}
