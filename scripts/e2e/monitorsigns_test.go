package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// keyFile is a file from which a service reads the key of relayed heartbeats.
type keyFile string

// set replaces the content at once, as the handbook says.
func (f keyFile) set(t testing.TB, keys ...string) {
	t.Helper()
	if err := os.WriteFile(string(f)+".new", []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(string(f)+".new", string(f)); err != nil {
		t.Fatal(err)
	}
}

// taken returns when the service has said so often that it has another key.
func taken(t testing.TB, s *service, times int) {
	t.Helper()
	patience.Await(t, func() error {
		if n := strings.Count(s.logged(), "AURA_HEARTBEAT_KEY is another one"); n != times {
			return fmt.Errorf("%s took another key %d times, want %d", s.program, n, times)
		}
		return nil
	})
}

// TestMonitor_Relayed: engine-apis relay heartbeats to a monitor that knows no
// address of any engine. The key is exchanged as the handbook says, while all of them
// run. That costs no heartbeat and switches nothing. Then the old key is worth
// nothing: the monitor switches from a source whose relay has it, and whoever sends
// plain heartbeats instead changes nothing.
func TestMonitor_Relayed(t *testing.T) {
	t.Parallel()
	const interval = 500 * time.Millisecond
	before, after := strings.Repeat("5c", 32), strings.Repeat("a7", 32)
	logs, data := t.TempDir(), t.TempDir()
	keyOf := func(service string) keyFile {
		f := keyFile(filepath.Join(data, service+".key"))
		f.set(t, before)
		return f
	}
	ending := func(last func() *service) {
		t.Cleanup(func() {
			if s := last(); s != nil {
				s.end(t)
			}
		})
	}
	register := &node{database: "sqlite://" + filepath.Join(data, "sync-node.db"), logs: logs}
	ending(register.last)
	register.start(t)
	listen, key := freeUDPAddress(t), keyOf("monitor")
	m := &monitor{name: "night", logs: logs, database: "sqlite://" + filepath.Join(data, "monitor.db"), env: []string{
		"AURA_NAME=night", "AURA_SYNC_HOST=" + register.url(), "AURA_HEARTBEAT_LISTEN=" + listen, "AURA_HEARTBEAT_KEY_FILE=" + string(key),
		"AURA_HEARTBEAT_INTERVAL=" + interval.String(), "AURA_HEARTBEAT_TIMEOUT=30s", "AURA_HEARTBEAT_TIMEOUT_MAX=30s", "AURA_START_GRACE=30s"}}
	relays, keys := map[int]*node{}, map[int]keyFile{}
	for number := 1; number <= 2; number++ {
		heard := freeUDPAddress(t)
		keys[number] = keyOf(fmt.Sprintf("engine-api-%d", number))
		beating := newHeart(t, interval)
		beating.mu.Lock()
		beating.to = []netip.AddrPort{netip.MustParseAddrPort(heard)}
		beating.mu.Unlock()
		relays[number] = &node{number: number, logs: logs, database: fmt.Sprintf("sqlite://%s/engine-api-%d.db", data, number), env: []string{
			fmt.Sprintf("AURA_HOST_ID=%d", number), "AURA_SYNC_HOST=" + register.url(), "AURA_HEARTBEAT_LISTEN=" + heard,
			"AURA_MONITOR_1=" + listen, "AURA_HEARTBEAT_KEY_FILE=" + string(keys[number])}}
		ending(relays[number].last)
		relays[number].start(t)
		m.env = append(m.env, fmt.Sprintf("AURA_MAIN_HOST_%d=%s", number, relays[number].url()))
	}
	ending(func() *service { return m.process })
	m.start(t)

	type source struct {
		State      string
		Signs      string
		Lost       int
		Heartbeats int
	}
	all := func() (sources []source) {
		t.Helper()
		status := mustCall(t, http.MethodGet, m.process.url+"/api/v1/status", "", http.StatusOK)
		if err := json.Unmarshal([]byte(status), &struct{ Sources *[]source }{&sources}); err != nil {
			t.Fatal(err)
		}
		return sources
	}
	patience.Within(t, patience.Stretch(2*time.Minute), func() error {
		for i, s := range all() {
			if s.Signs != "relayed" || s.State != "up" || !m.status(t).Acting {
				return fmt.Errorf("source %d is %s by %s", i+1, s.State, s.Signs)
			}
		}
		return nil
	})
	// go on: a few heartbeats of each source arrive.
	goOn := func() {
		t.Helper()
		began := all()
		patience.Await(t, func() error {
			for i, s := range all() {
				if s.Heartbeats < began[i].Heartbeats+3 {
					return fmt.Errorf("of source %d, %d heartbeats arrived", i+1, s.Heartbeats-began[i].Heartbeats)
				}
			}
			return nil
		})
	}

	key.set(t, before, after)
	if err := m.process.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	taken(t, m.process, 1)
	for number, relay := range relays { // without a signal
		keys[number].set(t, after)
		taken(t, relay.last(), 1)
	}
	goOn()
	key.set(t, after)
	taken(t, m.process, 2)
	goOn()
	for i, s := range all() {
		if s.Lost != 0 || s.State != "up" || s.Signs != "relayed" {
			t.Errorf("after the exchange of the key, source %d is %+v", i+1, s)
		}
	}
	if log := m.process.logged(); strings.Contains(log, "has another key") || strings.Contains(log, after) {
		t.Errorf("a heartbeat was refused, or the log tells the key:\n%s", log)
	}
	if all := switchRecords(t, register.url(), ""); len(all) > 0 {
		t.Fatalf("the exchange of the key switched: %+v", all)
	}

	keys[1].set(t, before)
	taken(t, relays[1].last(), 2)
	impostor := newHeart(t, interval)
	impostor.mu.Lock()
	impostor.to = []netip.AddrPort{netip.MustParseAddrPort(listen)}
	impostor.mu.Unlock()
	patience.Within(t, 30*time.Second+patience.Limit(), func() error {
		if all := switchRecords(t, register.url(), ""); len(all) != 1 || all[0].Source != 2 {
			return fmt.Errorf("switches: %+v", all)
		}
		return nil
	})
	if !strings.Contains(m.process.logged(), "has another key") {
		t.Error("the log does not tell of the old key")
	}
	if sources := all(); sources[0].State != "down" {
		t.Errorf("source 1 is %s", sources[0].State)
	}
}
