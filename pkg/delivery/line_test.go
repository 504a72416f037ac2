package delivery_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
)

func TestLine_Run(t *testing.T) {
	t.Parallel()

	bubble(t, "OK", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := begin(t, l, r)
		if !s.hand("a", "b") || !s.hand("c") || !s.hand() {
			t.Error("not stored")
		}
		synctest.Wait() // no time passes
		equal(t, "got", r.texts(), []string{"a", "b", "c"})
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done", "done"})
		if w := s.Waiting(); w != (delivery.Waiting{Channel: channel}) || s.counts.done != 3 {
			t.Errorf("%+v, %d done", w, s.counts.done)
		}
	})

	// The oldest holds up the others, with full jitter.
	bubble(t, "Later", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r)
		began := time.Now()
		s.hand("a", "b")
		after(time.Hour)
		deliverytest.Jitters(t, r.tries(), first, most)
		tries := len(r.tries())
		w := s.Waiting()
		if w.Count != 2 || w.Error != errNetwork.Error() || !w.Oldest.Equal(began) || s.counts.failed != tries {
			t.Errorf("%+v after %d failures", w, s.counts.failed)
		}
		if row := l.Of(channel)[0]; row.Tries != tries || row.Error != errNetwork.Error() {
			t.Errorf("%d tries are noted, of %d: %s", row.Tries, tries, row.Error)
		}
		if got := s.log.Count("delivery failed"); got > 3600/30+1 {
			t.Errorf("%d lines", got)
		}
		r.set(nil)
		after(most)
		equal(t, "got", r.texts()[tries-1:], []string{"a", "a", "b"})
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done"})
		// After a success the pauses begin again.
		r.set(away)
		s.hand("c")
		after(time.Minute)
		if times := r.tries()[tries+2:]; times[1].Sub(times[0]) >= first {
			t.Errorf("the pause is %s", times[1].Sub(times[0]))
		}
	})

	bubble(t, "RetryAfter", func(t *testing.T) {
		r := &receiver{answers: func(context.Context, string) error {
			return fmt.Errorf("post: %w", &delivery.LaterError{Err: errNetwork, Pause: time.Minute})
		}}
		s := begin(t, &deliverytest.Ledger{}, r)
		s.hand("a")
		after(time.Minute + first)
		times := r.tries()
		if pause := times[1].Sub(times[0]); pause < time.Minute || pause >= time.Minute+first {
			t.Errorf("the pause is %s", pause)
		}
		if w := s.Waiting(); w.Error != "post: connection refused" {
			t.Errorf("%+v", w)
		}
	})

	for name, answered := range map[string]bool{"Answered": true, "Unreached": false} {
		bubble(t, "Permanent"+name, func(t *testing.T) {
			l, r := &deliverytest.Ledger{}, &receiver{answers: away}
			s := begin(t, l, r)
			s.hand("a", "b")
			synctest.Wait()
			r.set(func(_ context.Context, text string) error {
				if text == "a" {
					return fmt.Errorf("send: %w", &delivery.PermanentError{Reason: "refused", Answered: answered})
				}
				return hang(t.Context(), "")
			})
			after(first)
			equal(t, "rows", l.Outcomes(channel), []string{"refused", "waits"})
			recovered := s.log.Count("recovered") == 1
			if recovered != answered || s.counts.givenUp != 1 || s.log.Count("delivery given up") != 1 {
				t.Errorf("recovered %t, %d given up", recovered, s.counts.givenUp)
			}
		})
	}

	bubble(t, "Timeout", func(t *testing.T) {
		r := &receiver{answers: hang}
		s := begin(t, &deliverytest.Ledger{}, r)
		s.hand("a")
		after(timeout)
		if w := s.Waiting(); w.Error != context.DeadlineExceeded.Error() {
			t.Errorf("%+v", w)
		}
	})

	bubble(t, "MaxAge", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r, func(c *delivery.Channel[text]) { c.Policy.MaxAge = 2 * time.Hour })
		s.hand("a")
		after(time.Hour)
		s.hand("b")
		after(time.Hour - time.Second)
		equal(t, "rows", l.Outcomes(channel), []string{"waits", "waits"})
		after(most + time.Second)
		equal(t, "rows", l.Outcomes(channel), []string{"not delivered within 2h0m0s", "waits"})
		r.set(nil)
		after(most)
		equal(t, "rows", l.Outcomes(channel), []string{"not delivered within 2h0m0s", "done"})
	})

	// A failed one is given up at once when a newer one comes; each is tried.
	bubble(t, "NewestCounts", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r, func(c *delivery.Channel[text]) { c.Policy.NewestCounts = true })
		s.hand("a")
		synctest.Wait()
		s.hand("b", "c")
		synctest.Wait() // no time passes
		equal(t, "got", r.texts(), []string{"a", "b", "c"})
		equal(t, "rows", l.Outcomes(channel), []string{"a newer delivery waits", "a newer delivery waits", "waits"})
	})

	bubble(t, "Stop", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: hang}
		s := begin(t, l, r)
		s.hand("a")
		synctest.Wait()
		l.Break(func(ctx context.Context, _ string) error { return hang(ctx, "") })
		began := time.Now()
		s.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %s", took)
		}
		if s.counts.failed > 0 || s.log.Count("delivery failed") > 0 {
			t.Error("a stop counts as a failure")
		}
		l.Break(nil)
		r.set(nil)
		begin(t, l, r)
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"a", "a"})
		equal(t, "rows", l.Outcomes(channel), []string{"done"})
	})
}

func TestLine_Cancel(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]error{"Succeeds": nil, "Fails": errNetwork} {
		bubble(t, name, func(t *testing.T) {
			l, r := &deliverytest.Ledger{}, &receiver{}
			let := make(chan struct{})
			r.set(func(context.Context, string) error { <-let; return fails })
			s := begin(t, l, r)
			s.hand("a", "b", "kept")
			synctest.Wait()
			s.Cancel("of no use", func(i *delivery.Item[text]) bool { return i.Content.Text != "kept" })
			close(let)
			after(time.Minute)
			want := "done"
			if fails != nil {
				want = "of no use"
			}
			outcomes := l.Outcomes(channel)
			equal(t, "rows", outcomes[:2], []string{want, "of no use"})
			if got := r.texts(); got[0] != "a" || got[1] != "kept" {
				t.Errorf("got %v", got)
			}
		})
	}

	bubble(t, "InPause", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		r.set(func(context.Context, string) error {
			return &delivery.LaterError{Err: errNetwork, Pause: time.Hour}
		})
		s := begin(t, l, r)
		s.hand("a")
		synctest.Wait()
		s.Cancel("of no use", func(*delivery.Item[text]) bool { return true })
		synctest.Wait() // no time passes
		equal(t, "rows", l.Outcomes(channel), []string{"of no use"})
		if s.counts.givenUp != 1 {
			t.Errorf("%d given up", s.counts.givenUp)
		}
	})
}

func TestLine_Full(t *testing.T) {
	t.Parallel()

	// The oldest is given up, except one that is being tried.
	bubble(t, "NewestKept", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		let := make(chan struct{})
		r.set(func(context.Context, string) error { <-let; return nil })
		s := begin(t, l, r)
		s.hand("0")
		synctest.Wait()
		for i := range delivery.MaxWaiting + 1 {
			s.hand(fmt.Sprint(i + 1))
		}
		close(let)
		synctest.Wait()
		got := r.texts()
		if len(got) != delivery.MaxWaiting || got[0] != "0" || got[1] != "3" || s.log.Count("too many deliveries wait") != 2 || s.counts.givenUp != 2 {
			t.Errorf("got %d, the second is %s", len(got), got[1])
		}
		equal(t, "rows", l.Outcomes(channel)[:4], []string{"done", "too many deliveries waited", "too many deliveries waited", "done"})
	})

	bubble(t, "OldestKept", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{answers: away}
		s := begin(t, l, r, func(c *delivery.Channel[text]) { c.Policy.KeepOldest = true })
		for i := range delivery.MaxWaiting {
			if s.Full() {
				t.Fatalf("full with %d", i)
			}
			s.hand(fmt.Sprint(i))
		}
		if !s.Full() {
			t.Error("not full")
		}
		s.hand("against the rule")
		if w := s.Waiting(); w.Count != delivery.MaxWaiting+1 || s.counts.givenUp != 0 {
			t.Errorf("%d wait", w.Count)
		}
	})
}
