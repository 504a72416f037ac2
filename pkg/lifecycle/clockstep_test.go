package lifecycle

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatchClock sets a clock, and slews it.
func TestWatchClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().Round(0)
		var set atomic.Int64 // how far the clock is set forward
		read := func() (time.Time, time.Duration) {
			running := time.Since(start)
			return start.Add(running).Add(time.Duration(set.Load())), running
		}
		var steps []Step
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			watchClock(ctx, read, func(s Step) { steps = append(steps, s) })
		}()
		time.Sleep(10*time.Minute + 100*time.Millisecond)
		for range 1000 { // ten seconds, by slewing
			set.Add(int64(10 * time.Millisecond))
			time.Sleep(time.Second)
		}
		set.Add(-int64(10 * time.Second))
		time.Sleep(time.Second) // noticed at once
		synctest.Wait()
		afterSlew := start.Add(10*time.Minute + 1000*time.Second)
		want := []Step{{By: -10 * time.Second, Since: start, Until: afterSlew.Add(10 * time.Second)}}
		if !slices.Equal(steps, want) {
			t.Errorf("steps %+v, want %+v", steps, want)
		}
		set.Add(int64(2 * time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		want = append(want, Step{By: 2 * time.Hour, Since: afterSlew.Add(time.Second), Until: afterSlew.Add(time.Second)})
		if !slices.Equal(steps, want) {
			t.Errorf("steps %+v, want %+v", steps, want)
		}
		cancel()
		<-ended
	})
}

// TestHostClocks: both clocks of the host run.
func TestHostClocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := hostClocks()
		shown, running := read()
		time.Sleep(time.Minute)
		later, ran := read()
		if later.Sub(shown) != time.Minute || ran-running != time.Minute {
			t.Errorf("a minute is %s and %s", later.Sub(shown), ran-running)
		}
	})
}
