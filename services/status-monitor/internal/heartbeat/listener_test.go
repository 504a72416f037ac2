package heartbeat_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load is the configuration of those sources, listening on a free port.
func load(tb testing.TB, listen string, sources map[string]string) heartbeat.Config {
	tb.Helper()
	environ := map[string]string{"AURA_HEARTBEAT_LISTEN": listen}
	for number, sender := range sources {
		environ["AURA_SOURCE_"+number] = sender
	}
	var cfg heartbeat.Config
	if err := config.Load(&cfg, environ); err != nil {
		tb.Fatal(err)
	}
	return cfg
}

// start runs a listener until the test ends.
func start(tb testing.TB, cfg heartbeat.Config, log *loggingtest.Lines) *heartbeat.Listener {
	tb.Helper()
	l, err := heartbeat.Listen(cfg, net.DefaultResolver, zerolog.New(log))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	return l
}

// sender is a socket that sends to a listener, from an address that may name a
// port.
func sender(tb testing.TB, from string, to netip.AddrPort) *net.UDPConn {
	tb.Helper()
	network := "udp4"
	if to.Addr().Unmap().Is6() {
		network = "udp6"
	}
	conn, err := net.DialUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(from)), net.UDPAddrFromAddrPort(to))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return conn
}

func send(tb testing.TB, conn *net.UDPConn, contents ...string) {
	tb.Helper()
	for _, c := range contents {
		if _, err := conn.Write([]byte(c)); err != nil {
			tb.Fatal(err)
		}
	}
}

// counts waits until that many datagrams of sources have arrived, and returns
// how many came from each.
func counts(tb testing.TB, l *heartbeat.Listener, total int) map[int]int {
	tb.Helper()
	got, sum := map[int]int{}, 0
	for sum < total {
		patience.Receive(tb, fmt.Sprintf("%d datagrams, %v arrived", total, got), l.Arrived())
		for _, b := range l.Take(nil) {
			got[b.Source] += b.Count
			sum += b.Count
		}
	}
	return got
}

// until polls a condition that no channel reports.
func until(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	patience.Await(tb, func() error {
		if !condition() {
			return errors.New("in vain: " + what)
		}
		return nil
	})
}

func TestListener(t *testing.T) {
	t.Parallel()
	var log loggingtest.Lines
	l := start(t, load(t, "127.0.0.1:0", map[string]string{"1": "127.0.0.2", "7": "127.0.0.3"}), &log)
	one, seven, stranger := sender(t, "127.0.0.2:0", l.Addr()), sender(t, "127.0.0.3:0", l.Addr()), sender(t, "127.0.0.4:0", l.Addr())
	before := time.Now()
	send(t, stranger, "OK", "OK")
	send(t, one, "OK", "", strings.Repeat("x", 9000))
	send(t, seven, "OK")
	if got := counts(t, l, 4); !maps.Equal(got, map[int]int{1: 3, 7: 1}) {
		t.Error(got)
	}
	if got := l.Received(); !maps.Equal(got, map[int]uint64{1: 3, 7: 1}) {
		t.Error(got)
	}
	list, total := l.Strangers()
	if total != 2 || len(list) != 1 || list[0].From != stranger.LocalAddr().(*net.UDPAddr).AddrPort() || list[0].Count != 2 || list[0].Last.Before(before) {
		t.Error(list, total)
	}
	if log.Count("belongs to no source") != 1 {
		t.Errorf("log: %s", &log)
	}
}

// TestListener_Coalesces: heartbeats that nobody takes are neither lost nor kept
// one by one.
func TestListener_Coalesces(t *testing.T) {
	t.Parallel()
	l := start(t, load(t, "127.0.0.1:0", map[string]string{"1": "127.0.0.2", "2": "127.0.0.3"}), new(loggingtest.Lines))
	one, two := sender(t, "127.0.0.2:0", l.Addr()), sender(t, "127.0.0.3:0", l.Addr())
	before := time.Now()
	for round := range uint64(20) { // as many at once as the socket holds
		for range 50 {
			send(t, one, "OK")
			send(t, two, "OK")
		}
		until(t, "all read", func() bool { r := l.Received(); return r[1] == 50*(round+1) && r[2] == r[1] })
	}
	<-l.Arrived()
	got := l.Take(nil)
	if len(got) != 2 || got[0].Source != 1 || got[0].Count != 1000 || got[1].Source != 2 || got[1].Count != 1000 ||
		got[0].At.Before(before) || got[0].At.After(time.Now()) {
		t.Errorf("got %+v", got)
	}
	if more := l.Take(got[:0]); len(more) > 0 {
		t.Errorf("twice: %+v", more)
	}
}

// free are n senders at an address, each with an unused port.
func free(tb testing.TB, address string, n int) (ports []string) {
	tb.Helper()
	for range n {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(address)})
		if err != nil {
			tb.Fatal(err)
		}
		defer conn.Close() // not before all ports are chosen
		ports = append(ports, conn.LocalAddr().String())
	}
	return ports
}

func TestListener_Senders(t *testing.T) {
	t.Parallel()
	one, six, mapped := free(t, "127.0.0.5", 4), free(t, "::1", 2), free(t, "127.0.0.8", 1)
	for name, c := range map[string]struct {
		listen  string
		sources map[string]string
		from    []string
		want    map[int]int
	}{
		"WithPorts": { // several engines on one host, one of them from any other port
			"127.0.0.1:0", map[string]string{"1": one[0], "2": one[1], "3": "127.0.0.5"}, one, map[int]int{1: 1, 2: 1, 3: 2},
		},
		"IPv6":       {"[::1]:0", map[string]string{"1": "::1", "2": six[1]}, six, map[int]int{1: 1, 2: 1}},
		"MappedAtUs": {"[::]:0", map[string]string{"1": "127.0.0.7"}, []string{"127.0.0.7:0"}, map[int]int{1: 1}},
		"MappedInConfig": {
			"127.0.0.1:0", map[string]string{"1": "::ffff:127.0.0.7", "2": strings.Replace(mapped[0], "127.0.0.8", "[::ffff:127.0.0.8]", 1)},
			[]string{"127.0.0.7:0", mapped[0]}, map[int]int{1: 1, 2: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t, load(t, c.listen, c.sources), new(loggingtest.Lines))
			for _, from := range c.from {
				to := l.Addr()
				if to.Addr().IsUnspecified() {
					to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
				}
				send(t, sender(t, from, to), "OK")
			}
			if got := counts(t, l, len(c.from)); !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestListener_HostName uses the name that every host knows.
func TestListener_HostName(t *testing.T) {
	t.Parallel()
	var log loggingtest.Lines
	l := start(t, load(t, "127.0.0.1:0", map[string]string{"1": "LocalHost"}), &log)
	until(t, "resolved", func() bool { return log.Count("resolved the host") > 0 })
	send(t, sender(t, "127.0.0.1:0", l.Addr()), "OK")
	counts(t, l, 1)
}

func TestListen_Taken(t *testing.T) {
	t.Parallel()
	l := start(t, load(t, "127.0.0.1:0", nil), new(loggingtest.Lines))
	_, err := heartbeat.Listen(load(t, l.Addr().String(), nil), net.DefaultResolver, zerolog.Nop())
	if opErr, ok := errors.AsType[*net.OpError](err); !ok || !strings.HasPrefix(err.Error(), "listen for heartbeats: ") {
		t.Errorf("%v, %v", err, opErr)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if cfg := load(t, "", nil); cfg.Listen != "127.0.0.1:43334" {
		t.Error(cfg.Listen)
	}
	cfg := load(t, "[::]:43334", map[string]string{"1": "10.0.0.5", "2": "[FD00::5]:4000", "3": "Engine3.example:4001", "4": "[fe80::1%eth0]"})
	var got []string
	for _, n := range slices.Sorted(maps.Keys(cfg.Sources)) {
		got = append(got, cfg.Sources[n].String())
	}
	if want := []string{"10.0.0.5", "[fd00::5]:4000", "engine3.example:4001", "fe80::1%eth0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	const noHost, onePort, oneHost = "must be an address or a host name, such as 10.0.0.5, [fd00::5]:4000 or engine1.example",
		"its port must be from 1 to 65535", "must be the address of one host"
	for value, rule := range map[string]string{
		"10.0.0.256": noHost, "engine 1": noHost, "engine1/x": noHost, "-x": noHost, "engine1:": onePort,
		"engine1:0": onePort, "10.0.0.5:65536": onePort, "0.0.0.0": oneHost, "[::]:4000": oneHost, "224.0.0.1": oneHost,
	} {
		want := `AURA_SOURCE_1="` + value + `": ` + rule
		if err := config.Load(new(heartbeat.Config), map[string]string{"AURA_SOURCE_1": value}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for _, listen := range []string{"43334", "localhost:43334", "127.0.0.1:x", "127.0.0.1:65536"} {
		if err := config.Load(new(heartbeat.Config), map[string]string{"AURA_HEARTBEAT_LISTEN": listen}); err == nil {
			t.Error("taken:", listen)
		}
	}
	err := config.Load(new(heartbeat.Config), map[string]string{"AURA_HEARTBEAT_LISTEN": "[::]:43334", "AURA_SOURCE_1": "10.0.0.5", "AURA_SOURCE_3": "::ffff:10.0.0.5"})
	if want := `AURA_SOURCE_3="10.0.0.5": must differ from AURA_SOURCE_1`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// BenchmarkListener is datagrams through the loopback, from socket to consumer.
func BenchmarkListener(b *testing.B) {
	l := start(b, load(b, "127.0.0.1:0", map[string]string{"1": "127.0.0.2"}), new(loggingtest.Lines))
	conn := sender(b, "127.0.0.2:0", l.Addr())
	ok := []byte("OK")
	beats := make([]heartbeat.Beat, 0, 1)
	b.ReportAllocs()
	b.ResetTimer()
	sent, taken := 0, 0
	for taken < b.N {
		for ; sent < b.N && sent-taken < 128; sent++ { // no more than the socket holds
			if _, err := conn.Write(ok); err != nil {
				b.Fatal(err)
			}
		}
		<-l.Arrived()
		beats = l.Take(beats[:0])
		for _, one := range beats {
			taken += one.Count
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "datagrams/s")
}
