package authority

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/source"
)

const (
	// refreshEvery is how often the sync node is asked, plus or minus jitter, so
	// that nodes don't ask in step.
	refreshEvery = 2 * time.Second
	jitter       = refreshEvery / 5
	// refreshTimeout bounds one look at the sync node.
	refreshTimeout = 5 * time.Second
	// maxContenders bounds how often Activate starts again because another
	// request was faster.
	maxContenders = 8
)

// Peer is the sync node; *peer.Client implements it.
type Peer interface {
	// CheckSyncNode returns nil if the peer is a sync node, otherwise the reason
	// why not.
	CheckSyncNode(ctx context.Context) error
	ActiveSource(ctx context.Context) (model.ActiveSource, error)
	Activate(ctx context.Context, r peer.ActivateRequest) error
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
	// ActivationsAfter returns the next activations by epoch. Error:
	// peer.ErrUnsupported if the sync node is of an older version.
	ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error)
}

// Memory keeps this node's copy of the activations; *repo.Node does.
type Memory interface {
	// ActiveSource returns the active source by the copy. Error:
	// model.ErrNotFound if the copy is empty.
	ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error)
	// RememberActivations stores activations under the sync node's epochs.
	RememberActivations(ctx context.Context, list []model.Activation) error
}

// Follower follows what the sync node decides. It is safe for concurrent use.
type Follower struct {
	peer          Peer
	memory        Memory
	defaultSource int
	changed       func()
	away          *logging.Lasting
	forgetful     *logging.Lasting
	metrics       metrics

	// turn allows one look at the sync node at a time, so that an older answer
	// never replaces a newer one. It is a channel because waiting for it must
	// respect deadlines.
	turn chan struct{}
	// checked: the peer was found to be a sync node since the last failure. Only
	// the holder of turn may use it.
	checked bool
	// remembered is the epoch up to which the sync node's activations were copied
	// since they were last reviewed as a whole. Only the holder of turn may use
	// remembered and reviewed.
	remembered int64
	reviewed   time.Time

	mu    sync.Mutex
	known *model.ActiveSource // nil before the sync node's first answer
}

// New makes a Follower. changed is called whenever the answer of ActiveSource
// has changed, and must not block.
func New(from Peer, memory Memory, defaultSource int, changed func(), log zerolog.Logger) *Follower {
	return &Follower{
		peer:          from,
		memory:        memory,
		defaultSource: defaultSource,
		changed:       changed,
		away:          logging.NewLasting(log, "asking the sync node for the active source failed"),
		forgetful:     logging.NewLasting(log, "copying the activations of the sync node failed"),
		metrics:       newMetrics(),
		turn:          make(chan struct{}, 1),
		remembered:    model.NoEpoch,
	}
}

// Run follows until ctx ends, and then returns nil. Call it once, when the
// database is ready.
func (f *Follower) Run(ctx context.Context) error {
	for {
		_, err := f.refresh(ctx)
		if ctx.Err() != nil {
			return nil
		}
		f.away.Report(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(refreshEvery - jitter + rand.N(2*jitter)):
		}
	}
}

// refresh asks the sync node. The answer is stored before it is shown, so that
// a restart shows no older state than was seen before.
func (f *Follower) refresh(ctx context.Context) (model.ActiveSource, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return model.ActiveSource{}, ctx.Err()
	}
	active, err := f.ask(ctx)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // a caller that left says nothing about the sync node
			f.lose()
		}
		return model.ActiveSource{}, err
	}
	f.forgetful.Report(f.remember(ctx, active.Epoch))
	f.know(active)
	return active, nil
}

// ask asks the peer. At first, and after a failure, it also checks that the
// peer is a sync node. The answer of any other node does not count.
func (f *Follower) ask(ctx context.Context) (active model.ActiveSource, err error) {
	if !f.checked {
		err = f.peer.CheckSyncNode(ctx)
	}
	if err == nil {
		active, err = f.peer.ActiveSource(ctx)
	}
	f.checked = err == nil
	return active, err
}

// know takes over what the sync node says.
func (f *Follower) know(active model.ActiveSource) {
	f.mu.Lock()
	isNew := f.known == nil || !same(*f.known, active)
	f.known = &active
	f.mu.Unlock()
	f.metrics.set(active)
	if isNew {
		f.changed()
	}
}

// lose notes that what is known may be out of date.
func (f *Follower) lose() {
	f.mu.Lock()
	isNew := f.known != nil && !f.known.Stale
	if isNew {
		stale := *f.known
		stale.Stale = true
		f.known = &stale
	}
	f.mu.Unlock()
	f.metrics.stale.Set(1)
	if isNew {
		f.changed()
	}
}

func same(a, b model.ActiveSource) bool {
	sameSince := a.Since == b.Since || a.Since != nil && b.Since != nil && a.Since.Equal(*b.Since)
	a.Since, b.Since = nil, nil
	return sameSince && a == b
}

// ActiveSource returns what the sync node said last, within about two seconds.
// The answer is stale while the sync node can't be asked. After a start it is
// the answer from before the restart. Error: model.ErrUnavailable if the sync
// node was not asked yet and the database is away.
func (f *Follower) ActiveSource(ctx context.Context, now time.Time) (model.ActiveSource, error) {
	f.mu.Lock()
	known := f.known
	f.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	active, err := f.memory.ActiveSource(ctx, now)
	if errors.Is(err, model.ErrNotFound) {
		active, err = model.ActiveSource{Source: f.defaultSource}, nil
	}
	active.Stale = true
	return active, err
}

// Knows is what the sync node said of the active source. It says nothing of
// others, which count as known: the sync node judges them itself.
func (f *Follower) Knows(_ context.Context, source int) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known == nil || f.known.Source != source || !f.known.Unknown, nil
}

// Activate has the sync node store a switch of the active source. First admit
// judges the switch by what the sync node accepted last, because this node
// knows the caller. The epoch ensures that nothing came in between. If
// something did, admit is called again, so it must have no effects. A switch
// that is not late carries no time: the sync node's clock counts. Errors:
// model.ErrLoop, those of admit, *model.InvalidError, model.ErrStaleEpoch if a
// monitor's decision is out of date, and model.ErrSyncNodeAway, after which the
// switch may be stored nevertheless.
func (f *Follower) Activate(ctx context.Context, r source.Request, admit source.Rule) (source.Decision, error) {
	if r.PassedOn { // this node would only pass the request on again
		return source.Decision{}, model.ErrLoop
	}
	for range maxContenders {
		active, err := f.refresh(ctx)
		if err != nil {
			return source.Decision{}, away(err)
		}
		last := lastOf(active)
		d, err := admit(r, source.Known{Last: last, Active: last})
		if err != nil {
			return source.Decision{}, fmt.Errorf("activate source: %w", err)
		}
		if d.Stored {
			return d, nil
		}
		err = f.peer.Activate(ctx, passedOn(r, d, last.Epoch))
		if errors.Is(err, model.ErrStaleEpoch) && r.Mandate != nil { // the lease may be the stale one
			return source.Decision{}, fmt.Errorf("activate source: %w", err)
		}
		if errors.Is(err, model.ErrStaleEpoch) {
			continue
		}
		if err != nil {
			return source.Decision{}, away(err)
		}
		// The caller sees the outcome in the next answer. If refresh fails, the
		// answer is marked as stale, and Run keeps trying.
		_, _ = f.refresh(ctx)
		return d, nil
	}
	return source.Decision{}, away(errors.New("too many activations at once"))
}

// lastOf returns the last activation as the sync node tells it.
func lastOf(active model.ActiveSource) model.Activation {
	last := model.Activation{Epoch: active.Epoch, Source: active.Source, Pinned: active.Pinned}
	if active.Since != nil {
		last.From = *active.Since
	}
	return last
}

// passedOn returns the request as the sync node gets it.
func passedOn(r source.Request, d source.Decision, epoch int64) peer.ActivateRequest {
	wish := peer.ActivateRequest{Source: d.Source, Pin: &d.Pinned, Epoch: &epoch, By: d.By, Reason: d.Reason, PassedOn: true, Known: r.MustBeKnown}
	if r.Mandate != nil {
		wish.Lease = &r.Mandate.Lease
	}
	if r.IsLate() {
		wish.At, wish.OwnClock = d.From, !r.Sent.IsZero() // which admit made a time of this host's clock
	}
	return wish
}

// away separates the caller's mistakes from all other failures of a request
// that is passed on.
func away(err error) error {
	_, isInvalid := errors.AsType[*model.InvalidError](err)
	if isInvalid || errors.Is(err, model.ErrPinned) {
		return fmt.Errorf("activate source: %w", err)
	}
	return fmt.Errorf("%w: %w", model.ErrSyncNodeAway, err)
}

// Activations asks the sync node for the history, newest first. This node's
// copy is no substitute, because it may be incomplete. Error:
// model.ErrSyncNodeAway.
func (f *Follower) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	list, err := f.peer.Activations(ctx, offset, limit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", model.ErrSyncNodeAway, err)
	}
	return list, nil
}
