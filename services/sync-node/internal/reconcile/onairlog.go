package reconcile

import (
	"context"
	"errors"
	"time"

	"aura.radio/engine/pkg/logging"
)

// keepLog has the on-air log looked after once for the runs that belong together,
// however many nodes there are, until ctx ends: a cluster may lose segments as it
// may lose records, and no record that comes says so.
func (r *Reconciler) keepLog(ctx context.Context) {
	trouble := logging.NewLasting(r.log, "looking after the on-air log failed")
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.ended:
		}
		// What follows within the interval is the same round with another node.
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

// MendLog derives the on-air log anew where it is not as it follows from what is
// stored, and returns how many segments were missing, wrong or too many. Where
// all is well nothing is written; see repo.Station.Rebuild for what that costs.
// Where another process reconciles, it waits for its turn. progress, which may be
// nil, hears how many entries were looked at.
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

// mendLog is MendLog. Error: errNotOurTurn.
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
		r.log.Warn().Int("segments", differing).Msg("segments of the on-air log were not as they follow from what is stored, and are derived anew")
	}
	if err != nil {
		return differing, own("derive the on-air log", err)
	}
	return differing, nil
}

// runEnded has the on-air log looked after.
func (r *Reconciler) runEnded() {
	select {
	case r.ended <- struct{}{}:
	default:
	}
}
