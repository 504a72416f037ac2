package sqldb

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
)

// TestSilence: after a read that timed out, reads are refused until a probe is
// answered. There is one probe at a time, and none after the end.
func TestSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const timeout = 5 * time.Second
		var answers atomic.Bool
		var probes, probing atomic.Int64
		s := newSilence(func(ctx context.Context) error {
			probes.Add(1)
			if probing.Add(1) > 1 {
				t.Error("two probes at once")
			}
			defer probing.Add(-1)
			if answers.Load() {
				return nil
			}
			select {
			case <-ctx.Done():
			case <-time.After(timeout):
			}
			return context.DeadlineExceeded
		}, zerolog.Nop())
		if err := s.refuse(); err != nil {
			t.Errorf("refused before: %v", err)
		}
		for range 3 {
			s.begin()
		}
		if err := s.refuse(); !errors.Is(err, model.ErrUnavailable) || !errors.Is(err, ErrSilent) {
			t.Errorf("error %v, want %v", err, ErrSilent)
		}
		time.Sleep(2 * (timeout + probePause))
		if synctest.Wait(); probes.Load() != 3 || s.refuse() == nil {
			t.Errorf("%d probes, refused: %v", probes.Load(), s.refuse())
		}
		answers.Store(true)
		time.Sleep(timeout + probePause)
		if synctest.Wait(); probes.Load() != 4 || s.refuse() != nil {
			t.Errorf("%d probes, refused: %v", probes.Load(), s.refuse())
		}
		answers.Store(false)
		s.begin()
		s.end()()
		if err := s.refuse(); err == nil || probing.Load() > 0 {
			t.Errorf("ended: %v, %d probes", err, probing.Load())
		}
		time.Sleep(time.Hour)
		s.begin()
		if synctest.Wait(); probes.Load() != 5 {
			t.Errorf("%d probes after the end", probes.Load()-5)
		}
	})
}
