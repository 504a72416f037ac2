package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/lookup"
	"aura.radio/engine/pkg/relay"
)

// receiveBuffer, in bytes, is asked of the kernel, for moments in which nobody
// reads. The kernel may give less.
const receiveBuffer = 4 << 20

// Listener receives heartbeats.
type Listener struct {
	conn     *net.UDPConn
	numbers  []int    // of the sources, ascending
	senders  []Sender // one for each of numbers
	resolver lookup.Resolver
	log      zerolog.Logger

	queue     *queue
	strangers strangers
	relays    *relays         // nil: no key is known, and every datagram counts by its address
	received  []atomic.Uint64 // one for each of numbers
	registry  atomic.Pointer[registry]

	mu       sync.Mutex // writes of registry
	resolved map[string][]netip.Addr
}

// Listen opens the socket. Datagrams wait in it until Run reads them.
func Listen(cfg Config, resolver lookup.Resolver, log zerolog.Logger) (*Listener, error) {
	addr, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for heartbeats: %w", err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for heartbeats: %w", err)
	}
	if err := conn.SetReadBuffer(receiveBuffer); err != nil {
		log.Warn().Err(err).Msg("the receive buffer for heartbeats can't be enlarged")
	}
	keys, err := cfg.keys()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	numbers := cfg.numbers()
	l := &Listener{
		conn: conn, numbers: numbers, resolver: resolver, log: log, queue: newQueue(numbers),
		strangers: strangers{log: log, all: make(map[netip.Addr]*Stranger, maxStrangers)},
		received:  make([]atomic.Uint64, len(numbers)), resolved: map[string][]netip.Addr{},
	}
	for _, n := range numbers {
		l.senders = append(l.senders, cfg.Sources[n])
	}
	if keys != nil {
		l.relays = newRelays(keys, numbers)
	}
	l.register("", nil)
	return l, nil
}

// Addr is where the Listener listens.
func (l *Listener) Addr() netip.AddrPort { return l.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Arrived is sent to when there is something to Take.
func (l *Listener) Arrived() <-chan struct{} { return l.queue.wake }

// Take appends what arrived since the last Take, one Beat for each source that
// was heard, in the order of their first arrival. It never blocks.
func (l *Listener) Take(into []Beat) []Beat { return l.queue.take(into) }

// Received is how many heartbeats came from each source, by its number.
func (l *Listener) Received() map[int]uint64 {
	all := make(map[int]uint64, len(l.numbers))
	for i, n := range l.numbers {
		all[n] = l.received[i].Load()
	}
	return all
}

// Strangers are the senders that are no source, the most recent first and at
// most 64 of them. The number is how many datagrams came from strangers in all.
func (l *Listener) Strangers() ([]Stranger, uint64) { return l.strangers.list() }

// Run receives until ctx is done, and then closes the socket. The error is nil
// if it ended for that reason.
func (l *Listener) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var resolving sync.WaitGroup
	defer resolving.Wait()
	defer cancel()
	for _, name := range l.names() {
		resolving.Go(func() {
			lookup.Keep(ctx, l.resolver, name, func(addrs []netip.Addr) { l.register(name, addrs) }, l.log)
		})
	}
	defer context.AfterFunc(ctx, func() { l.conn.Close() })()
	defer l.conn.Close()

	var content [relay.Size + 1]byte // the kernel throws the rest away
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(content[:])
		if err != nil {
			if ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("receive heartbeats: %w", err)
		}
		l.receive(content[:n], from, time.Now())
	}
}

// receive counts one datagram.
func (l *Listener) receive(datagram []byte, from netip.AddrPort, now time.Time) {
	if l.relays != nil && relay.IsOne(datagram) {
		l.hear(datagram, from, now)
		return
	}
	i, known := l.registry.Load().find(from)
	switch {
	case !known:
		l.strangers.count(from, now)
	case l.relays != nil && l.relays.follows(i):
		l.relays.refused[plain].Add(1)
	default:
		l.received[i].Add(1)
		l.queue.put(i, Beat{At: now, Count: 1})
	}
}

// names are the host names among the senders.
func (l *Listener) names() []string {
	var names []string
	for _, s := range l.senders {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// register makes a new registry with what a name resolved to.
func (l *Listener) register(name string, addrs []netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name != "" {
		l.resolved[name] = normal(addrs)
	}
	registry, clashes := newRegistry(l.senders, l.resolved)
	if before := l.registry.Load(); before != nil && before.equal(registry) {
		return
	}
	l.registry.Store(registry)
	if name != "" {
		l.log.Info().Str("host", name).Str("addresses", fmt.Sprint(l.resolved[name])).Msg("resolved the host of a source")
	}
	for _, i := range clashes {
		l.log.Warn().Int("source", l.numbers[i]).Stringer("sender", l.senders[i]).
			Msg("another source has the same address; the heartbeats count for the other source")
	}
}
