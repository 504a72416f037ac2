package authority_test

import (
	"context"
	"testing"
	"time"

	"aura.radio/engine/pkg/peer"
)

// TestFollower_Other: a monitor that stands by is told whether another one acts,
// as far as the sync node said so.
func TestFollower_Other(t *testing.T) {
	t.Parallel()
	rules(t, "NotSinceTheStart", func(t *testing.T) { // stopped in order, and the sync node is away then
		node, a := one(t)
		a.stop()
		a.link.set(away)
		a.start()
		a.expect(t, "acts false, active 1 epoch 0")
		pass(time.Hour)
		a.expect(t, "")
		a.detail(t, "only watches: the sync node has not answered since the start, and another monitor may act")
		// The sync node is back, and at first the lease is only looked at: that tells
		// nothing yet.
		a.link.set(nil)
		pass(round)
		a.detail(t, "only watches: the sync node is back, and the monitor that acted before may ask first")
		a.expect(t, "")
		node.acquire("b/other", lease)
		pass(round)
		a.expect(t, "another acts")
		pass(lease + round)
		a.expect(t, "acts true")
		stop(a)
	})

	rules(t, "Refused", func(t *testing.T) { // a monitor that is refused everywhere does not know
		_, a := one(t)
		a.stop()
		a.heard()
		a.link.set(func(_ context.Context, call string) error {
			if call == "AcquireLease" || call == "Lease" {
				return &peer.StatusError{Status: 403, Detail: "role engine may not"}
			}
			return nil
		})
		a.start()
		pass(time.Minute)
		a.expect(t, "acts false, active 1 epoch 0")
		stop(a)
	})

	rules(t, "CutOffAfterIt", func(t *testing.T) { // the other one goes on, as far as anybody knows
		_, a, b := pair(t)
		b.link.set(away)
		a.link.set(away)
		pass(time.Hour)
		b.link.set(nil)
		pass(2 * round)
		b.detail(t, "only watches: the sync node is back, and the monitor that acted before may ask first")
		b.expect(t, "")
		b.link.set(away)
		pass(time.Minute)
		b.expect(t, "")
		b.stop()
		b.start() // what was known before the restart is not known now
		pass(time.Minute)
		b.expect(t, "acts false, active 1 epoch 0")
		stop(a, b)
	})

	rules(t, "LeaseOver", func(t *testing.T) { // until somebody else has the lease
		node, a := one(t)
		a.cfg.ActAlone = false
		a.stop()
		a.heard()
		a.start()
		a.expect(t, "acts false, active 1 epoch 0, acts true")
		a.link.set(away)
		pass(time.Minute)
		a.expect(t, "acts false, as its lease ran out")
		node.acquire("b/other", lease)
		a.link.set(nil)
		pass(round)
		a.expect(t, "another acts")
		stop(a)
	})

	rules(t, "GrantedAndNotToldWhatIsActive", func(t *testing.T) { // the other one is gone, and this one can't begin
		_, a, b := pair(t)
		b.link.set(func(_ context.Context, call string) error {
			if call == "ActiveSource" {
				return errAway
			}
			return nil
		})
		pass(time.Minute)
		b.expect(t, "")
		a.kill()
		pass(lease + round)
		b.expect(t, "acts false, as the sync node does not say which source is active")
		b.link.set(nil)
		pass(round)
		b.expect(t, "acts true")
		stop(b)
	})
}
