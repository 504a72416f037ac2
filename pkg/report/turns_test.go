package report

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"

	"aura.radio/engine/pkg/model"
)

// TestTurns_Take: two at once, eight wait in order, and the next one is refused.
func TestTurns_Take(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns()
		take := func(ctx context.Context) func() {
			done, err := turns.Take(ctx)
			if err != nil {
				t.Errorf("error is %v", err)
				return func() {}
			}
			return done
		}
		first, second := take(t.Context()), take(t.Context())
		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := turns.Take(impatient)
			left <- err
		}()
		synctest.Wait()
		var order []int
		next := make(chan func(), maxWaiting)
		for i := range maxWaiting - 1 {
			go func() {
				done := take(t.Context())
				order = append(order, i)
				next <- done
			}()
			synctest.Wait()
		}
		if _, err := turns.Take(t.Context()); !errors.Is(err, model.ErrQueueFull) {
			t.Errorf("the eleventh gets %v", err)
		}
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves gets %v", err)
		}
		if len(order) > 0 {
			t.Errorf("%v began while two were made", order)
		}
		first()
		for i := range maxWaiting - 1 {
			done := <-next
			if len(order) != i+1 {
				t.Errorf("%v have begun after %d ended", order, i+1)
			}
			done()
			synctest.Wait()
		}
		second()
		if !slices.IsSorted(order) {
			t.Errorf("they began in the order %s", fmt.Sprint(order))
		}
		take(t.Context())()
	})
}

// TestTurns_heap: while reports are made, the heap grows no further than it doubles,
// and afterwards as far as before. It does not run in parallel, because it changes a
// setting of the whole process.
func TestTurns_heap(t *testing.T) {
	turns := NewTurns()
	growth := func() int {
		now := debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		return now
	}
	before := growth()
	defer debug.SetGCPercent(before)
	for setting, want := range map[int]int{400: thrifty, 50: 50, -1: -1} {
		debug.SetGCPercent(setting)
		for range 2 {
			first, err := turns.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			second, err := turns.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			first()
			if got := growth(); got != want {
				t.Errorf("with %d, the heap grows by %d percent while a report is made, want %d", setting, got, want)
			}
			second()
			if got := growth(); got != setting {
				t.Errorf("after reports, the heap grows by %d percent, want %d", got, setting)
			}
		}
	}
}
