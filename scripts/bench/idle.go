package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	idleMemoryBar = 40 << 20
	readyBar      = 300 * time.Millisecond
	settle        = time.Second // until it is idle
)

// benchIdle measures a process that has not had a request yet.
func benchIdle(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "aura-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var memory, ready []float64
	for range o.rounds {
		p, err := startEngineAPI(ctx, o.binary, "sqlite://"+filepath.Join(dir, "idle.db"))
		if err != nil {
			return err
		}
		time.Sleep(settle)
		rss, err := p.rss()
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
		memory, ready = append(memory, float64(rss)), append(ready, float64(p.ready))
	}
	fmt.Printf("  %-54s %.1f MiB, bar %d MiB: %s\n", "resident memory, idle", median(memory)/(1<<20), idleMemoryBar>>20, verdict(median(memory) > idleMemoryBar))
	fmt.Printf("  %-54s %.0f ms, bar %d ms: %s\n", "ready after exec", median(ready)/1e6, readyBar.Milliseconds(), verdict(median(ready) > float64(readyBar)))
	return nil
}
