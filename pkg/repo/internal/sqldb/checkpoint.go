package sqldb

import (
	"context"
	"sync"
	"time"
)

// The database is checkpointed when no write has come for idleAfter. If writes
// do not cease, that is maxUnchecked after the first one.
const (
	idleAfter    = 2 * time.Second
	maxUnchecked = time.Minute
)

// checkpoints calls do after writes, once at a time. Make it with
// newCheckpoints.
type checkpoints struct {
	do   func()
	stop context.CancelFunc

	mu sync.Mutex
	// timer is nil before the first write.
	timer *time.Timer
	// first is when the first write came that no call followed; zero if none.
	first   time.Time
	running bool
	stopped bool
	done    sync.WaitGroup // the call that runs
}

func newCheckpoints(do func(ctx context.Context)) *checkpoints {
	ctx, stop := context.WithCancel(context.Background())
	return &checkpoints{do: func() { do(ctx) }, stop: stop}
}

// wrote notes a write.
func (c *checkpoints) wrote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first.IsZero() {
		c.first = time.Now()
	}
	c.plan()
}

// plan sets the timer for the next call. The end of a call plans again.
func (c *checkpoints) plan() {
	if c.stopped || c.running || c.first.IsZero() {
		return
	}
	wait := min(idleAfter, max(time.Until(c.first.Add(maxUnchecked)), 0))
	if c.timer == nil {
		c.timer = time.AfterFunc(wait, c.call)
		return
	}
	c.timer.Reset(wait)
}

func (c *checkpoints) call() {
	c.mu.Lock()
	if c.stopped || c.running || c.first.IsZero() { // zero: the timer was set again while it fired
		c.mu.Unlock()
		return
	}
	c.first, c.running = time.Time{}, true
	c.done.Add(1)
	c.mu.Unlock()
	c.do()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = false
	c.done.Done()
	c.plan()
}

// end ends the calls. wait returns when the last one has ended.
func (c *checkpoints) end() (wait func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.stop()
	return c.done.Wait
}
