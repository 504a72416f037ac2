package heartbeat_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/relay"
	"aura.radio/engine/services/engine-api/internal/heartbeat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = strings.Repeat("07", 32)

// monitor hears a relay over a link that loses some of what the relay sends.
type monitor struct {
	conn   *net.UDPConn
	signer *relay.Signer

	mu              sync.Mutex
	loss            float64
	random          *rand.Rand
	follower        *relay.Follower
	counted, missed uint64
	last            uint64
}

func listen(t *testing.T, seed uint64, loss float64) *monitor {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := relay.ReadKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	m := &monitor{conn: conn, signer: relay.NewSigner(keys), loss: loss, random: rand.New(rand.NewPCG(seed, 0)), follower: relay.NewFollower()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		content := make([]byte, relay.Size+1)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(content)
			if err != nil {
				return
			}
			m.hear(t, content[:n], from)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return m
}

func (m *monitor) hear(t *testing.T, datagram []byte, from netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.random.Float64() < m.loss {
		return
	}
	d, ok := m.signer.Read(datagram)
	if !ok || d.Source != 3 {
		t.Errorf("%x is no heartbeat of source 3", datagram)
		return
	}
	switch v, missing, answer := m.follower.Hear(d); v {
	case relay.Counts:
		m.counted++
		m.missed += missing
		m.last = d.Number
	case relay.Challenged:
		if _, err := m.conn.WriteToUDPAddrPort(m.signer.Append(nil, answer), from); err != nil {
			t.Error(err)
		}
	}
}

func (m *monitor) state() (counted, missed, last uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counted, m.missed, m.last
}

// start runs a relay of source 3 at an address until stop is called.
func start(t *testing.T, listen string, monitors ...string) (addr netip.AddrPort, stop func()) {
	t.Helper()
	r, stop := run(t, listen, monitors...)
	return r.Addr(), stop
}

func run(t *testing.T, listen string, monitors ...string) (r *heartbeat.Relay, stop func()) {
	t.Helper()
	environ := map[string]string{"AURA_HEARTBEAT_LISTEN": listen, "AURA_HEARTBEAT_KEY": key}
	for i, m := range monitors {
		environ[fmt.Sprintf("AURA_MONITOR_%d", i+1)] = m
	}
	var cfg heartbeat.Config
	if err := config.Load(&cfg, environ); err != nil {
		t.Fatal(err)
	}
	r, err := heartbeat.Listen(cfg, 3, resolver{}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return r, stop
}

// resolver knows one name.
type resolver struct{}

func (resolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host != "monitor.example" {
		return nil, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// beat sends a heartbeat of the engine, and waits until the monitor got so far.
func beat(t *testing.T, to netip.AddrPort, m *monitor, last uint64) {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("OK")); err != nil {
		t.Fatal(err)
	}
	patience.Await(t, func() error {
		if _, _, got := m.state(); got != last {
			return fmt.Errorf("the last number is %d, want %d", got, last)
		}
		return nil
	})
}

// TestRelay: one heartbeat reaches every monitor, by address and by name, and is
// counted once. A monitor that is away holds up no other. The first heartbeat counts,
// also after a start of the relay or of a monitor.
func TestRelay(t *testing.T) {
	t.Parallel()
	one, two := listen(t, 1, 0), listen(t, 2, 0)
	_, port, err := net.SplitHostPort(two.conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	monitors := []string{one.conn.LocalAddr().String(), "nowhere.example:1", "127.0.0.1:1", "monitor.example:" + port}
	engine, stop := start(t, "127.0.0.1:0", monitors...)
	for n := range uint64(5) {
		beat(t, engine, one, n+1)
	}
	beat(t, engine, two, 6)
	if counted, missed, _ := one.state(); counted < 5 || missed != 0 {
		t.Errorf("%d counted, %d missed", counted, missed)
	}
	stop()
	engine, _ = start(t, engine.String(), monitors...)
	beat(t, engine, one, 1)
	beat(t, engine, one, 2)
	if counted, missed, _ := one.state(); counted != 8 || missed != 0 {
		t.Errorf("after a start of the relay, %d counted, %d missed", counted, missed)
	}
	one.mu.Lock()
	one.follower, one.counted, one.last = relay.NewFollower(), 0, 0
	one.mu.Unlock()
	beat(t, engine, one, 3)
	if counted, missed, _ := one.state(); counted != 1 || missed != 0 {
		t.Errorf("after a start of the monitor, %d counted, %d missed", counted, missed)
	}
}

// TestRelay_Loss: over a link that loses three in ten, each heartbeat is counted or
// known to be missing.
func TestRelay_Loss(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	lossy, clean := listen(t, seed, 0.3), listen(t, 0, 0)
	engine, _ := start(t, "127.0.0.1:0", lossy.conn.LocalAddr().String(), clean.conn.LocalAddr().String())
	const beats = 300
	for n := range uint64(beats) {
		beat(t, engine, clean, n+1)
	}
	lossy.mu.Lock()
	lossy.loss = 0
	before := lossy.counted + lossy.missed
	lossy.mu.Unlock()
	if before == 0 {
		t.Fatal("the lossy link lets nothing through")
	}
	beat(t, engine, lossy, beats+1)
	counted, missed, _ := lossy.state()
	t.Logf("%d counted, %d missing", counted, missed)
	// Nothing is known of the time before the monitor first followed the relay.
	if unknown := beats + 1 - counted - missed; unknown > 20 || missed < beats/5 {
		t.Errorf("of %d heartbeats %d counted and %d are missing", beats+1, counted, missed)
	}
	if counted, missed, _ := clean.state(); counted != beats+1 && missed != 0 {
		t.Errorf("on the clean link %d counted and %d are missing", counted, missed)
	}
}

// TestRelay_Reload: after the exchange of the key the count goes on, and nobody is
// challenged. A key that is no good is refused.
func TestRelay_Reload(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("08", 32)
	m := listen(t, 0, 0)
	r, _ := run(t, "127.0.0.1:0", m.conn.LocalAddr().String())
	beat(t, r.Addr(), m, 1)
	keys, err := relay.ReadKeys(key + "," + other)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	m.signer = relay.NewSigner(keys)
	m.mu.Unlock()
	for _, bad := range []string{"", "short"} {
		if changed, err := r.Reload(heartbeat.Config{Key: bad}); err == nil || len(changed) > 0 || !strings.Contains(err.Error(), "AURA_HEARTBEAT_KEY: must be") {
			t.Errorf("%q is taken: %v, %v", bad, changed, err)
		}
	}
	for i, wanted := range []string{key, other, other} {
		changed, err := r.Reload(heartbeat.Config{Key: wanted})
		if err != nil || (len(changed) == 1) != (i == 1) {
			t.Errorf("%d: changed %v, %v", i, changed, err)
		}
	}
	only, err := relay.ReadKeys(other)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	m.signer = relay.NewSigner(only)
	m.mu.Unlock()
	beat(t, r.Addr(), m, 2)
	if counted, missed, _ := m.state(); counted != 2 || missed != 0 {
		t.Errorf("%d counted, %d missed", counted, missed)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ map[string]string
		want    []string
	}{
		"Nothing": {},
		"OK":      {environ: map[string]string{"HEARTBEAT_LISTEN": "[::1]:43334", "MONITOR_1": "host-3:43334", "MONITOR_2": "[fd00::3]:43334", "HEARTBEAT_KEY": key}},
		"Alone":   {map[string]string{"MONITOR_1": "host-3:43334"}, []string{"AURA_HEARTBEAT_LISTEN: is required"}},
		"Lacking": {map[string]string{"HEARTBEAT_LISTEN": "127.0.0.1:43334"}, []string{"AURA_MONITOR_1: is required", "AURA_HEARTBEAT_KEY: is required"}},
		"Wrong": {map[string]string{"HEARTBEAT_LISTEN": "0.0.0.0:43334", "MONITOR_3": "host-3", "HEARTBEAT_KEY": key[2:]},
			[]string{`AURA_HEARTBEAT_LISTEN="0.0.0.0:43334": must be a loopback`, `AURA_MONITOR_3="host-3": must be a host and a port`, "AURA_HEARTBEAT_KEY: must be at least 32 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := map[string]string{}
			for variable, value := range c.environ {
				environ["AURA_"+variable] = value
			}
			got := ""
			if err := config.Load(new(heartbeat.Config), environ); err != nil {
				got = err.Error()
			}
			lines := strings.Split(got, "\n")
			if len(c.want) == 0 && got != "" || len(c.want) > 0 && len(lines) != len(c.want) {
				t.Fatalf("got %s", got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("got %s, want %s", lines[i], want)
				}
			}
		})
	}
}
