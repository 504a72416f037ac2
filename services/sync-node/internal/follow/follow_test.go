package follow

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestFollower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sequence, changes atomic.Int64
		var away atomic.Bool
		f := Follower{
			Sequence: func(context.Context) (int64, error) {
				if away.Load() {
					return 0, errors.New("away")
				}
				return sequence.Load(), nil
			},
			Changed: func() { changes.Add(1) },
			Log:     zerolog.Nop(),
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx) }()
		expect := func(when string, want int64) {
			t.Helper()
			time.Sleep(Every)
			synctest.Wait()
			if got := changes.Load(); got != want {
				t.Errorf("%s: %d changes, want %d", when, got, want)
			}
		}
		expect("at start", 1)
		expect("nothing written", 1)
		sequence.Store(7)
		expect("written", 2)
		away.Store(true)
		sequence.Store(8)
		expect("database away", 2)
		away.Store(false)
		expect("database back", 3)
		sequence.Store(1)
		expect("database restored", 4)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
