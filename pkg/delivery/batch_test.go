package delivery_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
)

func TestBatch(t *testing.T) {
	t.Parallel()

	// What is handed over at once is stored at once, for all lines.
	bubble(t, "AtOnce", func(t *testing.T) {
		l, r, other := &deliverytest.Ledger{}, &receiver{}, &receiver{answers: away}
		stores := 0
		l.Break(func(_ context.Context, operation string) error {
			if operation == "store" {
				stores++
			}
			return nil
		})
		s := begin(t, l, r)
		second := delivery.NewLine(s.outbox, delivery.Channel[text]{
			Name: "other", Policy: delivery.Policy{Backoff: delivery.Backoff{First: first, Most: most}, Timeout: timeout}, Send: other.send,
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); second.Run(ctx) }()
		b := s.outbox.Begin()
		second.Add(b, text{"a"})
		s.Add(b, text{"b"})
		synctest.Wait()
		if len(r.texts()) > 0 {
			t.Error("sent before it was stored")
		}
		if !b.Store() || stores != 1 {
			t.Errorf("%d transactions", stores)
		}
		b.End()
		after(time.Minute)
		equal(t, "got", r.texts(), []string{"b"}) // the other one does not hold it up
		equal(t, "rows", l.Outcomes("other"), []string{"waits"})
		cancel()
		<-done
	})

	// Numbers that they get grow in the order in which they wait.
	t.Run("Order", func(t *testing.T) {
		t.Parallel()
		l := &deliverytest.Ledger{}
		s := prepared(l, &receiver{answers: hang}).start(t)
		l.Break(func(context.Context, string) error { runtime.Gosched(); return nil })
		const n = 200
		number := 0
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				b := s.outbox.Begin()
				defer b.End()
				number++
				s.Add(b, text{fmt.Sprint(number)})
				b.Store()
			})
		}
		all.Wait()
		s.stop() // which stores what it still owes
		for i, row := range l.Of(channel) {
			if want := fmt.Sprintf(`{"text":"%d"}`, i+1); string(row.Body) != want {
				t.Fatalf("%s, want %s", row.Body, want)
			}
		}
		if w := s.Waiting(); w.Count != n {
			t.Errorf("%d wait", w.Count)
		}
	})
}
