package act

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

func away(context.Context, peer.ActivateRequest) error { return errNetwork }

// bubble runs a test in simulated time.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

func TestActor_Activate(t *testing.T) {
	t.Parallel()

	bubble(t, "OK", func(t *testing.T) {
		s, n := &store{}, &node{}
		m := begin(t, Config{}, s, n)
		at := time.Now().Add(time.Millisecond)
		m.activate(t, 2, 0)
		synctest.Wait() // no time passes
		equal(t, "records", n.sources(), []int{2})
		equal(t, "rows", s.Outcomes("activation"), []string{"done"})
		r := n.asked[0]
		if r.Pin != nil || *r.Epoch != 0 || !r.At.Equal(at) || !r.OwnClock || r.By != "monitor-a" || r.Reason != "was silent" {
			t.Errorf("%+v", r)
		}
		if m.activationsWait() || m.wasOvertaken() != 0 {
			t.Error("it waits, or is overtaken")
		}
	})

	for name, err := range map[string]error{
		"Unavailable": errNetwork,
		"Access":      &peer.StatusError{Status: http.StatusUnauthorized},
		"Forbidden":   &peer.StatusError{Status: http.StatusForbidden},
		"Unsupported": fmt.Errorf("answered 404: %w", peer.ErrUnsupported),
	} {
		bubble(t, "Later"+name, func(t *testing.T) {
			s, n := &store{}, &node{}
			n.before = func(context.Context, peer.ActivateRequest) error { return err }
			m := begin(t, Config{}, s, n)
			began := time.Now()
			m.activate(t, 2, 0)
			after(time.Hour)
			deliverytest.Jitters(t, n.requests(), 100*time.Millisecond, 5*time.Second)
			w := m.Waiting()[0]
			if !m.activationsWait() || w.Channel != "activation" || w.Count != 1 || w.Error != err.Error() || w.Oldest.Before(began) {
				t.Errorf("%+v", w)
			}
			row := s.Of("activation")[0]
			if row.Tries != len(n.requests()) || row.Error != err.Error() {
				t.Errorf("%d tries are noted, of %d: %s", row.Tries, len(n.requests()), row.Error)
			}
			if got := m.log.Count("delivery failed"); got > 3600/30+1 {
				t.Errorf("%d lines", got)
			}
			n.set(nil)
			after(5 * time.Second)
			equal(t, "rows", s.Outcomes("activation"), []string{"done"})
			if !n.records[0].From.Equal(began.Add(time.Millisecond)) {
				t.Errorf("it is recorded as of %s", n.records[0].From)
			}
		})
	}

	bubble(t, "Chain", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.switchTo(1, false)
		n.set(away)
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 1)
		m.activate(t, 3, 1)
		after(time.Minute)
		m.stop()
		m = begin(t, Config{}, s, n) // a restart in between
		if u, known := m.Undelivered(); !known || u != (decision.Undelivered{Source: 3, Epoch: 1, Count: 2}) {
			t.Errorf("undelivered is %+v, %t", u, known)
		}
		m.activate(t, 4, 1)
		n.set(nil)
		after(5 * time.Second)
		m.activate(t, 5, 1) // the monitor has not asked yet
		synctest.Wait()
		equal(t, "records", n.sources(), []int{1, 2, 3, 4, 5})
		m.stop()
		m = begin(t, Config{}, s, n) // nothing waits, and the last activation counts
		if u, known := m.Undelivered(); !known || u != (decision.Undelivered{Source: 5, Epoch: 1, Count: 4}) {
			t.Errorf("undelivered is %+v, %t", u, known)
		}
		m.activate(t, 6, 1)
		synctest.Wait()
		m.activate(t, 7, 6) // the monitor asked
		synctest.Wait()
		equal(t, "records", n.sources(), []int{1, 2, 3, 4, 5, 6, 7})
		if m.wasOvertaken() != 0 {
			t.Error("overtaken by itself")
		}
	})

	for name, pin := range map[string]bool{"Stale": false, "Pinned": true} {
		bubble(t, "Overtaken"+name, func(t *testing.T) {
			s, n := &store{}, &node{}
			n.set(away)
			m := begin(t, Config{}, s, n)
			for source := 2; source <= 4; source++ {
				m.activate(t, source, 0)
			}
			n.switchTo(9, pin)
			m.activate(t, 5, 1) // upon what somebody else decided
			n.set(nil)
			after(5 * time.Second)
			m.activate(t, 6, 0) // late
			synctest.Wait()
			want, chains := []int{9, 5}, 2
			if pin {
				want, chains = []int{9}, 3
			}
			equal(t, "records", n.sources(), want)
			for i, outcome := range s.Outcomes("activation") {
				if lost := strings.HasPrefix(outcome, "overtaken: "); lost != (pin || i != 3) {
					t.Errorf("%d: %s", i, outcome)
				}
			}
			if m.wasOvertaken() != chains || m.log.Count(`"level":"warn"`) < 4 || m.activationsWait() {
				t.Errorf("%d times overtaken, %d waiting", m.wasOvertaken(), m.Waiting()[0].Count)
			}
			// After a restart the sync node is asked again.
			m.stop()
			asked := len(n.requests())
			m = begin(t, Config{}, s, n)
			if u, known := m.Undelivered(); known {
				t.Errorf("undelivered is %+v", u)
			}
			m.activate(t, 7, 0)
			synctest.Wait()
			if m.wasOvertaken() != 1 || len(n.requests()) != asked+1 {
				t.Errorf("%d times overtaken, %d requests more", m.wasOvertaken(), len(n.requests())-asked)
			}
			equal(t, "records after a restart", n.sources(), want)
		})
	}

	// Another monitor had the lease meanwhile, and switched nothing, so the epoch
	// is as before. A decision after that is recorded.
	bubble(t, "Deposed", func(t *testing.T) {
		s, n := &store{}, &node{reign: reign{"a", 3}}
		m := begin(t, Config{}, s, n)
		m.reigns(3)
		n.set(away)
		m.activate(t, 2, 0)
		m.stop() // waiting activations keep the lease under which they were decided
		n.reigned("b")
		m = begin(t, Config{}, s, n)
		m.reigns(3)
		m.activate(t, 3, 0)
		n.set(nil)
		after(5 * time.Second)
		// This activation was decided before the monitor heard that.
		m.activate(t, 4, 0)
		synctest.Wait()
		equal(t, "records", n.sources(), nil)
		for i, outcome := range s.Outcomes("activation") {
			if !strings.HasPrefix(outcome, "overtaken: ") {
				t.Errorf("%d: %s", i, outcome)
			}
		}
		n.reigned("a")
		m.reigns(5)
		m.activate(t, 5, 0)
		m.activate(t, 6, 0)
		synctest.Wait()
		equal(t, "records under the new lease", n.sources(), []int{5, 6})
		if last := n.asked[len(n.asked)-1].Lease; m.wasOvertaken() != 2 || *last != (model.Lease{Holder: "a", Epoch: 5}) {
			t.Errorf("%d times overtaken, the last one under %+v", m.wasOvertaken(), last)
		}
	})

	// Killed in the middle of a chain: the rest is proven to follow.
	bubble(t, "KilledInChain", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(func(ctx context.Context, r peer.ActivateRequest) error {
			if time.Sleep(time.Second); r.Source == 3 {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		m := begin(t, Config{}, s, n)
		for source := 2; source <= 4; source++ {
			m.activate(t, source, 0)
		}
		after(2 * time.Second)
		m.stop()
		equal(t, "rows", s.Outcomes("activation"), []string{"done", "waits", "waits"})
		n.set(nil)
		m = begin(t, Config{}, s, n)
		synctest.Wait()
		equal(t, "records", n.sources(), []int{2, 3, 4})
		if m.wasOvertaken() != 0 || s.proofs != 2 {
			t.Errorf("%d times overtaken, %d proofs", m.wasOvertaken(), s.proofs)
		}
	})

	// Killed while an overtaken chain is given up: the rest of the chain expects
	// the epoch that somebody else's switch brought.
	bubble(t, "KilledOvertaken", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(away)
		m := begin(t, Config{}, s, n)
		for source := 2; source <= 4; source++ {
			m.activate(t, source, 0)
		}
		n.switchTo(9, false)
		ends := 0
		s.Break(func(_ context.Context, operation string) error {
			if operation == "end" {
				if ends++; ends > 1 {
					return errBroken
				}
			}
			return nil
		})
		n.set(nil)
		after(5 * time.Second)
		m.stop()
		equal(t, "rows", s.Outcomes("activation")[1:], []string{"waits", "waits"})
		s.Break(nil)
		m = begin(t, Config{}, s, n)
		synctest.Wait()
		equal(t, "records", n.sources(), []int{9})
		if m.wasOvertaken() != 1 || m.activationsWait() {
			t.Errorf("%d times overtaken", m.wasOvertaken())
		}
	})

	// An activation that is sent while the rest is loaded gets another chain, and
	// ends that chain.
	bubble(t, "LoadedWhileSent", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(func(ctx context.Context, _ peer.ActivateRequest) error { time.Sleep(time.Second); return nil })
		m := prepared(t, Config{}, s, n).start(t)
		m.activate(t, 2, 0)
		synctest.Wait() // the activation is on its way
		if err := m.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.switchTo(9, false)
		after(2 * time.Second)
		m.activate(t, 3, 0) // before the monitor heard of that
		after(2 * time.Second)
		equal(t, "records", n.sources(), []int{9})
	})

	// A proof for another epoch proves nothing, nor does a proof for another chain
	// upon the same epoch.
	const began = "2000-01-01T00:00:00Z"
	for name, c := range map[string]struct {
		base, epoch int64 // once there is the proof
		began       string
	}{
		"OfAnotherEpoch": {3, 6, began}, "OfAnotherChain": {5, 6, "2000-01-01T00:00:01Z"}, "OfIt": {5, 7, began},
	} {
		bubble(t, "Proof"+name, func(t *testing.T) {
			s, n := &store{}, &node{}
			for range 6 {
				n.switchTo(1, false)
			}
			s.keep(model.Note{Name: proofName, Body: fmt.Appendf(nil, `{"base":%d,"began":%q,"epoch":6}`, c.base, c.began)})
			if _, err := s.StoreDeliveries(t.Context(), []model.Delivery{
				{Channel: "activation", Body: fmt.Appendf(nil, `{"source":2,"at":%q,"base":5,"expected":6,"began":%q,"follows":true}`, began, began), CreatedAt: time.Now()},
			}); err != nil {
				t.Fatal(err)
			}
			m := begin(t, Config{}, s, n)
			synctest.Wait()
			if n.epoch() != c.epoch || m.wasOvertaken() != int(7-c.epoch) {
				t.Errorf("epoch %d, %d times overtaken", n.epoch(), m.wasOvertaken())
			}
		})
	}

	bubble(t, "ClockAhead", func(t *testing.T) {
		s, n := &store{}, &node{behind: time.Minute}
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		m.activate(t, 3, 0)
		synctest.Wait()
		equal(t, "records", n.sources(), []int{2, 3})
		equal(t, "rows", s.Outcomes("activation"), []string{"done", "done"})
		if got := m.log.Count("it is sent without a time"); got != 2 || len(n.requests()) != 4 {
			t.Errorf("%d warnings, %d requests", got, len(n.requests()))
		}
	})

	bubble(t, "Refused", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(func(context.Context, peer.ActivateRequest) error { return model.Invalid("number", "2", "must be less") })
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		synctest.Wait()
		equal(t, "rows", s.Outcomes("activation"), []string{"refused: invalid: number: must be less"})
		if m.wasOvertaken() != 1 {
			t.Error("the sync node is not asked")
		}
	})

	bubble(t, "LostReply", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.after = func(context.Context, peer.ActivateRequest) error {
			if len(n.requests()) < 5 {
				return errNetwork
			}
			return nil
		}
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		m.activate(t, 3, 0)
		after(5 * time.Second)
		equal(t, "records", n.sources(), []int{2, 3})
		equal(t, "rows", s.Outcomes("activation"), []string{"done", "done"})
	})

	bubble(t, "Full", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(away)
		m := begin(t, Config{}, s, n)
		for i := range delivery.MaxWaiting + 3 {
			m.activate(t, 2+i%2, 0)
		}
		if got := m.log.Count("too many activations wait"); got != 3 || m.Waiting()[0].Count != delivery.MaxWaiting || len(s.Of("activation")) != delivery.MaxWaiting {
			t.Errorf("%d refused, %+v", got, m.Waiting()[0])
		}
		n.set(nil)
		after(5 * time.Second)
		m.activate(t, 7, 0)
		synctest.Wait()
		if got := n.sources(); len(got) != delivery.MaxWaiting+1 || got[delivery.MaxWaiting] != 7 {
			t.Errorf("%d records", len(got))
		}
	})
}

func TestActor_StoreAway(t *testing.T) {
	t.Parallel()

	bubble(t, "Fails", func(t *testing.T) {
		s, n := &store{}, &node{}
		s.Break(func(context.Context, string) error { return errBroken })
		m := prepared(t, Config{}, s, n).start(t)
		if m.Load(t.Context()) == nil {
			t.Error("loaded")
		}
		m.activate(t, 2, 0)
		m.activate(t, 3, 0)
		synctest.Wait()
		s.Break(nil)
		if err := m.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.activate(t, 4, 0) // what was delivered meanwhile counts, too
		after(writtenAgain)
		equal(t, "records", n.sources(), []int{2, 3, 4})
		equal(t, "rows", s.Outcomes("activation"), []string{"done", "done", "done"}) // which the database has now
		// Logged once as an error, and once when it is over.
		if got := m.log.Count("go on from memory"); got != 2 || m.activationsWait() {
			t.Errorf("%d lines", got)
		}
	})

	// No decision waits for a disk that hangs, and neither does the command.
	bubble(t, "Hangs", func(t *testing.T) {
		s, n, p := &store{}, &node{}, &program{}
		m := commanding(t, s, p)
		m.activations.node = n
		synctest.Wait()
		s.Break(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
		began := time.Now()
		m.activate(t, 2, 0)
		m.switched(t, 2, 1)
		m.Notify(Notice{Type: NoticeAlarm, At: time.Now()})
		if took := time.Since(began); took > 51*time.Millisecond { // and one is that of the clock
			t.Errorf("took %s", took)
		}
		synctest.Wait()
		equal(t, "records", n.sources(), []int{2})
		equal(t, "runs", p.runs, []string{"2<1"})
		// A second one does not wait at all.
		after(30 * time.Second)
		began = time.Now()
		m.activate(t, 3, 1)
		m.switched(t, 3, 2)
		synctest.Wait()
		if took := time.Since(began); took > time.Millisecond {
			t.Errorf("took %s", took)
		}
		equal(t, "records", n.sources(), []int{2, 3})
		equal(t, "runs", p.runs, []string{"2<1", "3<2"})
		// All of it is written down in the end, and a restart does nothing again.
		s.Break(nil)
		after(time.Minute)
		m.stop()
		equal(t, "activations", s.Outcomes("activation"), []string{"done", "done"})
		equal(t, "orders", s.Outcomes("command"), []string{"done", "done"})
		commanding(t, s, p).asserts(t, 3)
		synctest.Wait()
		equal(t, "records", n.sources(), []int{2, 3})
		equal(t, "runs", p.runs, []string{"2<1", "3<2"})
	})

	// The end is not stored: the activation is delivered again after a restart.
	bubble(t, "EndFails", func(t *testing.T) {
		s, n := &store{}, &node{}
		s.Break(func(_ context.Context, operation string) error {
			if operation == "end" {
				return errBroken
			}
			return nil
		})
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		after(time.Hour)
		equal(t, "rows", s.Outcomes("activation"), []string{"waits"})
		m.stop()
		m = begin(t, Config{}, s, n)
		after(time.Second)
		if len(n.requests()) != 2 {
			t.Errorf("%d requests", len(n.requests()))
		}
		s.Break(nil)
		after(writtenAgain)
		equal(t, "records", n.sources(), []int{2})
		equal(t, "rows", s.Outcomes("activation"), []string{"done"})
		if m.wasOvertaken() != 0 {
			t.Error("overtaken by itself")
		}
	})

	// Only the end of the later activation is stored. The earlier one is not taken
	// for one that comes after it.
	bubble(t, "EndFailsOnce", func(t *testing.T) {
		s, n := &store{}, &node{}
		s.Break(func(_ context.Context, operation string) error {
			if operation == "end" {
				return errBroken
			}
			return nil
		})
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		synctest.Wait()
		s.Edit(func(rows []model.Delivery) []model.Delivery {
			second := rows[0] // as if the end of a second one was told first
			second.ID, second.EndedAt = 2, time.Now()
			second.Body = []byte(strings.NewReplacer(`"source":2`, `"source":3`, `"expected":0`, `"expected":1`).Replace(string(second.Body)))
			return append(rows, second)
		})
		n.switchTo(3, false)
		m.stop()
		s.Break(nil)
		begin(t, Config{}, s, n)
		synctest.Wait()
		equal(t, "records", n.sources(), []int{2, 3})
	})

	// Activations stored before the restart go first, even if they are read late.
	bubble(t, "LoadedLate", func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(away)
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		synctest.Wait()
		m.stop()
		s.Break(func(context.Context, string) error { return errBroken })
		m = prepared(t, Config{}, s, n).start(t)
		m.activate(t, 3, 0)
		after(time.Minute)
		// The answer to this one is lost: it is in the database, and in memory.
		s.Break(nil)
		s.Lose(func(_ context.Context, operation string) error {
			if operation == "store" {
				return errBroken
			}
			return nil
		})
		m.activate(t, 4, 0)
		s.Lose(nil)
		m.activate(t, 5, 0)
		for range 2 {
			if err := m.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		n.set(nil)
		after(5 * time.Second)
		equal(t, "records", n.sources(), []int{2, 3, 4, 5})
		equal(t, "rows", s.Outcomes("activation"), []string{"done", "done", "done", "done"})
		if m.wasOvertaken() != 0 {
			t.Error("overtaken by itself")
		}
	})

	bubble(t, "Garbage", func(t *testing.T) {
		s, n := &store{}, &node{}
		if _, err := s.StoreDeliveries(t.Context(), []model.Delivery{
			{Channel: "activation", Body: []byte(`{"source":"two"}`), CreatedAt: time.Now()},
			{Channel: "command", Body: []byte(`{"source":"two"}`), CreatedAt: time.Now()},
		}); err != nil {
			t.Fatal(err)
		}
		m := begin(t, Config{}, s, n)
		synctest.Wait()
		equal(t, "rows", s.Outcomes("activation"), []string{"can't be decoded"})
		if len(n.requests()) != 0 || m.activationsWait() {
			t.Error("it was sent")
		}
	})
}

func TestActor_Stop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := &store{}, &node{}
		n.set(func(ctx context.Context, _ peer.ActivateRequest) error { <-ctx.Done(); return ctx.Err() })
		m := begin(t, Config{}, s, n)
		m.activate(t, 2, 0)
		synctest.Wait()
		s.Break(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
		began := time.Now()
		m.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %s", took)
		}
		equal(t, "rows", s.Outcomes("activation"), []string{"waits"})
	})
}
