package heartbeat

import (
	"encoding/hex"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/relay"
)

// listening is a listener of source 1, whose plain heartbeats come from 127.0.0.1,
// and of source 2, which has no address. Nobody receives but the test.
func listening(t *testing.T) *Listener {
	t.Helper()
	key := strings.Repeat("07", 32)
	l, err := Listen(Config{Listen: "127.0.0.1:0", Sources: map[int]Sender{1: senders(t, "127.0.0.1")[0]}, Watched: []int{1, 2}, Key: key}, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.conn.Close() })
	return l
}

// far is a relay on another host.
type far struct {
	*relay.Count
	signer *relay.Signer
	conn   *net.UDPConn
	nonce  uint64
}

func newFar(t *testing.T, l *Listener, source int, key byte) *far {
	t.Helper()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(l.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	secret, err := hex.DecodeString(strings.Repeat("0"+string('0'+key), 32))
	if err != nil {
		t.Fatal(err)
	}
	return &far{Count: relay.NewCount(source), signer: relay.NewSigner(relay.Keys{secret}), conn: conn}
}

func (f *far) from() netip.AddrPort { return f.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// datagram is the last heartbeat.
func (f *far) datagram() []byte { return f.signer.Append(nil, f.For(f.nonce)) }

// challenged reads the challenge that the listener sent.
func (f *far) challenged(t *testing.T) {
	t.Helper()
	answer := make([]byte, relay.Size)
	if _, err := f.conn.Read(answer); err != nil {
		t.Fatal(err)
	}
	d, ok := f.signer.Read(answer)
	nonce, isMine := f.Nonce(d)
	if !ok || !isMine {
		t.Fatalf("%x is no challenge", answer)
	}
	f.nonce = nonce
}

// TestListener_Relayed: who proves to have the key counts from any address, and
// then plain datagrams of that source no longer count. What is missing is told.
func TestListener_Relayed(t *testing.T) {
	t.Parallel()
	l := listening(t)
	now := time.Now()
	expect := func(want ...Beat) {
		t.Helper()
		got := l.Take(nil)
		for i := range got {
			got[i].At = time.Time{}
		}
		if len(got) != len(want) || len(got) == 1 && got[0] != want[0] {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	plainOne := netip.MustParseAddrPort("127.0.0.1:9")
	l.receive([]byte("OK"), plainOne, now)
	expect(Beat{Source: 1, Count: 1})

	one := newFar(t, l, 1, 7)
	one.Next()
	old := one.datagram()
	l.receive(old, one.from(), now)
	expect()
	if l.Relayed(1) {
		t.Error("a relay that did not prove itself is followed")
	}
	one.challenged(t)
	l.receive(one.datagram(), one.from(), now)
	expect(Beat{Source: 1, Count: 1, Relayed: true})
	l.receive([]byte("OK"), plainOne, now)
	l.receive(old, one.from(), now)
	l.receive(one.datagram(), one.from(), now)
	expect()
	if !l.Relayed(1) || l.Relayed(2) || l.Relayed(9) {
		t.Error("only source 1 is relayed")
	}
	for range 4 { // three are lost
		one.Next()
	}
	l.receive(one.datagram(), one.from(), now)
	one.Next()
	one.Next()
	l.receive(one.datagram(), one.from(), now)
	expect(Beat{Source: 1, Count: 2, Relayed: true, Missing: 4})

	forger, other := newFar(t, l, 2, 8), newFar(t, l, 3, 7)
	forger.Next()
	other.Next()
	l.receive(forger.datagram(), forger.from(), now)
	l.receive(other.datagram(), other.from(), now)
	l.receive([]byte("AH"+strings.Repeat("x", relay.Size)), plainOne, now)
	expect()
	if got, want := l.Refused(), map[string]uint64{"forged": 2, "replayed": 2, "challenged": 1, "plain": 1, "unwatched": 1}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := l.Received(); got[1] != 4 || got[2] != 0 {
		t.Errorf("received %v", got)
	}
}

// TestListener_Reload: a key is exchanged without a gap, and then the old one is
// worth nothing. No key, or one that is no good, changes nothing.
func TestListener_Reload(t *testing.T) {
	t.Parallel()
	before, after := strings.Repeat("07", 32), strings.Repeat("08", 32)
	l := listening(t)
	one := newFar(t, l, 1, 7)
	counts := func(want uint64) {
		t.Helper()
		one.Next()
		l.receive(one.datagram(), one.from(), time.Now())
		if got := l.Received()[1]; got != want {
			t.Errorf("%d heartbeats counted, want %d", got, want)
		}
	}
	reload := func(key, change, refusal string) {
		t.Helper()
		changed, err := l.Reload(Config{Key: key})
		if got := strings.Join(changed, ""); got != change {
			t.Errorf("it says that it changed %q, want %q", got, change)
		}
		if (err != nil) != (refusal != "") || err != nil && (!strings.Contains(err.Error(), refusal) || strings.Contains(err.Error(), key) && key != "") {
			t.Errorf("refused with %v, want %q", err, refusal)
		}
	}
	counts(0)
	one.challenged(t)
	counts(1)
	const another = "AURA_HEARTBEAT_KEY is another one"
	reload(after+"\n"+before, another, "")
	reload(after+","+before, "", "")
	counts(2)
	one.signer = newFar(t, l, 1, 8).signer // with the same count and nonce
	counts(3)
	reload(after, another, "")
	counts(4)
	reload("", "", "must keep a key")
	reload("tooshort", "", "AURA_HEARTBEAT_KEY: must be at least 32 bytes")
	counts(5)
	if refused := l.Refused(); refused["forged"] != 0 || refused["challenged"] != 1 {
		t.Errorf("refused %v", refused)
	}
	for _, beat := range l.Take(nil) {
		if beat.Missing != 0 {
			t.Errorf("%d are missing", beat.Missing)
		}
	}
	one.signer = newFar(t, l, 1, 7).signer
	counts(5)
	if got := l.Refused()["forged"]; got != 1 {
		t.Errorf("%d with the old key were refused", got)
	}

	l = &Listener{} // without a key
	reload("", "", "")
	reload(after, "AURA_HEARTBEAT_KEY is set; this needs a restart", "")
}

// TestRelays_Allocations: whoever repeats what was recorded, or forges, costs no
// memory.
func TestRelays_Allocations(t *testing.T) { // not parallel: it measures
	l := listening(t)
	one, forger := newFar(t, l, 1, 7), newFar(t, l, 2, 8)
	one.Next()
	l.receive(one.datagram(), one.from(), time.Now())
	one.challenged(t)
	l.receive(one.datagram(), one.from(), time.Now())
	for name, datagram := range map[string][]byte{"forged": forger.datagram(), "replayed": one.datagram()} {
		now := time.Now()
		if n := testing.AllocsPerRun(1000, func() { l.receive(datagram, one.from(), now) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestListener_WithoutKey: a monitor without the key takes what is relayed for a
// plain heartbeat.
func TestListener_WithoutKey(t *testing.T) {
	t.Parallel()
	l, err := Listen(Config{Listen: "127.0.0.1:0", Sources: map[int]Sender{1: senders(t, "127.0.0.1")[0]}}, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer l.conn.Close()
	one := newFar(t, l, 1, 7)
	one.Next()
	l.receive(one.datagram(), one.from(), time.Now())
	if got := l.Received(); got[1] != 1 || l.Relayed(1) {
		t.Errorf("received %v", got)
	}
}
