package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/lookup"
	"aura.radio/engine/pkg/relay"
)

const (
	// fresh is how old the last heartbeat may be that answers a challenge.
	fresh = 2 * time.Second
	// readAgain is the pause after a socket could not be read.
	readAgain = time.Second
)

// Relay takes heartbeats and sends them on. Make it with Listen and Run it once.
type Relay struct {
	conn     *net.UDPConn // where the engine sends to
	lines    []*line
	resolver lookup.Resolver
	log      zerolog.Logger
	metrics  *metrics

	mu     sync.Mutex
	keys   relay.Keys
	signer *relay.Signer // with keys
	count  *relay.Count
	taken  time.Time // the last heartbeat, with a monotonic reading
	buffer []byte
}

// line leads to one monitor. Its socket is its own, so whatever arrives there, from
// whatever address, and is signed with the key, is that monitor's.
type line struct {
	number  int
	host    string
	port    uint16
	conn    *net.UDPConn
	trouble *logging.Lasting
	// The relay's mu guards these.
	to    netip.AddrPort // invalid until the host is resolved
	nonce uint64         // that the monitor gave
}

// Listen opens the sockets of a valid configuration. Heartbeats of the engine, which
// is that source, wait until Run reads them. It returns nil if nothing is relayed.
func Listen(cfg Config, source int, resolver lookup.Resolver, log zerolog.Logger) (_ *Relay, err error) {
	if cfg.Listen == "" {
		return nil, nil
	}
	keys, err := relay.ReadKeys(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("heartbeat key: %w", err)
	}
	r := &Relay{
		resolver: resolver, log: log, metrics: newMetrics(),
		keys: keys, signer: relay.NewSigner(keys), count: relay.NewCount(source), buffer: make([]byte, 0, relay.Size),
	}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	at, err := netip.ParseAddrPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("take heartbeats: %w", err)
	}
	if r.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
		return nil, fmt.Errorf("take heartbeats: %w", err)
	}
	for _, number := range slices.Sorted(maps.Keys(cfg.Monitors)) {
		l := &line{number: number, trouble: logging.NewLasting(log.With().Int("monitor", number).Logger(), "a heartbeat can't be sent to a monitor")}
		if l.host, l.port, err = split(cfg.Monitors[number]); err != nil {
			return nil, fmt.Errorf("monitor %d: %w", number, err)
		}
		if l.conn, err = net.ListenUDP("udp", nil); err != nil {
			return nil, fmt.Errorf("reach monitor %d: %w", number, err)
		}
		if addr, err := netip.ParseAddr(l.host); err == nil {
			l.to = netip.AddrPortFrom(addr, l.port)
		}
		r.lines = append(r.lines, l)
		r.metrics.line(number)
	}
	return r, nil
}

// Addr is where heartbeats are taken.
func (r *Relay) Addr() netip.AddrPort { return r.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Reload signs with the key of a configuration that was read again, and says whether
// it is another one. A key that is no good is refused, and the one of before stays.
func (r *Relay) Reload(cfg Config) (changed []string, err error) {
	keys, err := relay.ReadKeys(cfg.Key)
	if err != nil {
		return nil, &config.Mistake{Variable: "HEARTBEAT_KEY", Rule: err.Error()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if keys.Equal(r.keys) {
		return nil, nil
	}
	r.keys, r.signer = keys, relay.NewSigner(keys)
	return []string{config.Prefix + "HEARTBEAT_KEY is another one"}, nil
}

// Close closes the sockets. Run does so itself.
func (r *Relay) Close() {
	if r.conn != nil {
		r.conn.Close()
	}
	for _, l := range r.lines {
		if l.conn != nil {
			l.conn.Close()
		}
	}
}

// Run relays until ctx ends, and then closes the sockets. The error is nil if it
// ended for that reason.
func (r *Relay) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var lines sync.WaitGroup
	defer lines.Wait()
	defer r.Close()
	defer cancel()
	defer context.AfterFunc(ctx, r.Close)()
	for _, l := range r.lines {
		lines.Go(func() { r.listen(ctx, l) })
		if !l.to.IsValid() {
			lines.Go(func() {
				lookup.Keep(ctx, r.resolver, l.host, func(addrs []netip.Addr) { r.found(l, addrs) }, r.log)
			})
		}
	}
	var content [1]byte // any content counts
	for {
		_, _, err := r.conn.ReadFromUDPAddrPort(content[:])
		switch {
		case err == nil:
			r.take()
		case ctx.Err() != nil && errors.Is(err, net.ErrClosed):
			return nil
		default:
			return fmt.Errorf("take heartbeats: %w", err)
		}
	}
}

// take sends a heartbeat of the engine on.
func (r *Relay) take() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.Next()
	r.taken = time.Now()
	r.metrics.taken.Inc()
	for _, l := range r.lines {
		r.send(l)
	}
}

// send sends the last heartbeat to a monitor. A datagram is sent at once or not at
// all. The caller holds mu.
func (r *Relay) send(l *line) {
	err := errors.New("its name is not resolved yet")
	if l.to.IsValid() {
		r.buffer = r.signer.Append(r.buffer[:0], r.count.For(l.nonce))
		_, err = l.conn.WriteToUDPAddrPort(r.buffer, l.to)
	}
	if err != nil {
		r.metrics.failure(l.number)
	}
	l.trouble.Report(err)
}

// found notes the address of a monitor.
func (r *Relay) found(l *line, addrs []netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.to = netip.AddrPortFrom(addrs[0].Unmap(), l.port)
}

// listen takes challenges of a monitor.
func (r *Relay) listen(ctx context.Context, l *line) {
	var content [relay.Size + 1]byte
	for {
		n, _, err := l.conn.ReadFromUDPAddrPort(content[:])
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			r.challenged(l, content[:n])
			continue
		}
		l.trouble.Report(fmt.Errorf("its challenges can't be read: %w", err))
		select {
		case <-ctx.Done():
		case <-time.After(readAgain):
		}
	}
}

// challenged answers a challenge with the last heartbeat, if that is fresh.
func (r *Relay) challenged(l *line, datagram []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, signed := r.signer.Read(datagram)
	nonce, isMine := r.count.Nonce(d)
	if !signed || !isMine {
		r.metrics.strange.Inc()
		return
	}
	r.metrics.challenged.Inc()
	l.nonce = nonce
	if !r.taken.IsZero() && time.Since(r.taken) < fresh {
		r.send(l)
	}
}
