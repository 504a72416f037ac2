package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// watched is a redundant station with one monitor: a sync node and two
// engine-apis.
type watched struct {
	sync    *node
	nodes   map[int]*node // engine-apis, by source
	monitor *monitor
}

// startWatched starts a station. The engine-apis have the settings that relay
// returns.
func startWatched(t *testing.T, relay func(number int) []string, settings ...string) *watched {
	t.Helper()
	logs, data := t.TempDir(), t.TempDir()
	end := func(n *node) {
		if last := n.last(); last != nil {
			last.end(t)
		}
	}
	w := &watched{
		sync: &node{database: "sqlite://" + filepath.Join(data, "sync-node.db"), logs: logs}, nodes: map[int]*node{},
		monitor: &monitor{name: "night", logs: logs, database: "sqlite://" + filepath.Join(data, "monitor.db")},
	}
	t.Cleanup(func() { end(w.sync) })
	w.sync.start(t)
	w.monitor.env = append([]string{"AURA_NAME=night", "AURA_SYNC_HOST=" + w.sync.url()}, settings...)
	for number := 1; number <= 2; number++ {
		n := &node{number: number, logs: logs, database: fmt.Sprintf("sqlite://%s/engine-api-%d.db", data, number)}
		n.env = append([]string{fmt.Sprintf("AURA_HOST_ID=%d", number), "AURA_SYNC_HOST=" + w.sync.url()}, relay(number)...)
		t.Cleanup(func() { end(n) })
		n.start(t)
		w.nodes[number] = n
		w.monitor.env = append(w.monitor.env, fmt.Sprintf("AURA_MAIN_HOST_%d=%s", number, n.url()))
	}
	t.Cleanup(func() {
		if w.monitor.process != nil {
			w.monitor.process.end(t)
		}
	})
	w.monitor.start(t)
	return w
}

// signsOf is what a monitor says of the signs of life of its sources.
func (w *watched) signsOf(t testing.TB) (all []struct {
	State     string  `json:"state"`
	Signs     string  `json:"signs"`
	Promise   string  `json:"promise"`
	DownAfter float64 `json:"down_after_seconds"`
	Received  int     `json:"heartbeats"`
	Lost      int     `json:"lost"`
}) {
	t.Helper()
	status := mustCall(t, http.MethodGet, w.monitor.process.url+"/api/v1/status", "", http.StatusOK)
	if err := json.Unmarshal([]byte(status), &struct{ Sources any }{&all}); err != nil {
		t.Fatal(err)
	}
	return all
}

// reporter is an engine of 2025: it sends no heartbeat, and reports its health every
// ten seconds.
type reporter struct {
	dead atomic.Bool
	last atomic.Int64 // when its last report was answered, in Unix nanoseconds
}

func newReporter(t *testing.T, url string) *reporter {
	t.Helper()
	r := new(reporter)
	ticker := time.NewTicker(10 * time.Second)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			if !r.dead.Load() {
				body := fmt.Sprintf(`{"isHealthy": true, "logTime": %q, "details": "{\"fallback\": false, \"rms\": -18.2}"}`, time.Now().UTC().Format("2006-01-02 15:04:05.000"))
				if status, _, err := call(t.Context(), http.MethodPost, url+"/engine/api/v1/source/health/1", body); err == nil && status == http.StatusNoContent {
					r.last.Store(time.Now().UnixNano())
				}
			}
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped; ticker.Stop() })
	return r
}

// TestMonitor_WithoutHeartbeats: a redundant station of two engines of 2025, which
// send no heartbeats, fails over within the promise that the monitor told.
func TestMonitor_WithoutHeartbeats(t *testing.T) {
	t.Parallel()
	w := startWatched(t, func(int) []string { return []string{"AURA_ENGINE_TIMEZONE=UTC"} },
		"AURA_HEARTBEAT_LISTEN="+freeUDPAddress(t), "AURA_PROBE_INTERVAL=500ms", "AURA_PROBE_TIMEOUT=500ms")
	one := newReporter(t, w.nodes[1].url())
	newReporter(t, w.nodes[2].url())
	var promised time.Duration
	patience.Within(t, patience.Stretch(3*time.Minute), func() error {
		status := w.monitor.status(t)
		for i, s := range w.signsOf(t) {
			if s.Signs != "reports" {
				t.Fatalf("source %d is watched by %s", i+1, s.Signs)
			}
			if s.State != "up" || !strings.Contains(s.Promise, "about every 10 s") || !status.Active.Known || !status.Acting {
				return fmt.Errorf("source %d is %s, %s", i+1, s.State, s.Promise)
			}
		}
		promised = time.Duration(w.signsOf(t)[0].DownAfter * float64(time.Second))
		return nil
	})
	one.dead.Store(true)
	var switched switchRecord
	patience.Within(t, promised+patience.Stretch(2*time.Minute), func() error {
		all := switchRecords(t, w.sync.url(), "")
		if len(all) != 1 {
			return errors.New("it has not switched")
		}
		switched = all[0]
		return nil
	})
	took := switched.From.Sub(time.Unix(0, one.last.Load()))
	t.Logf("promised were %s, it took %s: %s", promised, took.Round(time.Millisecond), switched.Reason)
	if switched.Source != 2 || took < promised-time.Second || took > promised+busy() {
		t.Errorf("switched to %d after %s, promised were %s", switched.Source, took, promised)
	}
}

// TestMonitor_Relayed: engine-apis relay heartbeats to a monitor that knows no
// address of any engine. The update of an engine-api does not switch, and costs no
// heartbeat but those that the engine sent while no process was there. If the engine
// falls silent, the monitor switches, and whoever sends plain heartbeats instead
// changes nothing.
func TestMonitor_Relayed(t *testing.T) {
	t.Parallel()
	const interval = 500 * time.Millisecond
	monitor, key := freeUDPAddress(t), strings.Repeat("5c", 32)
	hearts := map[int]*heart{}
	w := startWatched(t, func(number int) []string {
		listen := freeUDPAddress(t)
		hearts[number] = newHeart(t, interval)
		hearts[number].to = []netip.AddrPort{netip.MustParseAddrPort(listen)}
		return []string{"AURA_HEARTBEAT_LISTEN=" + listen, "AURA_MONITOR_1=" + monitor, "AURA_HEARTBEAT_KEY=" + key}
	}, "AURA_HEARTBEAT_LISTEN="+monitor, "AURA_HEARTBEAT_KEY="+key,
		"AURA_HEARTBEAT_INTERVAL="+interval.String(), "AURA_HEARTBEAT_TIMEOUT=30s", "AURA_HEARTBEAT_TIMEOUT_MAX=30s", "AURA_START_GRACE=30s")
	received := func() int { return w.signsOf(t)[0].Received }
	patience.Within(t, patience.Stretch(2*time.Minute), func() error {
		for i, s := range w.signsOf(t) {
			if s.Signs != "relayed" || s.State != "up" || !w.monitor.status(t).Acting {
				return fmt.Errorf("source %d is %s by %s", i+1, s.State, s.Signs)
			}
		}
		return nil
	})

	// The update: between the two counts the network holds nothing back for long.
	settled := func() (sent, got int) {
		patience.Await(t, func() error {
			before, _ := hearts[1].count()
			got = received()
			if sent, _ = hearts[1].count(); sent != before {
				return errors.New("a heartbeat was sent meanwhile")
			}
			return nil
		})
		return sent, got
	}
	sentBefore, gotBefore := settled()
	w.nodes[1].last().signal(t, syscall.SIGTERM)
	gone, _ := hearts[1].count()
	w.nodes[1].start(t)
	back, _ := hearts[1].count()
	patience.Await(t, func() error {
		if now := received(); now < gotBefore+10 {
			return fmt.Errorf("%d heartbeats arrived since the update", now-gotBefore)
		}
		return nil
	})
	sent, got := settled()
	lost := (sent - sentBefore) - (got - gotBefore)
	t.Logf("the update cost %d heartbeats; %d were sent until it was ready again", lost, back-gone)
	if lost > back-gone+1 {
		t.Errorf("the update cost %d heartbeats, and only %d were sent meanwhile", lost, back-gone)
	}
	if all := switchRecords(t, w.sync.url(), ""); len(all) > 0 {
		t.Fatalf("the update of engine-api switched: %+v", all)
	}

	hearts[1].cut()
	impostor := newHeart(t, interval)
	impostor.mu.Lock()
	impostor.to = []netip.AddrPort{netip.MustParseAddrPort(monitor)}
	impostor.mu.Unlock()
	patience.Within(t, 30*time.Second+patience.Limit(), func() error {
		if all := switchRecords(t, w.sync.url(), ""); len(all) != 1 || all[0].Source != 2 {
			return fmt.Errorf("switches: %+v", all)
		}
		return nil
	})
}
