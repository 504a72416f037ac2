package report

import (
	"context"
	"errors"
	"fmt"
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
