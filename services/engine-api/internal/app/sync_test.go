package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/handler"
	"aura.radio/engine/pkg/handler/handlertest"
	"aura.radio/engine/pkg/lifecycle"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/report"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/trackservice"
	"aura.radio/engine/services/engine-api/internal/app"
)

// syncNode has the parts of a sync node that a node uses.
type syncNode struct {
	base    *lifecycle.Service
	station *repo.Station
	tracks  *trackservice.Service
}

func newSyncNode(t testing.TB, kind repotest.Kind) *syncNode {
	t.Helper()
	cfg := configure(t, repotest.MigratedURL(t, kind), nil)
	station, err := repo.OpenStation(cfg.Database, 1, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	base, err := lifecycle.New(lifecycle.Options{
		Name: "sync-node", Version: "test", Log: quiet(t), HTTP: cfg.HTTP, Database: station, Migrate: cfg.Database.MigrateAtStart(),
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &syncNode{base: base, station: station}
	onAir := n.station.OnAir()
	n.tracks = trackservice.New(onAir, func(e model.Entry, _ time.Time) ([]byte, error) { return json.Marshal(e.Title) }, cfg.Tracks, zerolog.Nop())
	node := handlertest.Node(t, 0, n.station, onAir)
	node.Current, node.Zone = n.tracks, cfg.Station.Zone
	node.Sources = source.New(n.station, 1, base.Cache.Invalidate, zerolog.Nop()).Knowing(func(_ context.Context, number int) (bool, error) { return number < 9, nil })
	node.Recorder = playlog.New(n.station, zerolog.Nop(), time.Now, base.Cache.Invalidate)
	node.Plays = func(period report.Period, now time.Time) report.Plays { return report.FromOnAir(onAir, period, now) }
	operations, err := handler.NewSyncNode(node, handlertest.Own(node, n.station))
	if err != nil {
		t.Fatal(err)
	}
	base.Server.Register(operations)
	return n
}

func (n *syncNode) Listen(ctx context.Context) error { return n.base.Listen(ctx) }
func (n *syncNode) Addr() net.Addr                   { return n.base.Addr() }
func (n *syncNode) Run(ctx context.Context) error {
	return n.base.Run(ctx, lifecycle.Work{Prepare: n.station.Prepare, Tasks: []func(context.Context) error{n.tracks.Run}})
}

// cable connects a node with the sync node.
type cable struct {
	*httptest.Server
	mu sync.Mutex
	// trouble, if set, handles a request instead of the sync node.
	trouble http.HandlerFunc
}

func lay(t *testing.T, to string) *cable {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	c := &cable{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		trouble := c.trouble
		c.mu.Unlock()
		if trouble != nil {
			trouble(w, r)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *cable) set(trouble http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = trouble
}

// cut ends every request without an answer.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// quiet logs only warnings and errors, which a failing test shows.
func quiet(t testing.TB) zerolog.Logger {
	return zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
}

// redundant is a sync node, a cable, and a node at the cable's other end.
type redundant struct {
	sync, node *lifecycletest.Service
	cable      *cable
	start      func() *lifecycletest.Service
}

func deploy(t *testing.T, kind repotest.Kind) *redundant {
	t.Helper()
	r := &redundant{sync: lifecycletest.Start(t, newSyncNode(t, repotest.KindSQLite))}
	r.sync.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	r.cable = lay(t, r.sync.URL)
	cfg := configure(t, repotest.MigratedURL(t, kind), map[string]string{"AURA_SYNC_HOST": r.cable.URL})
	r.start = func() *lifecycletest.Service {
		a, err := app.New(cfg, "test", quiet(t))
		if err != nil {
			t.Fatal(err)
		}
		s := lifecycletest.Start(t, a)
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		return s
	}
	r.node = r.start()
	return r
}

// until repeats a request until the answer is as wanted.
func until(s *lifecycletest.Service, path string, wanted func(answer string) bool) {
	s.AwaitAnswer(http.MethodGet, path, "", func(_ lifecycletest.Answer, answer string) bool { return wanted(answer) })
}

func has(parts ...string) func(string) bool {
	return func(answer string) bool {
		for _, part := range parts {
			if !strings.Contains(answer, part) {
				return false
			}
		}
		return true
	}
}

// nothingWaits recognizes the GET /sync/state of a node with an empty outbox.
var nothingWaits = has(`"outbox":{"entries":0,"healths":0,"oldest":null,"parked":0}`)

func entry(n int) string {
	return fmt.Sprintf(`{"track_start": "2020-06-27T10:%02d:%02d+02:00", "track_title": "Title %d"}`, n/60, n%60, n)
}

const (
	allEntries = "/api/v1/playlog?source=all&limit=100"
	state      = "/api/v1/sync/state"
)

func TestApp_Pushes(t *testing.T) {
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			r := deploy(t, kind)
			began := time.Now()
			r.node.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog/store", mazzie)
			until(r.sync, allEntries, has("Fade Into You"))
			until(r.node, "/api/v1/playlog", has("Fade Into You", `"is_synced":true`))
			until(r.sync, "/api/v1/trackservice/day/2020-06-27", has("Fade Into You"))

			r.node.Await(http.StatusNoContent, http.MethodPut, "/api/v1/source/health/1", `{"is_healthy": true, "details": "all is well"}`)
			until(r.sync, "/api/v1/source/health/1", has("all is well"))
			r.node.Await(http.StatusNoContent, http.MethodPut, "/api/v1/clock", `{"engine_source": 1, "planned_playlist": "of the node"}`)
			until(r.sync, "/api/v1/clock", has("of the node"))

			res, answer := r.node.Call(http.MethodPost, "/api/v1/playlog/1/corrections",
				`{"kind": "amend", "by": "somebody", "reason": "a typing error", "changes": {"track_artist": "Mazzy Star"}}`)
			if res.StatusCode != http.StatusCreated && res.StatusCode != http.StatusOK {
				t.Fatalf("correct: %s %s", res.Status, answer)
			}
			until(r.sync, allEntries, has("Mazzy Star"))
			if took := time.Since(began); took > patience.Stretch(25*time.Second) { // the node looks by itself twice a minute
				t.Errorf("took %s: nobody was woken", took)
			}
			until(r.node, state, nothingWaits)
			until(r.node, "/metrics", has(`aura_outbox_waiting{kind="entries"} 0`, "aura_outbox_connected 1", "aura_active_source_stale 0"))
		})
	}
}

// TestApp_SyncNodeHangs: the sync node takes requests and never answers.
// Callers that store do not notice.
func TestApp_SyncNodeHangs(t *testing.T) {
	t.Parallel()
	r := deploy(t, repotest.KindSQLite)
	r.node.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", entry(0))
	until(r.node, state, nothingWaits) // the node knows that this is a sync node
	held, arrived := make(chan struct{}), make(chan struct{}, 1)
	t.Cleanup(sync.OnceFunc(func() { close(held) }))
	r.cable.set(func(_ http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodPost {
			select {
			case arrived <- struct{}{}:
			default:
			}
		}
		select {
		case <-held:
		case <-q.Context().Done():
		}
	})
	r.node.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", entry(1))
	<-arrived // the first request is under way, and stays so
	for n := range 100 {
		for path, body := range map[string]string{
			"/api/v1/playlog": entry(2 + n), "/api/v1/source/health/1": `{"is_healthy": true}`, "/api/v1/clock": `{"engine_source": 1}`,
		} {
			if res, answer := r.node.Call(http.MethodPost, path, body); res.StatusCode != http.StatusNoContent {
				t.Fatalf("%s: %s %s", path, res.Status, answer)
			}
		}
	}
	if _, answer := r.node.Call(http.MethodGet, state, ""); !has(`"entries":101`)(answer) {
		t.Errorf("while the sync node hangs: %s", answer)
	}
	r.cable.set(nil)
	r.cable.CloseClientConnections()
	until(r.node, state, nothingWaits)
	until(r.sync, "/api/v1/playlog?source=all&limit=1", has("Title 101"))
}

// TestApp_SyncNodeAway: what was stored while the sync node was away is sent
// after a restart.
func TestApp_SyncNodeAway(t *testing.T) {
	t.Parallel()
	r := deploy(t, repotest.KindSQLite)
	r.cable.set(cut)
	r.node.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", entry(1))
	if err := r.node.Stop(); err != nil {
		t.Fatal(err)
	}
	r.cable.set(nil)
	node := r.start()
	until(node, state, nothingWaits)
	until(r.sync, allEntries, has("Title 1"))
}

// TestApp_UnknownSource: what the sync node says of a number that nothing knows
// is also said here.
func TestApp_UnknownSource(t *testing.T) {
	t.Parallel()
	const active = "/api/v1/source/active"
	r := deploy(t, repotest.KindSQLite)
	until(r.node, active, has(`"active_source":1`, `"stale":false`))
	if res, answer := r.node.Call(http.MethodPut, active+"/22?known=true", ""); res.StatusCode != http.StatusBadRequest || !has(`"field":"number"`, "record knows")(answer) {
		t.Errorf("must be known: %s %s", res.Status, answer)
	}
	for number, unknown := range map[string]bool{"22": true, "2": false} {
		res, answer := r.node.Call(http.MethodPut, active+"/"+number, "")
		if res.StatusCode != http.StatusNoContent || (res.Header.Get("Warning") != "") != unknown {
			t.Errorf("%s: %s %s, Warning %q", number, res.Status, answer, res.Header.Get("Warning"))
		}
		if _, answer := r.node.Call(http.MethodGet, active, ""); has(`"unknown":true`)(answer) != unknown {
			t.Errorf("%s: then %s", number, answer)
		}
		metric := "\naura_active_source_unknown 0\n"
		if unknown {
			metric = "\naura_active_source_unknown 1\n"
		}
		until(r.node, "/metrics", has(metric))
	}
}

func TestApp_ActiveSource(t *testing.T) {
	t.Parallel()
	const active = "/api/v1/source/active"
	r := deploy(t, repotest.KindSQLite)
	until(r.node, active, has(`"active_source":1`, `"stale":false`))

	// The sync node decides, and knows who asked.
	if res, answer := r.node.Call(http.MethodPut, active+"/2", `{"by": "somebody", "reason": "tired"}`); res.StatusCode != http.StatusNoContent {
		t.Fatalf("activate: %s %s", res.Status, answer)
	}
	if _, answer := r.node.Call(http.MethodGet, active, ""); !has(`"active_source":2`, `"epoch":1`, `"stale":false`)(answer) {
		t.Errorf("after it was activated here: %s", answer)
	}
	for _, s := range []*lifecycletest.Service{r.sync, r.node} {
		if _, answer := s.Call(http.MethodGet, "/api/v1/source/history", ""); !has(`"source":2`, `"by":"somebody"`, `"reason":"tired"`)(answer) {
			t.Errorf("history: %s", answer)
		}
	}

	// What this node knows may be old, so that is no reason to do nothing.
	r.sync.Await(http.StatusNoContent, http.MethodPut, active+"/3", "")
	r.node.Await(http.StatusNoContent, http.MethodPut, active+"/2", "")
	if _, answer := r.sync.Call(http.MethodGet, active, ""); !has(`"active_source":2`, `"epoch":3`)(answer) {
		t.Errorf("activated again: %s", answer)
	}
	r.node.Await(http.StatusNoContent, http.MethodPut, active+"/2", "")
	if _, answer := r.sync.Call(http.MethodGet, active, ""); !has(`"epoch":3`)(answer) {
		t.Errorf("activating what is active already added a record: %s", answer)
	}
	r.sync.Await(http.StatusNoContent, http.MethodPut, active+"/3?pin=true", "")
	if res, answer := r.node.Call(http.MethodPut, active+"/1", ""); res.StatusCode != http.StatusConflict {
		t.Errorf("pinned: %s %s", res.Status, answer)
	}
	until(r.node, active, has(`"active_source":3`, `"pinned":true`, `"epoch":4`))

	r.cable.set(cut)
	until(r.node, active, has(`"active_source":3`, `"stale":true`))
	res, answer := r.node.Call(http.MethodPut, active+"/1?pin=false", "")
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(answer, "sync node") {
		t.Errorf("without the sync node: %s %s", res.Status, answer)
	}
	if err := r.node.Stop(); err != nil {
		t.Fatal(err)
	}
	node := r.start()
	if res, answer := node.Call(http.MethodGet, active, ""); !has(`"active_source":3`, `"epoch":4`, `"pinned":true`, `"stale":true`)(answer) || res.Header.Get("ETag") != "" {
		t.Errorf("after a restart without the sync node: %s", answer)
	}
	r.cable.set(nil)
	until(node, active, has(`"active_source":3`, `"stale":false`))
}

// TestApp_AnotherNode: AURA_SYNC_HOST is the address of another engine-api.
// That node gets nothing and is not believed, and the reason is visible.
func TestApp_AnotherNode(t *testing.T) {
	t.Parallel()
	start := func(more map[string]string) *lifecycletest.Service {
		a, err := app.New(configure(t, repotest.MigratedURL(t, repotest.KindSQLite), more), "test", zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		s := lifecycletest.Start(t, a)
		s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
		return s
	}
	other := start(map[string]string{"AURA_HOST_ID": "2"})
	other.Await(http.StatusNoContent, http.MethodPut, "/api/v1/source/active/2", "")
	node := start(map[string]string{"AURA_SYNC_HOST": other.URL})
	node.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", entry(1))
	until(node, "/metrics", has("aura_outbox_connected 0"))
	until(node, "/metrics", func(answer string) bool {
		return !strings.Contains(answer, `aura_outbox_failures_total{kind="address"} 0`)
	})
	if _, answer := node.Call(http.MethodGet, state, ""); !has(`"entries":1`)(answer) {
		t.Errorf("state: %s", answer)
	}
	if _, answer := other.Call(http.MethodGet, allEntries, ""); answer != "[]\n" && answer != "[]" {
		t.Errorf("the other node got %s", answer)
	}
	if _, answer := node.Call(http.MethodGet, "/api/v1/source/active", ""); !has(`"active_source":1`, `"stale":true`)(answer) {
		t.Errorf("active source: %s", answer)
	}
	if res, answer := node.Call(http.MethodPut, "/api/v1/source/active/3", ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("activate: %s %s", res.Status, answer)
	}
	if _, answer := other.Call(http.MethodGet, "/api/v1/source/active", ""); !has(`"active_source":2`, `"epoch":1`)(answer) {
		t.Errorf("the other node was told: %s", answer)
	}
}
