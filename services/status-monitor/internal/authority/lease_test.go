package authority_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/peer"
)

// lease is the duration that the tests configure. round is how long it takes
// until a monitor has noticed something.
const (
	lease = 10 * time.Second
	round = 2 * time.Second
)

// rules runs a test in simulated time.
func rules(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

// pair are two monitors of one node: a acts and b stands by.
func pair(t *testing.T) (node *syncNode, a, b *monitor) {
	node = &syncNode{}
	a, b = newMonitor("a", node), newMonitor("b", node)
	a.start()
	a.expect(t, "acts false, active 1 epoch 0, acts true")
	b.start()
	b.expect(t, "acts false, another acts, active 1 epoch 0")
	return node, a, b
}

// pairNotAlone is such a pair, a minute later, of which neither acts without the
// lease.
func pairNotAlone() (node *syncNode, a, b *monitor) {
	node = &syncNode{}
	a, b = newMonitor("a", node), newMonitor("b", node)
	a.cfg.ActAlone, b.cfg.ActAlone = false, false
	a.start()
	synctest.Wait()
	b.start()
	pass(time.Minute)
	a.heard()
	b.heard()
	return node, a, b
}

func stop(monitors ...*monitor) {
	for _, m := range monitors {
		m.stop()
	}
}

func TestFollower_Lease(t *testing.T) {
	t.Parallel()
	rules(t, "OneActs", func(t *testing.T) {
		_, a, b := pair(t)
		pass(time.Hour)
		a.expect(t, "")
		b.expect(t, "")
		a.detail(t, "holds the lease")
		b.detail(t, "another monitor acts: a")
		if v := b.View(); v.LeaseHolder != "a" || v.LeaseRemaining <= lease-2*round || v.LeaseRemaining > lease || !v.Reachable || v.Detail != "" {
			t.Errorf("%+v", v)
		}
		if n := a.memory.count(); n > 2 {
			t.Errorf("%d notes, though nothing changed", n)
		}
		stop(a, b)
	})

	rules(t, "StopGivesItBack", func(t *testing.T) {
		_, a, b := pair(t)
		a.stop()
		pass(round)
		b.expect(t, "acts true")
		a.start() // it remembers that it no longer held the lease
		a.expect(t, "acts false, active 1 epoch 0, another acts")
		a.detail(t, "another monitor acts: b")
		stop(a, b)
	})

	rules(t, "DeathIsNoticed", func(t *testing.T) {
		node, a, b := pair(t)
		a.kill()
		pass(lease - round)
		b.expect(t, "")
		pass(2 * round)
		b.expect(t, "acts true")
		a.link.set(nil)
		a.start() // a former holder, until the first answer
		a.expect(t, "acts false, active 1 epoch 0, another acts")
		if node.held() != "b" {
			t.Error(node.held())
		}
		stop(a, b)
	})

	// Decisions are made under the lease that was granted last.
	rules(t, "Granted", func(t *testing.T) {
		_, a, b := pair(t)
		granted := func(m *monitor, name string, epoch int64) {
			t.Helper()
			if l := m.View().Granted; !strings.HasPrefix(l.Holder, name+"/") || l.Epoch != epoch {
				t.Errorf("decides under %+v, want epoch %d of %s", l, epoch, name)
			}
		}
		granted(a, "a", 1)
		granted(b, "b", 0)
		a.kill() // cut off, and restarted
		a.start()
		pass(3 * lease)
		granted(a, "a", 1)
		granted(b, "b", 2)
		b.stop()
		a.link.set(nil)
		pass(3 * lease)
		granted(a, "a", 3)
		stop(a)
	})

	rules(t, "RestartRenews", func(t *testing.T) {
		node, a, b := pair(t)
		a.kill()
		a.link.set(nil)
		a.start()
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		pass(time.Minute)
		b.expect(t, "")
		if node.epoch != 1 {
			t.Errorf("the lease had %d holders", node.epoch)
		}
		stop(a, b)
	})

	rules(t, "BothCutOff", func(t *testing.T) {
		_, a, b := pair(t)
		a.link.set(away)
		b.link.set(hang)
		pass(time.Hour)
		a.expect(t, "")
		b.expect(t, "")
		a.detail(t, "acts alone: the sync node has not answered since 00:00:00 UTC")
		b.detail(t, "only watches: the sync node has not answered since 00:00:00 UTC, and another monitor may act")
		if v := b.View(); v.Reachable || v.Detail != "does not answer within 2s" || !v.Active.Stale || v.LeaseHolder != "" {
			t.Errorf("%+v", v)
		}
		// The sync node is back, first for the one that stood by.
		asked := b.link.called("AcquireLease")
		b.link.set(nil)
		pass(2 * round)
		b.detail(t, "only watches: the sync node is back, and the monitor that acted before may ask first")
		if b.link.called("AcquireLease") != asked || b.link.called("Lease") == 0 {
			t.Error("asked for the lease before the former holder did")
		}
		a.link.set(nil)
		pass(2 * round)
		a.detail(t, "holds the lease")
		b.detail(t, "another monitor acts: a") // there is nothing left to wait for
		stop(a, b)
		b.expect(t, "")
		a.expect(t, "")
	})

	rules(t, "FormerHolderNeverComes", func(t *testing.T) {
		_, a, b := pair(t)
		a.kill()
		b.link.set(away)
		pass(time.Hour)
		b.link.set(nil)
		pass(lease - round)
		b.expect(t, "")
		pass(3 * round)
		b.expect(t, "acts true")
		stop(b)
	})

	rules(t, "OneLostAnswerIsNoReasonToWait", func(t *testing.T) {
		_, a, b := pair(t)
		b.link.set(away)
		pass(round)
		b.link.set(nil)
		pass(round)
		a.kill()
		pass(lease + round)
		b.expect(t, "acts true")
		stop(b)
	})

	rules(t, "HolderCutOff", func(t *testing.T) {
		_, a, b := pair(t)
		a.link.set(hang)
		pass(time.Minute)
		a.expect(t, "") // goes on
		b.expect(t, "acts true")
		a.link.set(nil)
		pass(2 * round)
		a.expect(t, "another acts")
		a.detail(t, "another monitor acts: b")
		a.link.set(away)
		pass(round)
		a.stop()
		a.start() // and is no longer the last holder
		a.expect(t, "acts false, active 1 epoch 0")
		stop(a, b)
	})

	rules(t, "NotAlone", func(t *testing.T) {
		node, a, b := pairNotAlone()
		a.link.set(hang) // the answer to a request that is about to be made
		node.mu.Lock()
		renewed := node.expires.Add(-lease)
		node.mu.Unlock()
		pass(time.Until(renewed.Add(lease)) - 1)
		a.expect(t, "")
		pass(1)
		a.expect(t, "acts false, as its lease ran out")
		b.expect(t, "")
		pass(round)
		b.expect(t, "acts true")
		a.detail(t, fmt.Sprintf("only watches: its lease ran out, and the sync node has not answered since %s UTC", renewed.UTC().Format(time.TimeOnly)))
		b.stop()
		a.link.set(nil)
		pass(2 * round) // it was the last holder, so it asks at once
		a.expect(t, "acts true")
		a.kill()
		a.start() // and does not know whether it still holds the lease
		a.expect(t, "acts false, active 1 epoch 0")
		a.link.set(nil)
		pass(round)
		a.expect(t, "acts true")
		stop(a)
	})

	rules(t, "LateAnswer", func(t *testing.T) { // the lease counts from before the request
		a := newMonitor("a", &syncNode{})
		a.cfg.ActAlone = false
		a.link.set(func(ctx context.Context, _ string) error { return slow(ctx, 1500*time.Millisecond) })
		a.start()
		pass(10 * round)
		if !a.isActing() {
			t.Error("does not act, as the answers are slow")
		}
		a.link.mu.Lock()
		var sent time.Time
		for i, call := range a.link.calls {
			if call == "AcquireLease" {
				sent = a.link.at[i]
			}
		}
		a.link.mu.Unlock()
		if time.Since(sent) < round { // its answer is still on its way
			pass(round)
		}
		a.heard()
		a.link.set(hang)
		pass(time.Until(sent.Add(lease)) - 1)
		a.expect(t, "")
		pass(1)
		a.expect(t, "acts false, as its lease ran out")
		stop(a)
	})

	rules(t, "AllIsSlow", func(t *testing.T) { // the lease is renewed in time nevertheless
		node := &syncNode{}
		a := newMonitor("a", node)
		a.cfg.ActAlone = false
		a.start()
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		a.link.set(func(ctx context.Context, call string) error {
			if call == "ActiveSource" {
				node.activate(2, "status-monitor a", 0)
			}
			return slow(ctx, round-time.Millisecond)
		})
		a.memory.set(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		for range 10 {
			pass(lease)
			if !a.isActing() {
				t.Error("stands by")
			}
		}
		if node.epoch != 1 {
			t.Errorf("the lease had %d holders", node.epoch)
		}
		stop(a)
	})

	rules(t, "AnswerLost", func(t *testing.T) { // the standby holds the lease and does not know
		node, a, b := pair(t)
		a.kill()
		b.link.mu.Lock()
		b.link.after = func(context.Context, string) error {
			if node.held() == "b" {
				return errAway
			}
			return nil
		}
		b.link.mu.Unlock()
		pass(lease + round)
		if node.held() != "b" {
			t.Fatal(node.held())
		}
		b.expect(t, "")
		b.link.mu.Lock()
		b.link.after = nil
		b.link.mu.Unlock()
		pass(round)
		b.expect(t, "acts true")
		stop(b)
	})

	rules(t, "OneName", func(t *testing.T) {
		node := &syncNode{}
		a, b := newMonitor("a", node), newMonitor("a", node)
		a.start()
		synctest.Wait()
		b.start()
		pass(time.Minute)
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		b.expect(t, "acts false, another acts, active 1 epoch 0")
		b.detail(t, "another monitor acts: a, which is also the name of this monitor")
		stop(a, b)
	})

	rules(t, "Original", func(t *testing.T) {
		a := newMonitor("a", &syncNode{})
		original := func(_ context.Context, call string) error {
			if call == "ActiveSource" {
				return nil
			}
			return fmt.Errorf("answered 404: %w", peer.ErrUnsupported)
		}
		a.link.set(original)
		a.start()
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		a.detail(t, "acts: the sync node knows no leases, so no other monitor should run")
		a.link.set(away)
		pass(time.Minute)
		a.expect(t, "")
		a.stop()
		a.start() // it goes on as before
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		a.link.set(original)
		stop(a)
		if a.link.called("ReleaseLease") > 0 {
			t.Error("gave back what it never had")
		}
	})

	rules(t, "ProxyFindsNothing", func(t *testing.T) {
		node, a, b := pair(t)
		nothing := func(context.Context, string) error { return fmt.Errorf("answered 404: %w", peer.ErrUnsupported) }
		b.link.set(nothing)
		pass(time.Minute)
		b.expect(t, "")
		// A monitor that acts goes on under the lease that it had, and not without
		// one.
		b.link.set(nil)
		a.link.set(nothing)
		pass(time.Minute)
		b.expect(t, "acts true")
		a.expect(t, "")
		if l := a.View().Granted; l.Epoch != 1 || node.epoch != 2 {
			t.Errorf("decides under %+v, and the lease had %d holders", l, node.epoch)
		}
		stop(a, b)
	})

	// Neither may act without the lease, nor because a proxy finds nothing.
	rules(t, "ProxyFindsNothingNotAlone", func(t *testing.T) {
		_, a, b := pairNotAlone()
		nothing := func(context.Context, string) error { return fmt.Errorf("answered 404: %w", peer.ErrUnsupported) }
		b.link.set(nothing)
		pass(lease / 2)
		b.expect(t, "") // the other one's lease is not over either
		b.link.set(nil)
		pass(lease)
		a.link.set(nothing)
		pass(lease + round)
		a.expect(t, "acts false, as its lease ran out")
		b.expect(t, "acts true")
		stop(a, b)
	})

	// Neither acts without the lease, so it does not stay known for ever that the
	// other one acts.
	rules(t, "NeitherAlone", func(t *testing.T) {
		_, a, b := pairNotAlone()
		a.link.set(away)
		b.link.set(away)
		pass(lease / 2)
		b.expect(t, "")
		pass(lease)
		a.expect(t, "acts false, as its lease ran out")
		b.expect(t, "acts false, as the sync node can't be reached, and the other monitor's lease should be over")
		a.link.set(nil)
		b.link.set(nil)
		pass(2 * round)
		a.expect(t, "acts true")
		b.expect(t, "another acts")
		stop(a, b)
	})

	rules(t, "Refused", func(t *testing.T) { // it still learns what is active
		a := newMonitor("a", &syncNode{})
		a.link.set(func(_ context.Context, call string) error {
			if call == "AcquireLease" || call == "Lease" {
				return &peer.StatusError{Status: 403, Detail: "role engine may not"}
			}
			return nil
		})
		a.start()
		a.expect(t, "acts false, active 1 epoch 0")
		if v := a.View(); v.Reachable || v.Detail != "answers, but refuses this monitor's token, AURA_SYNC_TOKEN (403 Forbidden: role engine may not)" {
			t.Errorf("%+v", v)
		}
		stop(a)
	})

	rules(t, "ActiveSourceUnknown", func(t *testing.T) { // a monitor that begins knows the truth
		a := newMonitor("a", &syncNode{})
		a.link.set(func(ctx context.Context, call string) error {
			if call == "ActiveSource" {
				return errAway
			}
			return nil
		})
		a.start()
		pass(time.Minute)
		a.expect(t, "acts false, acts false, as the sync node does not say which source is active")
		a.link.set(nil)
		pass(round)
		a.expect(t, "active 1 epoch 0, acts true")
		stop(a)
	})
}

func TestFollower_Stop(t *testing.T) {
	t.Parallel()
	rules(t, "NodeAway", func(t *testing.T) { // it goes on acting after the restart
		_, a, b := pair(t)
		a.link.set(away)
		pass(2 * round)
		a.stop()
		a.start()
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		a.detail(t, "acts alone: the sync node has not answered since the start")
		if a.link.called("ReleaseLease") > 0 {
			t.Error("gave the lease back to a node that is away")
		}
		stop(a, b)
	})

	rules(t, "AnswerLost", func(t *testing.T) { // given back, or not: it must not act alongside another
		_, a, b := pair(t)
		a.link.set(func(ctx context.Context, call string) error {
			if call == "ReleaseLease" {
				return hang(ctx, call)
			}
			return nil
		})
		began := time.Now()
		a.stop()
		if took := time.Since(began); took != time.Second {
			t.Errorf("the stop took %s", took)
		}
		a.link.set(away)
		a.start()
		a.expect(t, "acts false, active 1 epoch 0")
		stop(a, b)
	})

	rules(t, "StandbyStaysStandby", func(t *testing.T) {
		_, a, b := pair(t)
		b.link.set(away)
		pass(round)
		b.stop()
		b.start()
		b.expect(t, "acts false, active 1 epoch 0")
		stop(a, b)
	})

	rules(t, "InARound", func(t *testing.T) {
		_, a, b := pair(t)
		a.link.set(hang)
		a.Refresh()
		synctest.Wait()
		began := time.Now()
		a.link.set(nil)
		a.stop()
		if time.Since(began) > 0 || a.link.called("ReleaseLease") != 1 {
			t.Errorf("%s, gave back %d times", time.Since(began), a.link.called("ReleaseLease"))
		}
		stop(b)
	})
}

func TestFollower_Schedule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lease, every time.Duration }{{2 * time.Second, 500 * time.Millisecond}, {lease, 2 * time.Second}, {time.Minute, 2 * time.Second}} {
		rules(t, c.lease.String(), func(t *testing.T) {
			a := newMonitor("a", &syncNode{})
			a.cfg.LeaseTime = c.lease
			a.start()
			pass(time.Minute)
			a.link.set(hang)
			pass(time.Minute)
			hung := a.link.called("AcquireLease")
			a.link.set(nil)
			pass(4 * c.every)
			a.link.set(nil)
			before, began := a.link.called("AcquireLease"), time.Now()
			a.Refresh()
			a.Refresh()
			synctest.Wait()
			if got := a.link.called("AcquireLease") - before; got < 1 || got > 2 || !time.Now().Equal(began) {
				t.Errorf("asked %d times at once", got)
			}
			stop(a)

			var last time.Time
			for i, call := range a.link.calls {
				if call != "AcquireLease" {
					continue
				}
				// Between two calls there is the pause and, if it hangs, one call.
				if at := a.link.at[i]; !last.IsZero() && at.Sub(last) > 2*c.every {
					t.Errorf("waited %s", at.Sub(last))
				}
				last = a.link.at[i]
			}
			if least := int(time.Minute/c.every) * 3 / 2; hung < least || hung > 2*least {
				t.Errorf("asked %d times, want about %d", hung, least)
			}
		})
	}
}
