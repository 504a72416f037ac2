package reconcile

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/logging"
)

// keepLog has the on-air log checked once for each round of runs, however many
// nodes there are, until ctx ends. The check is needed because a cluster may
// lose segments as it may lose records, and no arriving record shows that.
func (r *Reconciler) keepLog(ctx context.Context) {
	trouble := logging.NewLasting(r.log, "checking the on-air log failed")
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.ended:
		}
		// A run that ends within the interval belongs to the same round, with
		// another node.
		if wanted := r.wanted.Swap(false); !wanted && time.Since(last) < r.cfg.Interval*4/5 {
			continue
		}
		last = time.Now()
		_, err := r.mendLog(ctx, nil)
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errNotOurTurn) {
			trouble.Report(err)
		}
	}
}

// MendLog derives the on-air log again where it differs from what follows from
// the stored records. It returns how many segments were missing, wrong or too
// many. If there are none, nothing is written; see repo.Station.Rebuild for the
// cost. If another process reconciles, MendLog waits for its turn. progress,
// which may be nil, is called with how many entries were looked at.
func (r *Reconciler) MendLog(ctx context.Context, progress func(done, total int64)) (differing int, err error) {
	for {
		differing, err := r.mendLog(ctx, progress)
		if !errors.Is(err, errNotOurTurn) {
			return differing, err
		}
		if err := sleep(ctx, jitter(turnPause)); err != nil {
			return 0, err
		}
	}
}

// mendLog is MendLog without waiting for the turn. Error: errNotOurTurn.
func (r *Reconciler) mendLog(ctx context.Context, progress func(done, total int64)) (differing int, err error) {
	runCtx, done, err := r.turn.take(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	differing, err = r.store.Rebuild(runCtx, progress)
	if cause := context.Cause(runCtx); err != nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	if differing > 0 {
		r.mended.Add(float64(differing))
		r.log.Warn().Int("segments", differing).Msg("segments of the on-air log did not agree with the stored records; they were derived again")
	}
	if err != nil {
		return differing, own("derive the on-air log", err)
	}
	return differing, nil
}

// runEnded tells keepLog that a run has ended.
func (r *Reconciler) runEnded() {
	select {
	case r.ended <- struct{}{}:
	default:
	}
}
