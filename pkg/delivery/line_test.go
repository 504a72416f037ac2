package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/model"
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

func TestLine_LedgerAway(t *testing.T) {
	t.Parallel()

	bubble(t, "Fails", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		l.Break(func(context.Context, string) error { return errBroken })
		s := prepared(l, r).start(t)
		if s.hand("a") || s.hand("b") {
			t.Error("stored")
		}
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"a", "b"})
		l.Break(nil)
		s.hand("c")
		after(writtenAgain)
		equal(t, "got", r.texts(), []string{"a", "b", "c"})
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done", "done"})
		// Once as an error, and once when it is over.
		if got := s.log.Count("go on from memory"); got != 2 {
			t.Errorf("%d lines", got)
		}
	})

	bubble(t, "Hangs", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		l.Break(func(ctx context.Context, _ string) error { return hang(ctx, "") })
		s := prepared(l, r).start(t)
		synctest.Wait()
		for i, text := range []string{"a", "b"} { // only the first one waits
			began := time.Now()
			s.hand(text)
			if took := time.Since(began); took > 50*time.Millisecond || i > 0 && took > 0 {
				t.Errorf("took %s", took)
			}
		}
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"a", "b"})
		l.Break(nil)
		after(time.Minute)
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done"})
		if !s.hand("c") {
			t.Error("not stored")
		}
	})

	// The end is not stored: it is told later, or delivered again after a restart.
	bubble(t, "EndFails", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		l.Break(on("end"))
		s := begin(t, l, r)
		s.hand("a")
		after(time.Hour)
		equal(t, "rows", l.Outcomes(channel), []string{"waits"})
		s.stop()
		begin(t, l, r)
		after(time.Second)
		equal(t, "got", r.texts(), []string{"a", "a"})
		l.Break(nil)
		after(writtenAgain)
		equal(t, "rows", l.Outcomes(channel), []string{"done"})
	})

	// What could not be stored is stored as soon as the ledger answers, in order, and
	// so is what became of it meanwhile.
	bubble(t, "StoredLater", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := begin(t, l, r)
		l.Break(func(context.Context, string) error { return errBroken })
		s.hand("a", "b")
		s.hand("c")
		synctest.Wait()
		r.set(away)
		s.hand("d")
		after(time.Minute)
		equal(t, "got", r.texts()[:3], []string{"a", "b", "c"})
		equal(t, "rows", l.Outcomes(channel), nil)
		l.Break(nil)
		after(writtenAgain)
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done", "done", "waits"})
		after(most)
		if row := l.Of(channel)[3]; row.Tries != len(r.tries())-3 || row.Error != errNetwork.Error() {
			t.Errorf("%d tries are noted, of %d: %s", row.Tries, len(r.tries())-3, row.Error)
		}
	})

	// An answer that is lost stores nothing twice, and a restart delivers nothing
	// again.
	bubble(t, "AnswerLost", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := begin(t, l, r)
		l.Lose(on("store"))
		if s.hand("a", "b") {
			t.Error("stored")
		}
		synctest.Wait()
		l.Lose(nil)
		after(writtenAgain)
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done"})
		s.hand("b") // the same words, at another time
		synctest.Wait()
		s.stop()
		begin(t, l, r)
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"a", "b", "b"})
		equal(t, "rows", l.Outcomes(channel), []string{"done", "done", "done"})
	})

	// What was stored is loaded while its answer is on its way, or lost.
	bubble(t, "LoadedMeanwhile", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := prepared(l, r).start(t)
		synctest.Wait()
		l.Lose(func(ctx context.Context, operation string) error {
			if operation == "store" {
				return hang(ctx, "")
			}
			return nil
		})
		s.hand("a")
		synctest.Wait()
		s.load(t)
		l.Lose(nil)
		after(time.Minute)
		equal(t, "got", r.texts(), []string{"a"})
		equal(t, "rows", l.Outcomes(channel), []string{"done"})
	})

	bubble(t, "Invalid", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := begin(t, l, r, func(c *delivery.Channel[text]) { c.Name = strings.Repeat("x", 1000) })
		s.hand("a")
		after(time.Minute)
		equal(t, "got", r.texts(), []string{"a"})
		if got := s.log.Count("can never be stored"); got != 1 {
			t.Errorf("%d lines", got)
		}
	})

	// A stop writes what is left, but does not wait for long.
	for name, hangs := range map[string]bool{"StopWrites": false, "StopHangs": true} {
		bubble(t, name, func(t *testing.T) {
			l, r := &deliverytest.Ledger{}, &receiver{}
			s := begin(t, l, r)
			l.Break(func(context.Context, string) error { return errBroken })
			s.hand("a")
			synctest.Wait()
			l.Break(nil)
			want := []string{"done"}
			if hangs {
				l.Break(func(ctx context.Context, _ string) error { return hang(ctx, "") })
				want = nil
			}
			began := time.Now()
			s.stop()
			if took := time.Since(began); took >= time.Second {
				t.Errorf("took %s", took)
			}
			equal(t, "rows", l.Outcomes(channel), want)
		})
	}

	// Somebody still hands something over while the service stops.
	bubble(t, "AfterStop", func(t *testing.T) {
		l, r := &deliverytest.Ledger{}, &receiver{}
		s := begin(t, l, r)
		s.stop()
		if !s.hand("a") {
			t.Error("not stored")
		}
		l.Break(func(ctx context.Context, _ string) error { return hang(ctx, "") })
		began := time.Now()
		if s.hand("b") || time.Since(began) >= time.Second {
			t.Errorf("took %s", time.Since(began))
		}
		l.Break(nil)
		begin(t, l, r)
		synctest.Wait()
		equal(t, "got", r.texts(), []string{"a"})
	})
}

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

func TestErrors(t *testing.T) {
	t.Parallel()
	later := &delivery.LaterError{Err: errNetwork}
	if !errors.Is(later, errNetwork) || later.Error() != errNetwork.Error() {
		t.Errorf("%v", later)
	}
	if err := (&delivery.PermanentError{Reason: "gone"}); err.Error() != "gone" {
		t.Errorf("%v", err)
	}
}
