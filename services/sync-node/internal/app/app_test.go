package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/nodetest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

func start(t *testing.T, databaseURL string, more map[string]string) *lifecycletest.Service {
	t.Helper()
	return startLogged(t, io.Discard, databaseURL, more)
}

// startLogged is start with a log.
func startLogged(t *testing.T, log io.Writer, databaseURL string, more map[string]string) *lifecycletest.Service {
	t.Helper()
	environ := map[string]string{
		"AURA_LISTEN": "127.0.0.1:0", "AURA_DATABASE_URL": databaseURL, "AURA_DB_AUTO_MIGRATE": "true",
		"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_SYNC_STEP_SLEEP": "0", "AURA_DB_QUERY_TIMEOUT": repotest.QueryTimeout.String(),
	}
	for name, value := range more {
		environ[name] = value
	}
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(cfg, "test", zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	return lifecycletest.Start(t, a)
}

// longest is a timeout for calls to a node. No test may wait that long.
const longest = "5m"

// noon is when these tests' titles begin.
var noon = time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)

func at(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }

// titles returns the titles of a list, newest first.
func titles(t *testing.T, answer string) []string {
	t.Helper()
	var list []struct {
		Title string `json:"track_title"`
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	var all []string
	for _, track := range list {
		all = append(all, track.Title)
	}
	return all
}

// awaitTitles waits until a list has the wanted titles.
func awaitTitles(t *testing.T, s *lifecycletest.Service, path string, want ...string) {
	t.Helper()
	s.AwaitAnswer(http.MethodGet, path, "", func(answer lifecycletest.Answer, text string) bool {
		return answer.StatusCode == http.StatusOK && slices.Equal(titles(t, text), want)
	})
}

const (
	onAir = "/api/v1/trackservice?limit=10"
	all   = "/api/v1/playlog?source=all&limit=10"
)

// TestApp_Links: what is configured of covers and recordings is in answers.
func TestApp_Links(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.URL(t, repotest.KindSQLite), map[string]string{
		"AURA_COVER_URL": "https://covers.example/?t={title}", "AURA_RECORDING_URL": "/r/{from_unix}",
	})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog/store", httpservertest.Play)
	_, track := s.Await(http.StatusOK, http.MethodGet, "/api/v1/trackservice", "")
	if !strings.Contains(track, `"cover":"https://covers.example/?t=Fade%20Into%20You"`) || strings.Contains(track, `"recording"`) {
		t.Errorf("a track is %s", track)
	}
	if _, record := s.Await(http.StatusOK, http.MethodGet, "/api/v1/playlog", ""); !strings.Contains(record, `"recording":"/r/1593278040"`) {
		t.Errorf("a record is %s", record)
	}
}

// TestApp_Nodes: what two nodes played arrives by itself. The on-air log
// follows the active source. What is missed later arrives on demand.
func TestApp_Nodes(t *testing.T) {
	t.Parallel()
	first, second := nodetest.Start(t, 1), nodetest.Start(t, 2)
	first.Play(t, 1, at(0), "A0")
	first.Play(t, 1, at(10), "A10")
	second.Play(t, 2, at(1), "B1")
	second.Play(t, 2, at(11), "B11")
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{
		"AURA_MAIN_HOST_1": first.URL, "AURA_MAIN_HOST_2": second.URL + "/", "AURA_SOURCE_NAMES": "2=Engine B",
	})
	awaitTitles(t, s, all, "B11", "A10", "B1", "A0")
	awaitTitles(t, s, onAir, "A10", "A0")
	awaitTitles(t, s, "/api/v1/playlog?limit=10", "A10", "A0")

	if res, answer := s.Call(http.MethodPut, "/api/v1/source/active/2", `{"at": "2026-10-20T12:05:00Z", "by": "M. Tester", "reason": "test"}`); res.StatusCode != http.StatusNoContent {
		t.Fatalf("activate: %s %s", res.Status, answer)
	}
	if _, answer := s.Call(http.MethodGet, onAir, ""); !slices.Equal(titles(t, answer), []string{"B11", "B1", "A0"}) {
		t.Errorf("on air after the switch: %s", answer)
	}
	if res, answer := s.Call(http.MethodGet, "/api/v1/report/2026-10?format=csv", ""); res.StatusCode != http.StatusOK || strings.Count(answer, "\n") < 4 {
		t.Errorf("report: %s %s", res.Status, answer)
	}

	second.Play(t, 2, at(20), "B20")
	if res, answer := s.Call(http.MethodPost, "/api/v1/sync/run", ""); res.StatusCode != http.StatusAccepted {
		t.Fatalf("run: %s %s", res.Status, answer)
	}
	awaitTitles(t, s, onAir, "B20", "B11", "B1", "A0")
	waiting, err := second.DB.Outbox(t.Context())
	for ; err == nil && waiting.Entries > 0 && t.Context().Err() == nil; waiting, err = second.DB.Outbox(t.Context()) {
		s.Call(http.MethodGet, "/healthz", "") // the acknowledgement follows the record
	}
	if err != nil {
		t.Error(err)
	}

	var state api.SyncState
	s.AwaitAnswer(http.MethodGet, "/api/v1/sync/state", "", func(_ lifecycletest.Answer, text string) bool {
		state = api.SyncState{}
		if err := json.Unmarshal([]byte(text), &state); err != nil || state.Nodes == nil || len(*state.Nodes) != 2 {
			t.Fatalf("state: %v %s", err, text)
		}
		return !(*state.Nodes)[0].Running && !(*state.Nodes)[1].Running
	})
	for i, n := range *state.Nodes {
		if n.Number != i+1 || !n.Reachable || n.Detail != "" || n.Reconciled == nil || n.Seen == nil || n.OffsetSeconds == nil ||
			math.Abs(*n.OffsetSeconds) > patience.Limit().Seconds() || n.Name != []string{"", "Engine B"}[i] {
			t.Errorf("node %d: %+v", i, n)
		}
	}
	_, metrics := s.Call(http.MethodGet, "/metrics", "")
	for _, want := range []string{`aura_sync_node_reachable{node="2"} 1`, `aura_sync_runs_total{node="1",result="ok"}`, `aura_sync_runs_total{node="2",result="failed"} 0`, `aura_sync_records_total{node="2",what="fetched"} 5`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}

	// A missing node is shown, and nothing else changes.
	first.Close()
	s.Call(http.MethodPost, "/api/v1/sync/run", "")
	s.AwaitAnswer(http.MethodGet, "/api/v1/sync/state", "", func(_ lifecycletest.Answer, text string) bool {
		return strings.Contains(text, `"reachable":false`)
	})
	awaitTitles(t, s, onAir, "B20", "B11", "B1", "A0")
}

// TestApp_Zone: a node whose clocks show other times is named by the log, the
// status and a metric. A zone of another name with the same clocks is not.
func TestApp_Zone(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, 1) // Europe/Vienna
	for zone, differs := range map[string]bool{"UTC": true, "Europe/Berlin": false} {
		var log loggingtest.Lines
		s := startLogged(t, &log, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_MAIN_HOST_1": node.URL, "AURA_STATION_TIMEZONE": zone})
		want := ""
		if differs {
			want = `its time zone is "Europe/Vienna", the sync node's is "UTC"`
		}
		var state api.SyncState
		s.AwaitAnswer(http.MethodGet, "/api/v1/sync/state", "", func(_ lifecycletest.Answer, text string) bool {
			state = api.SyncState{}
			return json.Unmarshal([]byte(text), &state) == nil && (*state.Nodes)[0].Seen != nil && !(*state.Nodes)[0].Running
		})
		if detail := (*state.Nodes)[0].Detail; !strings.Contains(detail, want) || differs == (detail == "") {
			t.Errorf("%s: detail %q", zone, detail)
		}
		if state.TimeZone == nil || state.TimeZone.Name != zone || len(state.TimeZone.Offsets) == 0 {
			t.Errorf("%s: its own zone is %+v", zone, state.TimeZone)
		}
		if _, metrics := s.Call(http.MethodGet, "/metrics", ""); strings.Contains(metrics, `aura_sync_node_zone_differs{node="1"} 1`) != differs {
			t.Errorf("%s: the metric is wrong", zone)
		}
		if logged := log.Count("the node's time zone differs") > 0; logged != differs {
			t.Errorf("%s: logged: %v", zone, logged)
		}
	}
}

// TestApp_FileGone: a database file that somebody deleted is noticed without a write,
// and what was stored can still be copied.
func TestApp_FileGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sync-node.db")
	var log loggingtest.Lines
	s := startLogged(t, &log, "sqlite://"+path, map[string]string{"AURA_INSTANCE": "web"})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	const body = `{"track_start": "2026-10-20T12:00:00Z", "track_title": "A0", "log_source": 1}`
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", body)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	const words = "deleted or replaced"
	if _, answer := s.Await(http.StatusServiceUnavailable, http.MethodGet, "/readyz", ""); !strings.Contains(answer, words) {
		t.Errorf("/readyz says %s", answer)
	}
	if _, answer := s.Await(http.StatusOK, http.MethodGet, "/api/v1/sync/state", ""); !strings.Contains(answer, words) {
		t.Errorf("/sync/state says %s", answer)
	}
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, text string) bool {
		return strings.Contains(text, "\naura_database_file_gone 1\n") && log.Count("the database's file is gone") > 0
	})
	_, backup := s.Await(http.StatusOK, http.MethodGet, "/backup", "")
	restored := filepath.Join(t.TempDir(), "sync-node.db")
	if err := os.WriteFile(restored, []byte(backup), 0o600); err != nil {
		t.Fatal(err)
	}
	if contents, err := repo.ReadCopy(t.Context(), restored); err != nil || contents.Instance == nil || *contents.Instance != "web" {
		t.Errorf("the backup says it is of %v, %v", contents.Instance, err)
	}
	again := startLogged(t, io.Discard, "sqlite://"+restored, nil)
	if _, answer := again.Await(http.StatusOK, http.MethodGet, "/api/v1/playlog?source=all", ""); !strings.Contains(answer, `"A0"`) {
		t.Errorf("the backup has %s", answer)
	}
}

// TestApp_UnknownSource: a number that no setting, name or record knows is taken,
// and told as long as it is active. A record makes it known.
func TestApp_UnknownSource(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, 1)
	var log loggingtest.Lines
	s := startLogged(t, &log, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_MAIN_HOST_1": node.URL, "AURA_SOURCE_NAMES": "3=Studio line"})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	activate := func(path string, status int, warns bool) {
		t.Helper()
		if res, answer := s.Call(http.MethodPut, "/api/v1/source/active/"+path, ""); res.StatusCode != status || (res.Header.Get("Warning") != "") != warns {
			t.Errorf("activate %s: %s %s, Warning %q", path, res.Status, answer, res.Header.Get("Warning"))
		}
	}
	told := func(metric, logged string) {
		t.Helper()
		s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, text string) bool {
			return strings.Contains(text, "\naura_active_source_unknown "+metric+"\n") && log.Count(logged) > 0
		})
	}
	for _, known := range []string{"1", "3", "1"} {
		activate(known+"?known=true", http.StatusNoContent, false)
	}
	told("0", "")
	activate("22?known=true", http.StatusBadRequest, false)
	activate("22", http.StatusNoContent, true)
	activate("22?known=true", http.StatusBadRequest, false) // not known by having been active
	told("1", "the active source is not known")
	if _, answer := s.Call(http.MethodGet, "/api/v1/source/active", ""); !strings.Contains(answer, `"unknown":true`) {
		t.Errorf("active is %s", answer)
	}
	body := `{"track_start": "2026-10-20T12:00:00Z", "track_title": "A0", "log_source": 22}`
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", body); res.StatusCode != http.StatusNoContent {
		t.Fatalf("store: %s %s", res.Status, answer)
	}
	told("0", "recovered")
	if _, answer := s.Call(http.MethodGet, "/api/v1/source/active", ""); strings.Contains(answer, "unknown") {
		t.Errorf("active is %s", answer)
	}
	activate("22?known=true", http.StatusNoContent, false)
	health := `{"is_healthy": true, "details": "{}", "log_time": "2026-10-20T12:00:00Z"}`
	if res, answer := s.Call(http.MethodPost, "/api/v1/source/health/23", health); res.StatusCode != http.StatusNoContent {
		t.Fatalf("health: %s %s", res.Status, answer)
	}
	activate("23?known=true", http.StatusNoContent, false)
}

// TestApp_TwoProcesses: what one process stores is shown by the other one,
// although that answers from memory.
func TestApp_TwoProcesses(t *testing.T) {
	t.Parallel()
	database := repotest.URL(t, repotest.KindSQLite)
	one := start(t, database, nil)
	one.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	other := start(t, database, nil)
	awaitTitles(t, other, onAir)
	body := `{"track_start": "2026-10-20T12:00:00Z", "track_title": "A0", "log_source": 1}`
	if res, answer := one.Call(http.MethodPost, "/api/v1/playlog", body); res.StatusCode != http.StatusNoContent {
		t.Fatalf("store: %s %s", res.Status, answer)
	}
	began := time.Now()
	awaitTitles(t, other, onAir, "A0")
	t.Logf("the other process shows it after %s", time.Since(began))
	if res, answer := one.Call(http.MethodPut, "/api/v1/source/active/2", `{"at": "2026-10-20T11:00:00Z"}`); res.StatusCode != http.StatusNoContent {
		t.Fatalf("activate: %s %s", res.Status, answer)
	}
	awaitTitles(t, other, onAir)
}

// TestApp_DatabaseHangs: while the database hangs, what was shown before is
// shown with a warning, and it is known that the database does not answer.
// Everything recovers by itself.
func TestApp_DatabaseHangs(t *testing.T) { // not parallel: it disturbs every user of the server
	server := repotest.MariaDB(t)
	s := start(t, server.URL(t), map[string]string{"AURA_DB_QUERY_TIMEOUT": "500ms"})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	const active = "/api/v1/source/active"
	_, before := s.Await(http.StatusOK, http.MethodGet, active, "")
	server.Pause()
	defer server.Resume()
	for range 3 {
		res, answer := s.Call(http.MethodGet, active, "")
		if res.StatusCode != http.StatusOK || answer != before || !strings.HasPrefix(res.Header.Get("Warning"), "111 ") {
			t.Errorf("%s %v %s", res.Status, res.Header, answer)
		}
	}
	if res, answer := s.Call(http.MethodGet, "/readyz", ""); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(answer, "does not answer since") {
		t.Errorf("readyz: %s %s", res.Status, answer)
	}
	server.Resume()
	s.AwaitAnswer(http.MethodGet, active, "", func(answer lifecycletest.Answer, text string) bool {
		return answer.StatusCode == http.StatusOK && answer.Header.Get("Warning") == "" && text == before
	})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
}

// remember gives a node a history, as copied from the sync node: source 2 from
// minute 5 on, and then the given source.
func remember(t *testing.T, n *nodetest.Node, last int64, source int) {
	t.Helper()
	var all []model.Activation
	for epoch := int64(1); epoch <= last; epoch++ {
		a := model.Activation{Epoch: epoch, Source: 2, From: at(5), RecordedAt: at(5).Add(time.Duration(epoch) * time.Second), By: "M. Tester", Reason: fmt.Sprint("switch ", epoch)}
		if epoch == last {
			a.Source, a.From, a.Pinned = source, at(15), true
		}
		all = append(all, a)
	}
	if err := n.DB.RememberActivations(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// TestApp_LostHistory: a sync node that lost its database gets the history of
// the active source back before it takes another activation. What only an
// absent node knew is found later, and stays older.
func TestApp_LostHistory(t *testing.T) {
	t.Parallel()
	first, second := nodetest.Start(t, 1), nodetest.Start(t, 2)
	first.Play(t, 1, at(0), "A0")
	first.Play(t, 1, at(10), "A10")
	second.Play(t, 2, at(1), "B1")
	second.Play(t, 2, at(11), "B11")
	remember(t, first, 52, 1)
	remember(t, second, 60, 2)
	isBack := make(chan struct{})
	target := must(url.Parse(second.URL))
	node := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-isBack:
			node.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(away.Close)
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{
		"AURA_MAIN_HOST_1": first.URL, "AURA_MAIN_HOST_2": away.URL, "AURA_SYNC_TIMEOUT": longest,
	})
	// Until the nodes were asked, callers get no answer. To activate the source
	// that is active changes nothing.
	refused := func(method, path string) {
		t.Helper()
		res, answer := s.Call(method, path, "")
		if ready, _ := s.Call(http.MethodGet, "/readyz", ""); res.StatusCode != http.StatusServiceUnavailable && ready.StatusCode != http.StatusOK {
			t.Errorf("%s %s before the nodes were asked: %s %s", method, path, res.Status, answer)
		}
	}
	refused(http.MethodPut, "/api/v1/source/active/1")
	for _, path := range []string{"/api/v1/source/active", "/api/v1/source/history"} {
		refused(http.MethodGet, path)
	}
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "") // a node that does not answer must not delay this for the longest time
	active := func() (active api.ActiveSource) {
		_, answer := s.Call(http.MethodGet, "/api/v1/source/active", "")
		if err := json.Unmarshal([]byte(answer), &active); err != nil {
			t.Fatal(err)
		}
		return active
	}
	if got := active(); got.Epoch != 52 || got.ActiveSource != 1 || !got.Pinned {
		t.Errorf("active is %+v", got)
	}
	awaitTitles(t, s, onAir, "A10", "A0")
	if res, answer := s.Call(http.MethodPut, "/api/v1/source/active/1?pin=false", `{"at": "2026-10-20T12:20:00Z"}`); res.StatusCode != http.StatusNoContent {
		t.Fatalf("activate: %s %s", res.Status, answer)
	}
	if got := active(); got.Epoch != 53 || got.Pinned {
		t.Errorf("active is %+v", got)
	}

	close(isBack)
	s.Call(http.MethodPost, "/api/v1/sync/run", "")
	// Epoch 52 of the second node is another activation, and epoch 53 was
	// assigned again.
	s.AwaitAnswer(http.MethodGet, "/api/v1/sync/activations?limit=1000&after=-9", "", func(_ lifecycletest.Answer, text string) bool {
		var list []api.SyncActivation
		return json.Unmarshal([]byte(text), &list) == nil && len(list) == 62 && list[0].Epoch == -1
	})
	if got := active(); got.Epoch != 61 || got.ActiveSource != 1 || got.Pinned {
		t.Errorf("active is %+v", got)
	}
	awaitTitles(t, s, onAir, "A10", "B11", "B1", "A0")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestApp_Stop: a node that does not answer does not delay the stop.
func TestApp_Stop(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_MAIN_HOST_1": silent.URL, "AURA_SYNC_TIMEOUT": longest})
	patience.Receive(t, "the node is asked", asked)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// TestApp_EngineWithoutSource: an entry that does not say its source is
// refused.
func TestApp_EngineWithoutSource(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), nil)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", `{"track_start": "2026-10-20T12:00:00Z"}`); res.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "log_source") {
		t.Errorf("%s %s", res.Status, answer)
	}
}

// TestApp_Operations: as wired, the service serves its own operations, and none
// of the other services'.
func TestApp_Operations(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), nil)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckService(t, app.Name, s.URL)
}

// TestApp_Examples: as wired, the service accepts every example that the
// documentation page shows for its operations.
func TestApp_Examples(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{
		"AURA_PAGE_URL": "https://radio.example/", "AURA_RADIODNS_BEARERS": "fm/ce1/c201/09710,dab/ce1/c185/c181/0",
	})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckExamples(t, app.Name, s.URL)
}
