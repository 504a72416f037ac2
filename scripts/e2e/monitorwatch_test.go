package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// heart sends an engine's heartbeats from a port of its own. It is also the
// network to the monitors, in which heartbeats may get lost.
type heart struct {
	address string
	conn    *net.UDPConn

	mu     sync.Mutex
	to     []netip.AddrPort
	passes func() bool // whether the next heartbeat arrives
	last   time.Time   // when the last heartbeat arrived
	sent   int
	lost   int
}

// newHeart beats until the test ends.
func newHeart(t testing.TB, interval time.Duration) *heart {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h := &heart{address: conn.LocalAddr().String(), conn: conn, passes: always}
	tick := time.NewTicker(interval)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				h.beat()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		tick.Stop()
		conn.Close()
	})
	return h
}

func always() bool { return true }
func never() bool  { return false }

func (h *heart) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent++
	if !h.passes() {
		h.lost++
		return
	}
	h.last = time.Now()
	for _, to := range h.to {
		// Nobody may be listening; a heartbeat is not worth an error.
		_, _ = h.conn.WriteToUDPAddrPort([]byte("OK"), to)
	}
}

// link sets which heartbeats arrive from now on, and returns when the last
// heartbeat arrived.
func (h *heart) link(passes func() bool) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passes = passes
	return h.last
}

func (h *heart) cut() time.Time { return h.link(never) }
func (h *heart) mend()          { h.link(always) }

// count is how many heartbeats were sent so far, and how many of them were lost.
func (h *heart) count() (sent, lost int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent, h.lost
}

// rhythm holds the monitor's settings that say how fast everything goes.
type rhythm struct {
	interval, timeout, timeoutMax, hold, holdMax, grace time.Duration
}

// faster is the rhythm of the default settings, scaled to heartbeats at another
// interval than 1 s. More patience makes it slower.
func faster(interval time.Duration) rhythm {
	interval = patience.Stretch(interval)
	return rhythm{
		interval: interval, timeout: 4 * interval, timeoutMax: 20 * interval,
		hold: 30 * interval, holdMax: 300 * interval, grace: 10 * interval,
	}
}

// hurried is a rhythm for many failures. A source is up again soon, and no loss
// makes a monitor more patient.
func hurried(interval time.Duration) rhythm {
	interval = patience.Stretch(interval)
	return rhythm{
		interval: interval, timeout: 10 * interval, timeoutMax: 10 * interval,
		hold: 10 * interval, holdMax: 10 * interval, grace: 12 * interval,
	}
}

// promised is the silence after which a source is down if no heartbeat was lost
// before.
func (r rhythm) promised() time.Duration { return r.timeout + r.interval/2 }

// leaseTime is how long a monitor may act without renewing its lease. It is hardly
// longer than it must be.
func leaseTime() time.Duration { return patience.Stretch(3 * time.Second) }

// monitor is a status monitor: a process that comes and goes, with a link to the
// sync node.
type monitor struct {
	programs string // the folder of its program; "" is bin
	name     string
	database string
	env      []string
	logs     string
	link     *link
	orders   string // the file to which the monitors' commands append
	process  *service
}

func (m *monitor) start(t testing.TB) {
	t.Helper()
	m.process = launchFrom(t, cmp.Or(m.programs, bin), m.logs, "status-monitor", m.database, m.env...)
	awaitReady(t, m.process.url, m.process.exited)
}

func (m *monitor) kill(t testing.TB) {
	t.Helper()
	m.process.signal(t, syscall.SIGKILL)
}

// order records that a monitor ran its command.
type order struct{ monitor, source string }

// ordersIn are all orders in a file, oldest first.
func ordersIn(t testing.TB, file string) []order {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var all []order
	for line := range strings.Lines(string(text)) {
		monitor, source, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, order{monitor, source})
	}
	return all
}

// ran are the sources for which the monitor ran its command, in order.
func (m *monitor) ran(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, o := range ordersIn(t, m.orders) {
		if o.monitor == m.name {
			all = append(all, o.source)
		}
	}
	return all
}

// monitorStatus is what a monitor says about itself.
type monitorStatus struct {
	Acting bool   `json:"acting"`
	Detail string `json:"acting_detail"`
	Alarm  string `json:"alarm"`
	Active struct {
		Known       bool  `json:"known"`
		Source      int   `json:"source"`
		Epoch       int64 `json:"epoch"`
		Pinned      bool  `json:"pinned"`
		Unconfirmed bool  `json:"unconfirmed"`
	} `json:"active"`
	Sources []struct {
		Number    int     `json:"number"`
		State     string  `json:"state"`
		Reason    string  `json:"reason"`
		Received  int     `json:"heartbeats"`
		Lost      int     `json:"lost"`
		DownAfter float64 `json:"down_after_seconds"`
		Failure   *string `json:"api_failure"` // nil: its engine-api was not asked
	} `json:"sources"`
	Waiting []struct {
		Channel string `json:"channel"`
		Count   int    `json:"count"`
	} `json:"waiting"`
}

func (m *monitor) status(t testing.TB) monitorStatus {
	t.Helper()
	var s monitorStatus
	if err := json.Unmarshal([]byte(mustCall(t, http.MethodGet, m.process.url+"/api/v1/status", "", http.StatusOK)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// owes is how many activations still wait for the sync node.
func (s monitorStatus) owes() int {
	for _, w := range s.Waiting {
		if w.Channel == "activation" {
			return w.Count
		}
	}
	return 0
}

// watch is a sync node, two sources and the monitors that watch them.
type watch struct {
	rhythm
	seed     uint64
	random   *rand.Rand
	sync     *node
	hearts   map[int]*heart // by source
	monitors []*monitor
}

// startWatch returns when each monitor has heard both sources and one of the
// monitors acts.
func startWatch(t *testing.T, r rhythm, monitors int) *watch {
	t.Helper()
	w := newWatch(t, r, monitors)
	w.start(t)
	return w
}

// start starts all programs, and returns when they are at rest.
func (w *watch) start(t *testing.T) {
	t.Helper()
	w.sync.start(t)
	for _, m := range w.monitors {
		m.start(t)
	}
	w.rest(t)
}

// newWatch configures everything. Only the hearts beat yet.
func newWatch(t *testing.T, r rhythm, monitors int) *watch {
	t.Helper()
	seed := seedOf(t)
	logs, data := t.TempDir(), t.TempDir()
	w := &watch{
		rhythm: r, seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
		sync: &node{database: "sqlite://" + filepath.Join(data, "sync-node.db"), logs: logs,
			env: []string{"AURA_DB_AUTO_MIGRATE=true", "AURA_LOG_LEVEL=error"}},
		hearts: map[int]*heart{1: newHeart(t, r.interval), 2: newHeart(t, r.interval)},
	}
	t.Cleanup(func() {
		if last := w.sync.last(); last != nil {
			last.end(t)
		}
	})
	script := filepath.Join(data, "switch.sh")
	if err := os.WriteFile(script, []byte("echo \"$2 $3\" >>\"$1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range monitors {
		m := &monitor{name: fmt.Sprintf("night-%d", i+1), logs: logs, link: newLink(t, seed+uint64(i), w.sync.url)}
		m.database, m.orders = "sqlite://"+filepath.Join(data, m.name+".db"), filepath.Join(data, "orders")
		beats := netip.MustParseAddrPort(freeUDPAddress(t))
		m.env = []string{
			"AURA_NAME=" + m.name, "AURA_HEARTBEAT_LISTEN=" + beats.String(), "AURA_SYNC_HOST=" + m.link.url,
			"AURA_DB_AUTO_MIGRATE=true", "AURA_LEASE_TIME=" + leaseTime().String(),
			"AURA_HEARTBEAT_INTERVAL=" + r.interval.String(), "AURA_HEARTBEAT_TIMEOUT=" + r.timeout.String(),
			"AURA_HEARTBEAT_TIMEOUT_MAX=" + r.timeoutMax.String(), "AURA_RECOVERY_HOLD=" + r.hold.String(),
			"AURA_RECOVERY_HOLD_MAX=" + r.holdMax.String(), "AURA_START_GRACE=" + r.grace.String(),
			fmt.Sprintf("AURA_ON_SWITCH_COMMAND=/bin/sh '%s' '%s' %s {source}", script, m.orders, m.name),
		}
		for number, h := range w.hearts {
			m.env = append(m.env, fmt.Sprintf("AURA_SOURCE_%d=%s", number, h.address))
			h.mu.Lock()
			h.to = append(h.to, beats)
			h.mu.Unlock()
		}
		t.Cleanup(func() {
			if m.process != nil {
				m.process.end(t)
			}
		})
		w.monitors = append(w.monitors, m)
	}
	return w
}

// soon is eventually, for conditions that should take a few seconds.
func soon(t testing.TB, condition func() error) {
	t.Helper()
	patience.Await(t, condition)
}

// history is every activation, newest first.
func (w *watch) history(t testing.TB) []switchRecord {
	t.Helper()
	return switchRecords(t, w.sync.url(), "")
}

// switched returns when there are exactly count activations. The last one must be
// a monitor's, of source to.
func (w *watch) switched(t testing.TB, count, to int) switchRecord {
	t.Helper()
	var last switchRecord
	soon(t, func() error {
		all := w.history(t)
		if len(all) > count {
			t.Fatalf("%d activations, want %d: %+v", len(all), count, all[:min(4, len(all))])
		}
		if len(all) < count {
			return fmt.Errorf("%d activations, want %d", len(all), count)
		}
		last = all[0]
		return nil
	})
	if last.Source != to || !byMonitor(last) {
		t.Fatalf("%+v, want a monitor's of source %d", last, to)
	}
	return last
}

func byMonitor(r switchRecord) bool { return strings.HasPrefix(r.By, "status-monitor ") }

// rest mends every link. It returns when both sources are up, one monitor acts,
// and none owes anything. Moreover, all monitors must know what the sync node
// says, and the audio must last have been switched to the active source.
func (w *watch) rest(t testing.TB) {
	t.Helper()
	for _, h := range w.hearts {
		h.mend()
	}
	for _, m := range w.monitors {
		m.link.set(fault{})
	}
	soon(t, func() error {
		epoch := int64(0)
		if all := w.history(t); len(all) > 0 {
			epoch = slices.MaxFunc(all, func(a, b switchRecord) int { return int(a.Epoch - b.Epoch) }).Epoch
		}
		acting := 0
		for _, m := range w.monitors {
			s := m.status(t)
			if s.Acting {
				acting++
			}
			if !s.Active.Known || s.Active.Unconfirmed || s.Active.Epoch != epoch || s.owes() > 0 || s.Alarm != "" {
				return fmt.Errorf("%s at epoch %d: %+v", m.name, epoch, s)
			}
			for _, source := range s.Sources {
				if source.State != "up" {
					return fmt.Errorf("%s: source %+v", m.name, source)
				}
			}
		}
		if acting != 1 {
			return fmt.Errorf("%d monitors act", acting)
		}
		active, orders := w.monitors[0].status(t).Active.Source, ordersIn(t, w.monitors[0].orders)
		if len(orders) == 0 || orders[len(orders)-1].source != strconv.Itoa(active) {
			return fmt.Errorf("source %d is active, and the audio was switched so: %+v", active, orders[max(0, len(orders)-8):])
		}
		return nil
	})
}

// acting are the monitor that acts and the other monitor, if there are two.
func (w *watch) acting(t testing.TB) (holder, standby *monitor) {
	t.Helper()
	soon(t, func() error {
		holder, standby = nil, nil
		for _, m := range w.monitors {
			if m.status(t).Acting {
				holder = m
			} else {
				standby = m
			}
		}
		if holder == nil {
			return errors.New("no monitor acts")
		}
		return nil
	})
	return holder, standby
}

// other is the other source.
func other(source int) int { return 3 - source }
