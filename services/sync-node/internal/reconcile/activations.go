package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// activationsPage is how many activations are fetched at once.
	activationsPage = 1000
	// maxActivations bounds how many activations are taken from one node. It
	// allows more than a switch every ten minutes for ten years.
	maxActivations = 1_000_000
	// recallPatience bounds the attempt with each node before activations are
	// accepted.
	recallPatience = 2 * time.Second
)

var errTooManyActivations = errors.New("the node lists more activations than are possible")

// activations takes back the activations that the node knows and that are
// missing here. The other direction needs nothing: the node itself copies what
// it sees.
func (r *run) activations(ctx context.Context) error {
	theirs, err := r.theirActivations(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return nil // the node is of an older version
	}
	if err != nil {
		return err
	}
	return r.restore(ctx, theirs)
}

// restore stores the activations among theirs that are missing here.
func (r *run) restore(ctx context.Context, theirs []model.Activation) error {
	good := make([]model.Activation, 0, len(theirs))
	for _, a := range theirs {
		if err := a.Validate(); err != nil {
			r.refused("an activation of the node can't be stored", a.Content(), err.Error())
			continue
		}
		good = append(good, a)
	}
	restored, err := r.store.RememberActivations(ctx, good)
	if restored > 0 {
		r.tally.fetched.Add(int64(restored))
		r.log.Warn().Int("activations", restored).Msg("activations were missing here; they were restored from the node")
	}
	if err != nil {
		return own("restore activations", err)
	}
	return nil
}

// theirActivations returns all activations that the node knows.
func (r *run) theirActivations(ctx context.Context) ([]model.Activation, error) {
	var all []model.Activation
	fetch := func(ctx context.Context, after epochAfter) ([]model.Activation, epochAfter, error) {
		epoch := int64(model.NoEpoch)
		if after.isSet {
			epoch = after.epoch
		}
		page, err := r.node.ActivationsAfter(ctx, epoch, activationsPage)
		if err != nil {
			return nil, epochAfter{}, fmt.Errorf("fetch activations: %w", err)
		}
		if len(page) < activationsPage {
			return page, epochAfter{}, nil
		}
		return page, epochAfter{true, page[len(page)-1].Epoch}, nil
	}
	err := pages(ctx, r.cfg.StepSleep, fetch, func(_ context.Context, page []model.Activation) error {
		all = append(all, page...)
		if len(all) > maxActivations {
			return errTooManyActivations
		}
		return nil
	})
	return all, err
}

// epochAfter is a place in the list of activations.
type epochAfter struct {
	isSet bool
	epoch int64
}

// Recall asks the nodes for the history of the active source if there is none
// here, because the database is new or was lost. No node delays this for longer
// than about two seconds. Call Recall before activations are accepted, so that
// these get numbers above those that the nodes know. What no node told in time
// comes with the next run. Error: model.ErrUnavailable.
func (r *Reconciler) Recall(ctx context.Context) error {
	known, err := r.store.ActivationsAfter(ctx, model.NoEpoch, 1)
	if err != nil || len(known) > 0 {
		return err
	}
	var g errgroup.Group
	for _, n := range r.nodes {
		g.Go(func() error {
			run := n.newRun(n.newTally())
			run.cfg.StepSleep = 0
			theirs, err := run.recall(ctx)
			if err != nil {
				n.log.Warn().Err(err).Msg("reading the history of the active source from the node failed")
			}
			return run.restore(ctx, theirs)
		})
	}
	return g.Wait()
}

func (r *run) recall(ctx context.Context) ([]model.Activation, error) {
	ctx, cancel := context.WithTimeout(ctx, recallPatience)
	defer cancel()
	if _, err := r.state(ctx); errors.Is(err, peer.ErrUnsupported) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	theirs, err := r.theirActivations(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		err = nil
	}
	return theirs, err
}
