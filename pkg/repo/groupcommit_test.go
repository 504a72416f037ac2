package repo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
)

// TestGroupCommit_store checks what happens to waiting callers if the
// committer's database hangs forever.
func TestGroupCommit_store(t *testing.T) {
	t.Parallel()
	hung := func() *groupCommit {
		return &groupCommit{queue: make(chan *waitingEntry, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	}
	t.Run("QueueFull", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := hung()
			c.queue <- &waitingEntry{}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if err := c.store(ctx, entryRow{}); !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, model.ErrUnavailable)
			}
			if waited := time.Since(began); waited != time.Second {
				t.Errorf("waited %s", waited)
			}
		})
	})
	t.Run("CallerLeaves", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := hung()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := c.store(ctx, entryRow{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
			}
			w, late := <-c.queue, 0
			w.answer(nil, func() { late++ }) // this must not block the committer
			if late != 1 {
				t.Errorf("%d were told that it was stored after all", late)
			}
		})
	})
	t.Run("CallerLeavesInTime", func(t *testing.T) {
		t.Parallel()
		for _, err := range []error{nil, model.ErrUnavailable} {
			w := &waitingEntry{result: make(chan error, 1)}
			w.answer(err, func() { t.Errorf("somebody else is told of %v", err) })
			if got := lastLook(w, context.DeadlineExceeded); !errors.Is(got, err) {
				t.Errorf("error %v, want %v", got, err)
			}
		}
		w := &waitingEntry{result: make(chan error, 1)}
		w.left.Store(true)
		w.answer(model.ErrUnavailable, func() { t.Error("somebody is told of what was not stored") })
	})
	t.Run("Stopping", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := hung()
			c.queue <- &waitingEntry{}
			close(c.stop)
			if err := c.store(t.Context(), entryRow{}); !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, model.ErrUnavailable)
			}
		})
	})
	t.Run("EndedWithoutIt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := hung()
			result := make(chan error)
			go func() { result <- c.store(t.Context(), entryRow{}) }()
			synctest.Wait()
			close(c.ended)
			if err := <-result; !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, model.ErrUnavailable)
			}
		})
	})
	t.Run("EndedWithIt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := hung()
			result := make(chan error)
			go func() { result <- c.store(t.Context(), entryRow{}) }()
			synctest.Wait()
			(<-c.queue).result <- nil
			close(c.ended)
			if err := <-result; err != nil {
				t.Error(err)
			}
		})
	})
}
