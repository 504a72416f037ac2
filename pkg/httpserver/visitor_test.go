package httpserver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestVisitors(t *testing.T) {
	t.Parallel()
	t.Run("Order", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			v := newVisitors(2)
			served := make(chan int, 10)
			for i := range 6 {
				go func() {
					leave, err := v.enter(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(time.Second / 2)
					served <- i
					leave()
				}()
				synctest.Wait()
			}
			for second := range 3 {
				time.Sleep(time.Second/2 + time.Millisecond)
				if n := len(served); n != 2 {
					t.Errorf("%d served at once, want 2", n)
				}
				for len(served) > 0 {
					if i := <-served; i/2 != second {
						t.Errorf("number %d is served in round %d", i, second)
					}
				}
			}
		})
	})
	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			v := newVisitors(1)
			leave, err := v.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			refused := make(chan error, maxWaiting)
			for range maxWaiting {
				go func() {
					_, err := v.enter(t.Context())
					refused <- err
				}()
			}
			synctest.Wait()
			began := time.Now()
			if _, err := v.enter(t.Context()); !errors.Is(err, busy) || time.Since(began) > 0 {
				t.Errorf("one too many: %v after %s", err, time.Since(began))
			}
			for range maxWaiting {
				if err := <-refused; !errors.Is(err, busy) || time.Since(began) != maxWait {
					t.Errorf("%v after %s", err, time.Since(began))
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := v.enter(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("a client that has gone: %v", err)
			}
			leave()
			if leave, err = v.enter(t.Context()); err != nil {
				t.Fatalf("all places are free: %v", err)
			}
			leave()
		})
	})
}
