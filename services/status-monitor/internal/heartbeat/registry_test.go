package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lookup"
)

func senders(t testing.TB, texts ...string) []Sender {
	t.Helper()
	list := make([]Sender, len(texts))
	for i, text := range texts {
		if err := list[i].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestRegistry_Zone(t *testing.T) {
	t.Parallel()
	r, _ := newRegistry(senders(t, "fe80::1%eth0", "fe80::2"), nil)
	for from, want := range map[string]string{
		"[fe80::1%eth0]:1": "0 true", "[fe80::1%eth1]:1": "0 false", "[fe80::2%eth1]:1": "1 true", "[fe80::3%eth1]:1": "0 false",
	} {
		i, known := r.find(netip.MustParseAddrPort(from))
		if got := fmt.Sprint(i, known); got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
}

func TestRegistry_Clash(t *testing.T) {
	t.Parallel()
	one, two := addr("10.0.0.1"), addr("10.0.0.2")
	r, clashes := newRegistry(senders(t, "a.example", "b.example", "c.example:5"),
		map[string][]netip.Addr{"a.example": {one}, "b.example": {one, two}, "c.example": {one}})
	if !slices.Equal(clashes, []int{1}) || r.byAddr[one] != 0 || r.byAddr[two] != 1 || r.byAddrPort[netip.AddrPortFrom(one, 5)] != 2 {
		t.Errorf("%v, %+v", clashes, r)
	}
}

// names is a resolver whose answers a test sets.
type names struct {
	start time.Time

	mu     sync.Mutex
	answer []netip.Addr
	err    error // neither: it hangs
	asked  []time.Duration
}

func (n *names) set(err error, answer ...netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer, n.err = answer, err
}

func (n *names) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	n.mu.Lock()
	n.asked = append(n.asked, time.Since(n.start))
	answer, err := n.answer, n.err
	n.mu.Unlock()
	if answer == nil && err == nil {
		<-ctx.Done()
		err = ctx.Err()
	}
	return answer, err
}

// TestResolve: a host that moves is found within a minute. While the resolver is
// away the last addresses count.
func TestResolve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		resolver := &names{answer: []netip.Addr{addr("::ffff:10.0.0.1"), addr("fd00::1")}, start: time.Now()}
		l := &Listener{
			numbers: []int{4}, senders: senders(t, "engine4.example"), resolver: resolver,
			log: zerolog.Nop(), resolved: map[string][]netip.Addr{},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			lookup.Keep(ctx, resolver, "engine4.example", func(addrs []netip.Addr) { l.register("engine4.example", addrs) }, zerolog.Nop())
		}()
		known := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for _, a := range []string{"10.0.0.1", "fd00::1", "10.0.0.2"} {
				if _, ok := l.registry.Load().find(netip.AddrPortFrom(addr(a), 9)); ok {
					got = append(got, a)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("after %v: known %v, want %v", time.Since(resolver.start), got, want)
			}
		}
		known("10.0.0.1", "fd00::1")
		resolver.set(errors.New("away"))
		time.Sleep(62 * time.Second)
		known("10.0.0.1", "fd00::1")
		resolver.set(nil) // it hangs
		time.Sleep(10 * time.Second)
		known("10.0.0.1", "fd00::1")
		resolver.set(nil, addr("10.0.0.2"))
		time.Sleep(10 * time.Second)
		known("10.0.0.2")
		cancel()
		<-done
		if want := []time.Duration{0, 60e9, 65e9, 75e9}; !slices.Equal(resolver.asked, want) {
			t.Errorf("asked at %v, want %v", resolver.asked, want)
		}
	})
}

// TestStrangers: if there are many, neither memory nor log grows without bound.
func TestStrangers(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := strangers{log: zerolog.New(&log), all: map[netip.Addr]*Stranger{}}
	now := time.Date(2020, 6, 27, 12, 0, 0, 0, time.UTC)
	from := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), uint16(i+1))
	}
	for i := range 1000 {
		s.count(from(i), now.Add(time.Duration(i)*time.Millisecond))
	}
	list, total := s.list()
	if len(list) != maxStrangers || total != 1000 || list[0].From != from(maxStrangers-1) {
		t.Errorf("%d remembered, %d in all, first %v", len(list), total, list[0])
	}
	if got := strings.Count(log.String(), "\n"); got != 1 {
		t.Errorf("%d lines:\n%s", got, &log)
	}
	s.count(from(2000), now.Add(time.Hour))
	if list, _ = s.list(); len(list) != maxStrangers || list[0].From != from(2000) {
		t.Errorf("%d remembered, first %v", len(list), list[0])
	}
	if want := `"from":"10.0.7.208:2001","unsaid":999,`; !strings.Contains(log.String(), want) {
		t.Errorf("log lacks %s:\n%s", want, &log)
	}
}

// TestReceive_Allocations: a datagram allocates nothing, except if a line is
// logged or a stranger is new.
func TestReceive_Allocations(t *testing.T) { // not parallel: it measures
	l, err := Listen(Config{Listen: "127.0.0.1:0", Sources: map[int]Sender{1: senders(t, "10.0.0.1")[0]}}, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer l.conn.Close()
	now := time.Now()
	for name, from := range map[string]string{"source": "10.0.0.1:5", "mapped": "[::ffff:10.0.0.1]:5", "stranger": "10.0.0.2:5"} {
		sender, ok := netip.MustParseAddrPort(from), []byte("OK")
		if n := testing.AllocsPerRun(1000, func() { l.receive(ok, sender, now) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	// Through a socket as well; the sender's side allocates nothing either.
	to, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(l.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	content, ok := make([]byte, 1), []byte("OK")
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := to.Write(ok); err != nil {
			t.Fatal(err)
		}
		n, from, err := l.conn.ReadFromUDPAddrPort(content)
		if err != nil {
			t.Fatal(err)
		}
		l.receive(content[:n], from, now)
	}); n != 0 {
		t.Errorf("through a socket: %v allocations", n)
	}
}
