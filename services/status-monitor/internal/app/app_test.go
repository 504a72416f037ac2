package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/status-monitor/internal/app"
	"aura.radio/engine/services/status-monitor/internal/config"
	"aura.radio/engine/services/status-monitor/internal/nodetest"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

// station is a monitor of two engines.
type station struct {
	*lifecycletest.Service
	syncNode *nodetest.SyncNode
	silent   [2]atomic.Bool
}

// interval is that of the heartbeats: the tests are quicker than real life.
func interval() time.Duration { return patience.Stretch(100 * time.Millisecond) }

// intervals are so many of them, as the configuration has it.
func intervals(n time.Duration) string { return (n * interval()).String() }

// start runs a monitor over a database, with two engines that are alive.
func start(t *testing.T, databaseURL string, more map[string]string) *station {
	t.Helper()
	s := &station{syncNode: nodetest.Start(t)}
	environ := map[string]string{
		"AURA_NAME": "test", "AURA_LISTEN": "127.0.0.1:0", "AURA_HEARTBEAT_LISTEN": "127.0.0.1:0", "AURA_DATABASE_URL": databaseURL,
		"AURA_SYNC_HOST": s.syncNode.URL, "AURA_SOURCE_NAMES": "1=Engine A",
		"AURA_DB_QUERY_TIMEOUT":   repotest.QueryTimeout.String(),
		"AURA_HEARTBEAT_INTERVAL": intervals(1), "AURA_HEARTBEAT_TIMEOUT": intervals(15), "AURA_HEARTBEAT_TIMEOUT_MAX": intervals(20),
		"AURA_RECOVERY_HOLD": intervals(10), "AURA_START_GRACE": intervals(20),
	}
	var engines [2]*net.UDPConn
	for i := range engines {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		engines[i] = conn
		environ["AURA_SOURCE_"+string(rune('1'+i))] = conn.LocalAddr().String()
	}
	maps.Copy(environ, more)
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(cfg, "1.2.3", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s.Service = lifecycletest.Start(t, a)
	for i, conn := range engines {
		go func() {
			ticker := time.NewTicker(interval())
			defer ticker.Stop()
			for ; t.Context().Err() == nil; <-ticker.C {
				if !s.silent[i].Load() {
					_, _ = conn.WriteTo([]byte("OK"), a.HeartbeatAddr())
				}
			}
		}()
	}
	return s
}

// await returns the status as soon as it is as expected.
func (s *station) await(t *testing.T, wanted func(api.MonitorStatus) bool) (status api.MonitorStatus) {
	t.Helper()
	s.AwaitAnswer(http.MethodGet, "/api/v1/status", "", func(answer lifecycletest.Answer, text string) bool {
		status = api.MonitorStatus{}
		if err := json.Unmarshal([]byte(text), &status); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s %v", answer.Status, text, err)
		}
		return wanted(status)
	})
	return status
}

func bothUp(s api.MonitorStatus) bool {
	return s.Acting && !slices.ContainsFunc(s.Sources, func(source api.MonitorSource) bool { return source.State != api.SourceUp })
}

// TestApp_UnknownSource: what the sync node does not know is a fault in the
// status and the metrics, as long as it is active.
func TestApp_UnknownSource(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.URL(t, repotest.KindSQLite), nil)
	s.await(t, bothUp)
	told := func(source int, unknown bool, metric string) {
		t.Helper()
		s.await(t, func(s api.MonitorStatus) bool {
			return s.Active.Source == source && s.Active.Unknown == unknown && !s.Active.Unconfirmed
		})
		s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, text string) bool {
			return strings.Contains(text, "\naura_monitor_active_source_unknown "+metric+"\n")
		})
	}
	client, err := peer.New(s.syncNode.URL, peer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Activate(t.Context(), peer.ActivateRequest{Source: 22, Pin: new(true)}); err != nil {
		t.Fatal(err)
	}
	told(22, true, "1")
	if err := client.Activate(t.Context(), peer.ActivateRequest{Source: 2, Pin: new(false), Known: true}); err != nil {
		t.Fatal(err)
	}
	told(2, false, "0")
}

// TestApp: from heartbeats on a socket to the sync node's audit record.
func TestApp(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), nil)
	status := s.await(t, bothUp)
	if a := status.Active; !a.Known || a.Source != 1 || a.Name != "Engine A" || a.Unconfirmed || a.Since != nil {
		t.Errorf("active is %+v", a)
	}
	if first := status.Sources[0]; !first.Active || first.Number != 1 || first.Heard == nil || first.Heartbeats == 0 || first.ApiFailure != nil || first.Sender == "" {
		t.Errorf("source 1 is %+v", first)
	}
	if status.Name != "test" || status.Version != "1.2.3" || status.Alarm != "" || !status.SyncNode.Reachable || status.SyncNode.LeaseHolder == "" || status.SyncNode.LeaseSeconds <= 0 {
		t.Errorf("status is %+v", status)
	}

	s.silent[0].Store(true)
	status = s.await(t, func(s api.MonitorStatus) bool { return s.Active.Source == 2 && !s.Active.Unconfirmed })
	if status.Sources[0].State != api.SourceDown || !strings.Contains(status.Sources[0].Reason, "no heartbeat") || status.Active.Since == nil {
		t.Errorf("after the switch, the status is %+v", status)
	}
	list := s.syncNode.Activations(t)
	if len(list) != 1 || list[0].Source != 2 || list[0].By != "status-monitor test" || !strings.Contains(list[0].Reason, "source 1 is down") {
		t.Errorf("the history is %+v", list)
	}
	if _, short := s.Call(http.MethodGet, "/status", ""); !strings.Contains(short, `"source":2`) {
		t.Errorf("/status is %s", short)
	}
	_, metrics := s.Call(http.MethodGet, "/metrics", "")
	for _, want := range []string{
		"aura_monitor_switches_total 1", `aura_monitor_source_state{source="1",state="down"} 1`, "aura_monitor_decision_seconds_count 1",
		`aura_monitor_heartbeat_age_seconds{source="2"}`, `aura_monitor_heartbeats_total{source="1"}`, "aura_monitor_strangers_total 0", "aura_monitor_acting 1",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}

	s.silent[0].Store(false)
	status = s.await(t, func(s api.MonitorStatus) bool { return s.Sources[0].UpAt != nil })
	if status.Sources[0].State != api.SourceDown || status.Active.Source != 2 {
		t.Errorf("on the way back, the status is %+v", status)
	}
	if status = s.await(t, bothUp); status.Active.Source != 2 {
		t.Errorf("it switched back: %+v", status)
	}

	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	lease, err := s.syncNode.DB.Lease(t.Context(), "monitor")
	if err != nil || lease.Remaining > 0 {
		t.Errorf("after the stop, the lease is %+v (%v)", lease, err)
	}
}

// TestApp_Restart: a monitor that comes back knows what it knew before, and says
// nothing twice.
func TestApp_Restart(t *testing.T) {
	t.Parallel()
	url := repotest.URL(t, repotest.KindSQLite)
	first := start(t, url, nil)
	first.await(t, bothUp)
	first.silent[0].Store(true)
	first.await(t, func(s api.MonitorStatus) bool { return s.Active.Source == 2 && !s.Active.Unconfirmed })
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	// The sync node is away when it comes back.
	again := start(t, url, map[string]string{"AURA_SYNC_HOST": "http://127.0.0.1:1"})
	status := again.await(t, func(s api.MonitorStatus) bool { return s.Active.Epoch == 1 && !s.SyncNode.Reachable })
	if status.Active.Source != 2 || status.Active.Unconfirmed {
		t.Errorf("it knows %+v", status.Active)
	}
}

// TestApp_WithoutDatabase: the monitor switches away from an engine that fails,
// although nothing can be written down.
func TestApp_WithoutDatabase(t *testing.T) {
	t.Parallel()
	s := start(t, "mysql://nobody:nothing@127.0.0.1:1/none", nil)
	s.await(t, bothUp)
	if res, _ := s.Call(http.MethodGet, "/readyz", ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %s", res.Status)
	}
	s.silent[0].Store(true)
	s.await(t, func(s api.MonitorStatus) bool { return s.Active.Source == 2 && !s.Active.Unconfirmed })
	if list := s.syncNode.Activations(t); len(list) != 1 {
		t.Errorf("the history is %+v", list)
	}
}

// TestApp_Operator: the monitor does what people say at the sync node.
func TestApp_Operator(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), nil)
	s.await(t, bothUp)
	call := func(method, path, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.syncNode.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Fatalf("%s %s: %s", method, path, res.Status)
		}
	}
	call(http.MethodPut, "/api/v1/source/maintenance/2", `{"on": true, "by": "M. Tester", "reason": "new fan"}`)
	s.await(t, func(s api.MonitorStatus) bool { return s.Sources[1].Maintenance })
	s.silent[0].Store(true)
	s.await(t, func(s api.MonitorStatus) bool { return s.Alarm != "" }) // there is no other source
	call(http.MethodPut, "/api/v1/source/active/1?pin=true", `{"by": "M. Tester", "reason": "silence is better"}`)
	s.await(t, func(s api.MonitorStatus) bool { return s.Active.Pinned && s.Active.Manual })
	call(http.MethodPut, "/api/v1/source/maintenance/2", `{"on": false}`)
	s.await(t, func(s api.MonitorStatus) bool { return !s.Sources[1].Maintenance })
	if list := s.syncNode.Activations(t); len(list) != 1 {
		t.Errorf("it broke a pin: %+v", list)
	}
	call(http.MethodPut, "/api/v1/source/active/1?pin=false", `{"by": "M. Tester"}`)
	status := s.await(t, func(s api.MonitorStatus) bool { return s.Active.Source == 2 })
	if status.Alarm != "" {
		t.Errorf("the alarm is not over: %s", status.Alarm)
	}
}

// TestApp_EachSwitch: an operator activates a source that is down, and the monitor
// takes that back at once. Webhooks hear of both, and the command runs for both.
// What changes while the monitor is stopped is told after its start.
func TestApp_EachSwitch(t *testing.T) {
	t.Parallel()
	heard := &receiver{}
	hook := httptest.NewServer(heard)
	t.Cleanup(hook.Close)
	orders := filepath.Join(t.TempDir(), "orders")
	url := repotest.URL(t, repotest.KindSQLite)
	settings := map[string]string{
		"AURA_WEBHOOK_1": hook.URL, "AURA_WEBHOOK_SECRET": "0123456789abcdef01234567",
		"AURA_ON_SWITCH_COMMAND": `/bin/sh -c "echo {source} >> ` + orders + `"`,
	}
	expect := func(switches, ran string) {
		t.Helper()
		patience.Await(t, func() error {
			text, err := os.ReadFile(orders)
			if got := strings.Join(strings.Fields(string(text)), " "); err != nil || got != ran {
				return fmt.Errorf("the command ran for %q, want %q (%w)", got, ran, err)
			}
			if got := heard.switches(); got != switches {
				return fmt.Errorf("the webhook heard of %q, want %q", got, switches)
			}
			return nil
		})
	}
	s := start(t, url, settings)
	s.await(t, bothUp)
	expect("1", "1")
	s.silent[1].Store(true)
	s.await(t, func(s api.MonitorStatus) bool { return s.Sources[1].State == api.SourceDown })
	activate := func(source string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.syncNode.URL+"/api/v1/source/active/"+source, strings.NewReader(`{"by": "M. Tester"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Fatal(res.Status)
		}
	}
	activate("2")
	expect("1 2 1", "1 2 1")
	s.await(t, func(s api.MonitorStatus) bool { return !s.Active.Unconfirmed && s.Active.Epoch == 2 })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	activate("2")
	activate("1")
	settings["AURA_SYNC_HOST"] = s.syncNode.URL
	start(t, url, settings).await(t, bothUp)
	expect("1 2 1 2 1", "1 2 1 1") // the command runs for what is active
}

// receiver is a webhook.
type receiver struct {
	mu  sync.Mutex
	got []string // the sources of the switches
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var e struct {
		Type   string
		Source int
	}
	if err := json.NewDecoder(request.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Type == "switch" {
		r.got = append(r.got, strconv.Itoa(e.Source))
	}
}

func (r *receiver) switches() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.got, " ")
}

// TestApp_Check: what a check plugin finds is in the status and the metrics.
func TestApp_Check(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_CHECK_1": `/bin/sh -c "echo 'no sound | level=-90'; exit 2"`})
	s.await(t, func(s api.MonitorStatus) bool {
		return s.Sources[0].Check == "CRITICAL: no sound" && s.Sources[1].Check == ""
	})
	_, metrics := s.Call(http.MethodGet, "/metrics", "")
	for _, want := range []string{`aura_monitor_check_outcome{source="1"} 2`, `aura_monitor_source_sick{source="1"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, `aura_monitor_check_outcome{source="2"}`) {
		t.Error("source 2 has no check")
	}
}

// TestApp_Operations: the wired service answers its own operations, and none of
// the others.
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
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), nil)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckExamples(t, app.Name, s.URL)
}
