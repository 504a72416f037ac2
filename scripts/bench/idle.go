package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"aura.radio/engine/pkg/model"
)

const (
	idleMemoryBar  = 45_000_000 // bytes, of a service with pages
	plainMemoryBar = 35_000_000 // bytes, of a service without
	readyBar       = 100 * time.Millisecond
	settle         = time.Second // until it is idle
)

// benchIdle measures processes that have not had a request yet.
func benchIdle(ctx context.Context, o options) error {
	for _, service := range []struct {
		name, binary string
		bar          float64
		env          []string
	}{
		{model.EngineAPI, o.binary, idleMemoryBar, nil},
		{model.SyncNode, o.syncNode, idleMemoryBar, []string{"AURA_MAIN_HOST_1=" + nobody}},
		{model.StatusMonitor, o.monitor, plainMemoryBar, []string{"AURA_MAIN_HOST_1=" + nobody, "AURA_SYNC_HOST=" + nobody, "AURA_HEARTBEAT_LISTEN=127.0.0.1:0"}},
	} {
		memory, ready, err := idle(ctx, o.rounds, service.binary, service.env)
		if err != nil {
			return fmt.Errorf("%s: %w", service.name, err)
		}
		fmt.Printf("  %-54s %.1f MB, bar %.0f MB: %s\n", service.name+": resident memory, idle", memory/1e6, service.bar/1e6, verdict(memory > service.bar))
		fmt.Printf("  %-54s %.0f ms, bar %d ms: %s\n", service.name+": ready after exec", ready/1e6, readyBar.Milliseconds(), verdict(ready > float64(readyBar)))
	}
	return nil
}

// nobody is a host that answers nothing.
const nobody = "http://127.0.0.1:9"

// idle measures one service: its resident memory in bytes, and after how many
// nanoseconds it was ready.
func idle(ctx context.Context, rounds int, binary string, env []string) (memory, ready float64, err error) {
	err = inFolder(func(dir string) error {
		var sizes, times []float64
		for range rounds {
			port, err := freePort()
			if err != nil {
				return err
			}
			p, err := startProgram(ctx, binary, port, "sqlite://"+filepath.Join(dir, "idle.db"), env...)
			if err != nil {
				return err
			}
			if err := pause(ctx, settle); err != nil {
				return errors.Join(err, p.stop())
			}
			rss, err := p.rss()
			if err := errors.Join(err, p.stop()); err != nil {
				return err
			}
			sizes, times = append(sizes, float64(rss)), append(times, float64(p.ready))
		}
		memory, ready = median(sizes), median(times)
		return nil
	})
	return memory, ready, err
}
