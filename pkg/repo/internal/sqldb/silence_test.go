package sqldb

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
)

// TestSilence: after a read that timed out, reads are refused until a probe is
// answered. There is one probe at a time, and none after the end.
func TestSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const timeout = 5 * time.Second
		answers, probes, probing := false, 0, 0
		s := &silence{probe: func(ctx context.Context) error {
			probes++
			if probing++; probing > 1 {
				t.Error("two probes at once")
			}
			defer func() { probing-- }()
			if answers {
				return nil
			}
			select {
			case <-ctx.Done():
			case <-time.After(timeout):
			}
			return context.DeadlineExceeded
		}}
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
		if synctest.Wait(); probes != 3 || s.refuse() == nil {
			t.Errorf("%d probes, refused: %v", probes, s.refuse())
		}
		answers = true
		time.Sleep(timeout + probePause)
		if synctest.Wait(); probes != 4 || s.refuse() != nil {
			t.Errorf("%d probes, refused: %v", probes, s.refuse())
		}
		answers = false
		s.begin()
		s.end()()
		if err := s.refuse(); err == nil || probing > 0 {
			t.Errorf("ended: %v, %d probes", err, probing)
		}
		time.Sleep(time.Hour)
		s.begin()
		if synctest.Wait(); probes != 5 {
			t.Errorf("%d probes after the end", probes-5)
		}
	})
}
