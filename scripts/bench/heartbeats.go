package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	heartbeatsBar = 50_000 // a second
	manySources   = 1000
	flooding      = 8 // sources that send at once, as fast as they can
)

// benchHeartbeats measures how many heartbeats a second a monitor of a thousand
// sources takes, and how much memory it needs. For comparison it measures a loop
// that only receives datagrams.
func benchHeartbeats(ctx context.Context, o options) error {
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
	engines, err := newEngines(manySources)
	if err != nil {
		return errors.Join(err, syncNode.stop())
	}
	defer engines.close()
	monitor, to, err := startMonitor(ctx, o, filepath.Join(dir, "monitor.db"), syncNode.url, engines, time.Second)
	if err != nil {
		return errors.Join(err, syncNode.stop())
	}
	err = errors.Join(memoryOf(ctx, monitor, engines, to), takes(ctx, o, monitor, engines, to))
	return errors.Join(err, monitor.stop(), syncNode.stop())
}

// memoryOf measures the memory of a monitor while all its sources are alive.
func memoryOf(ctx context.Context, monitor *process, engines *engines, to net.Addr) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // longer than the grace period after the start
	defer cancel()
	var beating sync.WaitGroup
	for i := range engines.sockets {
		beating.Go(func() { engines.beat(ctx, i, to, time.Second) })
	}
	beating.Wait()
	rss, err := monitor.rss()
	if err == nil {
		fmt.Printf("  %-54s %.1f MiB\n", fmt.Sprintf("resident memory with %d sources, all alive", manySources), float64(rss)/(1<<20))
	}
	return err
}

// takes measures how many heartbeats the monitor takes a second.
func takes(ctx context.Context, o options, monitor *process, engines *engines, to net.Addr) error {
	var least float64
	err := pairs(o, "heartbeats a second, against a loop that only receives", 0, func() (float64, error) {
		before, err := received(ctx, monitor.url)
		if err != nil {
			return 0, err
		}
		took := engines.flood(o.length, to)
		after, err := received(ctx, monitor.url)
		rate := (after - before) / took.Seconds()
		if least == 0 || rate < least {
			least = rate
		}
		return rate, err
	}, func() (float64, error) { return bareReceiver(o.length, engines) })
	if err == nil {
		fmt.Printf("  %-54s %.0f/s, bar %d/s: %s\n", "the least of them", least, heartbeatsBar, verdict(least < heartbeatsBar))
	}
	return err
}

// flood sends from some of the sources as fast as it can.
func (e *engines) flood(length time.Duration, to net.Addr) time.Duration {
	began := time.Now()
	for time.Since(began) < length {
		for range 100 {
			for _, s := range e.sockets[:flooding] {
				// What the receiver's buffer can't hold is lost, as on a real network.
				_, _ = s.WriteTo([]byte("OK"), to)
			}
		}
	}
	return time.Since(began)
}

// received is how many heartbeats the monitor has counted.
func received(ctx context.Context, monitor string) (sum float64, err error) {
	res, err := ask(ctx, monitor+"/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if name, value, _ := strings.Cut(lines.Text(), " "); strings.HasPrefix(name, "aura_monitor_heartbeats_total{") {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, lines.Err()
}

// bareReceiver is the limit: a loop that counts datagrams and does nothing else.
func bareReceiver(length time.Duration, engines *engines) (float64, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	n, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		var content [1]byte
		for {
			if _, _, err := conn.ReadFromUDPAddrPort(content[:]); err != nil {
				return
			}
			n++
		}
	}()
	took := engines.flood(length, conn.LocalAddr())
	err = conn.Close()
	<-done
	return float64(n) / took.Seconds(), err
}
