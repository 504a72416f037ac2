package delivery_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/model"
)

func TestLine_Load(t *testing.T) {
	t.Parallel()

	bubble(t, "Order", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r)
		s.hand("a")
		synctest.Wait()
		s.stop()
		l.Break(func(context.Context, string) error { return errBroken })
		s = prepared(l, r).start(t)
		if s.Load(t.Context()) == nil {
			t.Error("loaded")
		}
		if s.hand("b") {
			t.Error("stored")
		}
		after(time.Minute)
		// The answer to the next try is lost: it is in the ledger, and in memory.
		l.Break(nil)
		l.Lose(on("store"))
		s.hand("c")
		after(writtenAgain)
		for range 2 {
			s.load(t)
		}
		l.Lose(nil)
		s.hand("d")
		after(writtenAgain)
		asked := len(r.tries())
		r.set(nil)
		after(most)
		equal(t, "got", r.texts()[asked:], []string{"a", "b", "c", "d"})
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done", "done", "done"})
	})

	bubble(t, "Forget", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: hang}
		begin(t, l, r).hand("a", "b")
		synctest.Wait()
		r.set(nil)
		begin(t, l, r, func(c *delivery.Channel[text]) { c.Policy.Forget = "restarted" })
		synctest.Wait()
		equal(t, "rows", l.Outcomes(channel), []string{"restarted", "restarted"})
		equal(t, "got", r.texts(), []string{"a"})
	})

	// Who owns the line hears what is there, before anything is sent.
	bubble(t, "Loaded", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r)
		s.hand("a", "b")
		b := s.outbox.Begin()
		s.AddEnded(b, text{"note"}, "only written down")
		b.Store()
		b.End()
		s.stop()
		r = &receiver{}
		heard := 0
		s = prepared(l, r, func(c *delivery.Channel[text]) {
			c.Loaded = func(before, since []*delivery.Item[text], last model.Delivery) {
				heard++
				if len(r.texts()) > 0 || len(before) != 2 || len(since) != 1 || since[0].Content.Text != "c" || last.ID != 3 || last.Outcome != "only written down" {
					t.Errorf("%d before, %d since, last %+v", len(before), len(since), last)
				}
				before[0].Content.Text = "changed"
			}
		})
		s.hand("c")
		s.load(t)
		s.load(t)
		s.start(t)
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"changed", "b", "c"})
		if heard != 1 {
			t.Errorf("heard %d times", heard)
		}
	})

	// What was handed over since is not the last one from before.
	bubble(t, "LastIsOwn", func(t *testing.T) {
		l := &deliverytest.Ledger{}
		s := prepared(l, &receiver{answers: away}, func(c *delivery.Channel[text]) {
			c.Loaded = func(before, _ []*delivery.Item[text], last model.Delivery) {
				if len(before) != 0 || last.ID != 0 {
					t.Errorf("%d before, last %+v", len(before), last)
				}
			}
		}).start(t)
		synctest.Wait()
		if !s.hand("a") {
			t.Error("not stored")
		}
		s.load(t)
	})

	bubble(t, "TooMany", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		for i := range delivery.MaxWaiting + 2 {
			if _, err := l.StoreDeliveries(t.Context(), []model.Delivery{row(fmt.Sprintf(`{"text":"%d"}`, i))}); err != nil {
				t.Fatal(err)
			}
		}
		begin(t, l, r)
		synctest.Wait()
		if got := r.texts(); len(got) != delivery.MaxWaiting || got[0] != "2" {
			t.Errorf("got %d", len(got))
		}
	})

	bubble(t, "NotUnderstood", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		if _, err := l.StoreDeliveries(t.Context(), []model.Delivery{row(`{"text":7}`), row(`{"text":"a"}`)}); err != nil {
			t.Fatal(err)
		}
		s := begin(t, l, r)
		synctest.Wait()
		equal(t, "rows", l.Outcomes(channel), []string{"can't be decoded", "done"})
		if s.counts.givenUp != 1 {
			t.Errorf("%d given up", s.counts.givenUp)
		}
	})
}
