package sqldb

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCheckpoints: there is one when writes cease, one within a minute if they
// do not, never two at once, and none after the end.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls, takes atomic.Int64
		var running atomic.Bool
		c := newCheckpoints(func(ctx context.Context) {
			if running.Swap(true) {
				t.Error("two at once")
			}
			calls.Add(1)
			select {
			case <-time.After(time.Duration(takes.Load())):
			case <-ctx.Done():
			}
			running.Store(false)
		})
		wait := func(d time.Duration, want int64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := calls.Load(); got != want {
				t.Errorf("%d calls, want %d", got, want)
			}
		}
		wait(time.Hour, 0)
		for range 3 {
			c.wrote()
			wait(idleAfter-1, 0)
		}
		wait(1, 1)
		wait(time.Hour, 1)

		for range 120 { // a write each second
			c.wrote()
			time.Sleep(time.Second)
		}
		wait(idleAfter, 3)

		const long = 10 * time.Second
		takes.Store(int64(long))
		c.wrote()
		wait(idleAfter, 4)
		c.wrote() // during the call
		wait(long, 4)
		wait(idleAfter, 5)
		c.end()() // ends the call
		c.wrote()
		wait(time.Hour, 5)
	})
}
