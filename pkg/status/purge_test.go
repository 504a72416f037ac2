package status_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/status"
)

// purged has states to delete, and fails first.
type purged struct {
	left   []int // what each batch finds
	failed bool
	calls  []time.Duration // since the start
	before []time.Time
	start  time.Time
}

func (p *purged) PurgeHealths(_ context.Context, before time.Time, limit int) (int, error) {
	p.calls, p.before = append(p.calls, time.Since(p.start)), append(p.before, before)
	if !p.failed {
		p.failed = true
		return 0, errors.New("away")
	}
	if len(p.left) == 0 {
		return 0, nil
	}
	n := min(p.left[0], limit)
	p.left = p.left[1:]
	return n, nil
}

// TestPurge: full batches follow one another with a pause, otherwise it waits for an
// hour, also after a failure. Nothing is deleted unless it is configured.
func TestPurge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const year = 365 * 24 * time.Hour
		store := &purged{left: []int{500, 500, 3}, start: time.Now()}
		p := status.NewPurge(store, status.Config{PurgeAfter: year}, time.Now, zerolog.Nop())
		never := &purged{start: time.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		for _, purge := range []*status.Purge{p, status.NewPurge(never, status.Config{}, time.Now, zerolog.Nop())} {
			go func() { _ = purge.Run(ctx) }()
		}
		time.Sleep(150 * time.Minute)
		cancel()
		synctest.Wait()
		want := []time.Duration{0, time.Hour, time.Hour + 100*time.Millisecond, time.Hour + 200*time.Millisecond, 2*time.Hour + 200*time.Millisecond}
		if !slices.Equal(store.calls, want) {
			t.Errorf("it deleted at %v, want %v", store.calls, want)
		}
		if want := store.start.UTC().Add(-year).Truncate(24 * time.Hour); !store.before[0].Equal(want) {
			t.Errorf("it deleted what is older than %s, want %s", store.before[0], want)
		}
		if n := testutil.ToFloat64(p); n != 1003 {
			t.Errorf("the metric says %g", n)
		}
		if never.calls != nil {
			t.Errorf("it deleted at %v although nothing is configured", never.calls)
		}
	})
}

// TestConfig_PurgeAfter: a month is the least.
func TestConfig_PurgeAfter(t *testing.T) {
	t.Parallel()
	for after, good := range map[time.Duration]bool{0: true, 720 * time.Hour: true, 719 * time.Hour: false, -time.Hour: false} {
		cfg := status.Config{SilenceBelow: -60, NoPlayAfter: time.Hour, PurgeAfter: after}
		if err := cfg.Validate(); (err == nil) != good {
			t.Errorf("%s: %v", after, err)
		}
	}
}
