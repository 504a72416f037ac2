package sqldb

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestCheckpoints: there is one when writes cease, one within a minute if they
// do not, never two at once, and none after the end.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, takes := 0, time.Duration(0)
		running := false
		c := newCheckpoints(func(ctx context.Context) {
			if running {
				t.Error("two at once")
			}
			running = true
			calls++
			select {
			case <-time.After(takes):
			case <-ctx.Done():
			}
			running = false
		})
		wait := func(d time.Duration, want int) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if calls != want {
				t.Errorf("%d calls, want %d", calls, want)
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

		takes = 10 * time.Second
		c.wrote()
		wait(idleAfter, 4)
		c.wrote() // during the call
		wait(takes, 4)
		wait(idleAfter, 5)
		c.end()() // ends the call
		c.wrote()
		wait(time.Hour, 5)
	})
}
