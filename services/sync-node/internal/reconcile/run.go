package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// run brings the sync node and one node to the same records once.
type run struct {
	cfg   Config
	store Store
	node  Node
	// original is the same node, in case it is an original one.
	original Original
	source   int
	// edition is the node's, as it told its state last.
	edition model.Edition
	// healthFrom is from when on both sides keep health; zero: they keep all.
	healthFrom time.Time
	// playsFrom is from when on plays of the source are not gone; zero: none are. The
	// node may be of a version that knows no purges.
	playsFrom     time.Time
	knowsNoPurges bool
	log           zerolog.Logger
	// seen is called each time that the node has answered about itself.
	seen func(state peer.State, offset time.Duration, twin string)
	// futile is the outbox that still waited at the node although all was
	// acknowledged.
	futile *model.Outbox
	// newest is when the newest record of an original node was played, or zero if
	// all records are to be fetched.
	newest *time.Time
	tally  *tally
}

// errAway: the node does not even tell its state.
var errAway = errors.New("the node's state can't be read")

// errWrongNode: the configuration has mixed up the numbers of the nodes.
var errWrongNode = errors.New("another node answers at this address")

// all compares and exchanges everything. One kind's trouble does not keep the
// others from it.
func (r *run) all(ctx context.Context) error {
	state, err := r.state(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return r.fetchOriginal(ctx)
	}
	if err != nil {
		return err
	}
	if err := r.confirm(ctx, state); err != nil {
		return err
	}
	if err := r.purges(ctx); err != nil {
		return err
	}
	// Activations come first, because what was on air follows from them.
	err = errors.Join(r.activations(ctx), exchange(ctx, r, r.entries()), exchange(ctx, r, r.healths()), r.clock(ctx, state.Clocks))
	if err != nil {
		return err
	}
	return r.settle(ctx, state.Outbox)
}

// state asks the node what it is. Errors: peer.ErrUnsupported, errAway,
// errWrongNode.
func (r *run) state(ctx context.Context) (peer.State, error) {
	state, offset, err := r.node.State(ctx)
	if errors.Is(err, peer.ErrUnsupported) {
		return peer.State{}, err
	}
	if err != nil {
		return peer.State{}, fmt.Errorf("%w: %w", errAway, err)
	}
	if state.HostID != r.source {
		return peer.State{}, fmt.Errorf("%w: its number is %d", errWrongNode, state.HostID)
	}
	twin, err := r.twin(ctx)
	if err != nil {
		return peer.State{}, err
	}
	r.edition = state.Edition
	r.healthFrom = state.HealthFrom
	if r.cfg.HealthFrom != nil {
		r.healthFrom = later(r.healthFrom, r.cfg.HealthFrom(time.Now()))
	}
	r.seen(state, offset, twin)
	return state, nil
}

// twin describes other databases that say that they are the node's; "" if there
// is none.
func (r *run) twin(ctx context.Context) (string, error) {
	if r.cfg.Origins == nil {
		return "", nil
	}
	return r.cfg.Origins.Twin(ctx, r.source)
}

// confirm notes which database the node serves.
func (r *run) confirm(ctx context.Context, state peer.State) error {
	if r.cfg.Origins == nil || state.Database == nil {
		return nil
	}
	return r.cfg.Origins.Confirm(ctx, *state.Database)
}
