package delivery_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
)

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
