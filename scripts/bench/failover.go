package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// failoverBar is what the monitor promises for engines that send a heartbeat every
// second. It is the time from the last heartbeat until the sync node says that
// another source is active.
const failoverBar = 5 * time.Second

// benchFailover measures the time from an engine's last heartbeat until the sync
// node says that another source is active. It does so with heartbeats every
// second, as real engines send them. It also does so with heartbeats ten times as
// fast, which gives more samples.
func benchFailover(ctx context.Context, o options) error {
	return errors.Join(
		failover(ctx, o, time.Second, min(o.samples, 20), failoverBar),
		failover(ctx, o, time.Second/10, min(o.samples, 200), 0),
	)
}

// failover silences one source after another, each time the active one. A bar of 0
// means none.
func failover(ctx context.Context, o options, interval time.Duration, samples int, bar time.Duration) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	port, err := freePort()
	if err != nil {
		return err
	}
	syncNode, err := startService(ctx, o.syncNode, port, "sqlite://"+filepath.Join(dir, "sync.db"))
	if err != nil {
		return err
	}
	engines, err := newEngines(samples + 1)
	if err != nil {
		return errors.Join(err, syncNode.stop())
	}
	defer engines.close()
	monitor, to, err := startMonitor(ctx, o, filepath.Join(dir, "monitor.db"), syncNode.url, engines, interval)
	if err != nil {
		return errors.Join(err, syncNode.stop())
	}
	took, err := fall(ctx, syncNode.url, monitor.url, engines, to, interval, samples)
	if err = errors.Join(err, monitor.stop(), syncNode.stop()); err != nil {
		return err
	}
	slices.Sort(took)
	p50, p99, what := took[len(took)/2], took[len(took)*99/100], ""
	if bar > 0 {
		what = fmt.Sprintf(", bar %.1f s: %s", bar.Seconds(), verdict(p99 > bar))
	}
	fmt.Printf("  %-54s p50 %.3f s, p99 %.3f s%s\n", fmt.Sprintf("last heartbeat to activated, one every %s, %d times", interval, samples),
		p50.Seconds(), p99.Seconds(), what)
	return nil
}

// fall is the core of failover; it starts when all programs run.
func fall(ctx context.Context, syncNode, monitor string, engines *engines, to net.Addr, interval time.Duration, samples int) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	defer beating.Wait()
	defer cancel()
	for i := range engines.sockets {
		beating.Go(func() { engines.beat(ctx, i, to, interval) })
	}
	for all := false; !all; {
		var status struct {
			Acting  bool `json:"acting"`
			Sources []struct {
				State string `json:"state"`
			} `json:"sources"`
		}
		if err := get(ctx, monitor+"/status", &status); err != nil {
			return nil, err
		}
		all = status.Acting
		for _, s := range status.Sources {
			all = all && s.State == "up"
		}
		if err := pause(ctx, interval); err != nil {
			return nil, err
		}
	}
	var took []time.Duration
	for active := 1; len(took) < samples; {
		last := engines.silence(active)
		for now := active; now == active; {
			var answer struct {
				Source int `json:"active_source"`
			}
			if err := get(ctx, syncNode+"/api/v1/source/active", &answer); err != nil {
				return nil, err
			}
			if now = answer.Source; now == active {
				if err := pause(ctx, 2*time.Millisecond); err != nil {
					return nil, err
				}
				continue
			}
			took = append(took, time.Since(last))
			active = now
			break
		}
		// The next source must fall silent at a random moment between two
		// heartbeats.
		if err := pause(ctx, rand.N(interval)); err != nil {
			return nil, err
		}
	}
	return took, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// startMonitor runs status-monitor with all those engines. It also returns the
// address that their heartbeats go to.
func startMonitor(ctx context.Context, o options, database, syncNode string, engines *engines, interval time.Duration) (*process, net.Addr, error) {
	listen, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	to := listen.LocalAddr()
	if err := listen.Close(); err != nil {
		return nil, nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	env := []string{
		"AURA_SYNC_HOST=" + syncNode, "AURA_HEARTBEAT_LISTEN=" + to.String(), "AURA_NAME=bench",
		"AURA_HEARTBEAT_INTERVAL=" + interval.String(), "AURA_HEARTBEAT_TIMEOUT=" + (4 * interval).String(),
		"AURA_HEARTBEAT_TIMEOUT_MAX=" + (20 * interval).String(), "AURA_RECOVERY_HOLD=" + (30 * interval).String(),
		"AURA_START_GRACE=" + (10 * interval).String(),
	}
	for i, s := range engines.sockets {
		env = append(env, "AURA_SOURCE_"+strconv.Itoa(i+1)+"="+s.LocalAddr().String())
	}
	p, err := startProgram(ctx, o.monitor, port, "sqlite://"+database, env...)
	return p, to, err
}

// engines send heartbeats, each from a socket of its own.
type engines struct {
	sockets []net.PacketConn

	mu     sync.Mutex
	silent []bool
	last   []time.Time // heartbeats
}

func newEngines(n int) (*engines, error) {
	e := &engines{silent: make([]bool, n), last: make([]time.Time, n)}
	for range n {
		s, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			e.close()
			return nil, err
		}
		e.sockets = append(e.sockets, s)
	}
	return e, nil
}

func (e *engines) close() {
	for _, s := range e.sockets {
		s.Close()
	}
}

// beat sends until ctx ends or the engine is silenced.
func (e *engines) beat(ctx context.Context, i int, to net.Addr, interval time.Duration) {
	if pause(ctx, rand.N(interval)) != nil {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for e.send(i, to) {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (e *engines) send(i int, to net.Addr) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.silent[i] {
		return false
	}
	// A heartbeat that is lost here is like one that the network loses.
	_, _ = e.sockets[i].WriteTo([]byte("OK"), to)
	e.last[i] = time.Now()
	return true
}

// silence ends a source's heartbeats and returns the time of the last one.
func (e *engines) silence(source int) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.silent[source-1] = true
	return e.last[source-1]
}
