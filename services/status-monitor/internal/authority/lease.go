package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// standing is what the sync node last said about the lease.
type standing int

const (
	unasked standing = iota
	granted          // to this monitor
	taken            // by another monitor
	looking          // nobody holds the lease, and the former holder goes first
	alone            // the sync node knows no leases
)

// tenure is what this monitor knows of the lease, in addition to its note.
type tenure struct {
	acts     bool
	standing standing
	lease    model.Lease
	until    time.Time // when granted: by this monitor's own clock
	// watching: it may only look, until it has looked for as long as a lease lasts.
	watching bool
	looked   time.Time // since when it looks; zero: not yet
}

// holder is the name of this monitor in the lease.
func (f *Follower) holder() string { return f.name + "/" + f.note.ID }

// askLease asks for the lease, or only looks at it if the former holder goes
// first. It reports whether this monitor may act.
func (f *Follower) askLease(ctx context.Context) (bool, error) {
	over, err := f.look(ctx)
	if over {
		err = f.acquire(ctx)
	}
	if err != nil && !f.note.Held {
		f.tenure.watching, f.tenure.looked = true, time.Time{}
	}
	may := err == nil && (f.tenure.standing == granted || f.tenure.standing == alone)
	return may, err
}

// look reports whether it is time to ask.
func (f *Follower) look(ctx context.Context) (over bool, err error) {
	if !f.tenure.watching {
		return true, nil
	}
	var lease model.Lease
	err = f.call(ctx, func(ctx context.Context) (err error) {
		lease, err = f.node.Lease(ctx)
		return err
	})
	if err != nil && !isUnsupported(err) {
		return false, fmt.Errorf("look at the lease: %w", err)
	}
	now := time.Now()
	if err == nil {
		f.show(lease, now)
	}
	if f.tenure.looked.IsZero() {
		f.tenure.looked = now
	}
	hadHolder := err == nil && lease.Epoch > 0
	isFree := lease.Remaining <= 0
	if hadHolder && isFree && now.Sub(f.tenure.looked) < f.cfg.LeaseTime {
		f.tenure.standing = looking
		return false, nil
	}
	f.tenure.watching = false
	return true, nil
}

// acquire asks for the lease, or renews it.
func (f *Follower) acquire(ctx context.Context) error {
	sent := time.Now()
	var lease model.Lease
	err := f.call(ctx, func(ctx context.Context) (err error) {
		lease, err = f.node.AcquireLease(ctx, f.holder(), f.cfg.LeaseTime)
		return err
	})
	switch {
	case isUnsupported(err):
		f.tenure.standing = alone // see round
	case err != nil:
		return fmt.Errorf("ask for the lease: %w", err)
	case lease.Holder == f.holder() && lease.Remaining > 0:
		f.tenure.standing, f.tenure.until = granted, sent.Add(min(f.cfg.LeaseTime, lease.Remaining))
		f.show(lease, sent)
		if f.note.Lease != lease.Epoch {
			f.note.Lease = lease.Epoch
			f.publish() // before anything is decided under it
		}
	default:
		f.tenure.standing = taken
		f.show(lease, sent)
		f.standBy(ctx)
	}
	return nil
}

func isUnsupported(err error) bool { return errors.Is(err, peer.ErrUnsupported) }

// act begins to act. That is done before it is noted, because the database may be
// slow.
func (f *Follower) act(ctx context.Context) {
	if f.tenure.acts {
		return
	}
	f.tenure.acts, f.note.Held = true, true
	f.tell(decision.Standby{})
	f.keep(ctx)
}

// standBy stops acting because another monitor holds the lease. That is done
// before it is noted, because the database may be slow.
func (f *Follower) standBy(ctx context.Context) {
	f.note.Held, f.tenure.acts = false, false
	f.tell(decision.Standby{On: true})
	f.keep(ctx)
}

// lapse stops acting if the lease has run out and this monitor must not act
// without it. This monitor is the last holder nevertheless.
func (f *Follower) lapse() {
	if f.left() > 0 {
		return
	}
	f.tenure.acts = false
	f.tell(decision.Standby{On: true, Why: leaseOver})
}

// tell tells whether this monitor acts and, if it does not, why. It tells only
// news. It is no news that the sync node can't be reached, or knows of no
// holder: the monitor that acted may still act.
func (f *Follower) tell(s decision.Standby) {
	if s == f.standby {
		return
	}
	f.standby = s
	f.publish()
	f.learn(s)
}

// leave gives the lease back, if the sync node can be reached. If that fails, it
// is not known whether the request arrived, so the lease counts as given back.
func (f *Follower) leave(ctx context.Context) {
	if !f.reachable || f.tenure.standing == alone {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	f.note.Held, f.forgets = false, false
	f.keep(ctx)
	if err := f.node.ReleaseLease(ctx, f.holder()); err != nil {
		f.log.Warn().Err(err).Msg("the lease could not be given back; it will run out")
	}
}
