package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// activateTimeout bounds one delivery to the sync node. The client has a shorter
// limit of its own.
const activateTimeout = 10 * time.Second

// activationChannel is the name of the channel to the sync node.
const activationChannel = "activation"

// SyncNode takes activations; *peer.Client is one.
type SyncNode interface {
	Activate(ctx context.Context, r peer.ActivateRequest) error
}

// activation is the body of a delivery to the sync node.
type activation struct {
	Source   int       `json:"source"`
	Previous int       `json:"previous,omitempty"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	// Base is the last epoch that was known when the activation was decided.
	// Expected is the epoch that the sync node has when all activations before it
	// are delivered.
	Base     int64 `json:"base"`
	Expected int64 `json:"expected"`
	// Began is when the first activation of its chain was decided. It tells apart
	// two chains upon the same epoch.
	Began time.Time `json:"began,omitzero"`
	// Follows: it was handed over behind an activation that was not delivered yet.
	// If that one is delivered, the sync node will have the epoch Expected.
	// Otherwise somebody else's switch may bring that epoch.
	Follows bool `json:"follows,omitempty"`
	// Holder and Lease are the name and the epoch under which the lease was last
	// granted when the activation was decided; zero if it never was granted.
	Holder string `json:"holder,omitempty"`
	Lease  int64  `json:"lease,omitempty"`

	chain *chain
	// untimed: the sync node takes At for a time in its future.
	untimed bool
	// unproven: it is not known whether the activation before it was delivered.
	unproven bool
}

// reached is the body of a proof: the chain that began at Began upon Base was
// delivered until the sync node had Epoch. An activation that another one follows
// ends only after this proof is written.
type reached struct {
	Base  int64     `json:"base"`
	Began time.Time `json:"began,omitzero"`
	Epoch int64     `json:"epoch"`
}

const (
	// proofName is the name of the note with the last proof.
	proofName = "activation-proof"
	// proveTimeout bounds the note of a proof.
	proveTimeout = 400 * time.Millisecond
)

// Notes keep what must survive a restart; *repo.Node is one.
type Notes interface {
	StoreNote(ctx context.Context, n model.Note) error
	// Note is the last note of that name. Error: model.ErrNotFound.
	Note(ctx context.Context, name string) (model.Note, error)
}

// activations is the channel to the sync node.
type activations struct {
	line      *delivery.Line[activation]
	node      SyncNode
	notes     Notes
	overtaken func()
	metrics   *metrics
	log       zerolog.Logger
	forgetful *logging.Lasting
	// draw draws the pauses of the back-off; tests replace it.
	draw func(bound time.Duration) time.Duration

	// mu guards the chains and all contents of the line.
	mu    sync.Mutex
	chain *chain  // the last one, nil before the first
	proof reached // the last one before the restart
}

// chain is a sequence of activations that were decided upon one epoch.
type chain struct {
	base    int64
	began   time.Time
	next    int64 // what the next activation expects
	reached int64 // the epoch that the sync node has, by what was delivered
	source  int   // of the last activation
	lost    bool  // overtaken
}

func newActivations(s *shared, node SyncNode, notes Notes, overtaken func()) *activations {
	log := s.log.With().Str("channel", activationChannel).Logger()
	a := &activations{
		node: node, notes: notes, overtaken: overtaken, metrics: s.metrics, log: log, draw: rand.N[time.Duration],
		forgetful: logging.NewLasting(log, "delivered activations can't be written to the database"),
	}
	a.line = newLine(s, delivery.Channel[activation]{
		Name: activationChannel,
		Policy: delivery.Policy{
			Backoff: delivery.Backoff{
				First: 100 * time.Millisecond, Most: 5 * time.Second,
				Draw: func(bound time.Duration) time.Duration { return a.draw(bound) },
			},
			Timeout:    activateTimeout,
			KeepOldest: true, // those behind a gap would be refused
		},
		Send: a.deliver, Loaded: a.arrange,
	})
	return a
}

// follow puts an activation into the chain of its base. It does not take the
// activation if too many wait.
func (a *activations) follow(n activation) (_ activation, taken bool) {
	if a.line.Full() {
		a.log.Error().Int("source", n.Source).Time("at", n.At).Str("reason", n.Reason).Int("limit", delivery.MaxWaiting).
			Msg("too many activations wait; the newest is refused")
		a.metrics.GivenUp(activationChannel)
		return n, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.enchain(&n)
	return n, true
}

// enchain sets what an activation expects; call it with the lock held. After a
// chain was overtaken another one begins, even upon the same epoch. The sync
// node may have refused the old chain although nobody switched, and takes the
// next activation only if nobody has switched.
func (a *activations) enchain(n *activation) {
	n.Expected = n.Base
	if c := a.chain; c == nil || c.base != n.Base || c.lost {
		a.chain = &chain{base: n.Base, began: n.At, reached: n.Base}
	} else {
		n.Expected = max(n.Base, c.next)
	}
	n.Follows = a.chain.reached != n.Expected
	a.join(n)
}

// join puts an activation at the end of the chain; call it with the lock held.
func (a *activations) join(n *activation) {
	n.chain, n.Began = a.chain, a.chain.began
	a.chain.next, a.chain.source = n.Expected+1, n.Source
}

// load brings back the activations that waited before a restart.
func (a *activations) load(ctx context.Context) error {
	kept, err := a.notes.Note(ctx, proofName)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return fmt.Errorf("read the activations that were delivered before the restart: %w", err)
	}
	var proof reached
	if err == nil && json.Unmarshal(kept.Body, &proof) != nil {
		proof = reached{}
	}
	a.mu.Lock()
	a.proof = proof
	a.mu.Unlock()
	return a.line.Load(ctx)
}

// arrange puts the activations that waited before a restart into chains. It also
// takes in the last one stored, whatever its outcome. Activations handed over
// since the start are put behind them in the chain.
func (a *activations) arrange(before, handed []*delivery.Item[activation], last model.Delivery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	since := a.chain
	a.chain = nil
	for _, i := range before {
		a.rejoin(&i.Content)
	}
	var latest activation
	if !last.EndedAt.IsZero() && json.Unmarshal(last.Body, &latest) == nil {
		a.chain = &chain{
			base: latest.Base, began: latest.Began, next: latest.Expected + 1, reached: latest.Base, source: latest.Source,
			lost: last.Outcome != "",
		}
		if !a.chain.lost {
			a.chain.reached = a.chain.next
		}
	}
	for _, i := range handed {
		a.enchain(&i.Content)
	}
	// An activation that was handed over since the start, and is already delivered,
	// counts.
	if since != nil && (a.chain == nil || a.chain.base != since.base || a.chain.next < since.next) {
		a.chain = since
	}
}

// rejoin puts an activation from before a restart into the chain; call it with
// the lock held. The activation keeps what it expects. It needs the activation
// before it, or the proof that earlier decisions of the same chain brought the
// sync node to that epoch.
func (a *activations) rejoin(n *activation) {
	behind := a.chain != nil && a.chain.base == n.Base && a.chain.began.Equal(n.Began) && a.chain.next == n.Expected
	proven := a.proof.Base == n.Base && a.proof.Began.Equal(n.Began) && a.proof.Epoch >= n.Expected
	n.unproven = n.Follows && !behind && !proven
	if !behind {
		a.chain = &chain{base: n.Base, began: n.Began, reached: n.Expected}
	}
	a.join(n)
}

// deliver sends an activation once.
func (a *activations) deliver(ctx context.Context, i *delivery.Item[activation]) error {
	n, lost := a.look(i)
	switch {
	case lost:
		return a.lose(i, "overtaken: an earlier decision was overtaken")
	case n.unproven:
		return a.lose(i, "overtaken: it is not known whether the earlier decision was delivered")
	}
	err := a.send(ctx, n)
	invalid, isInvalid := errors.AsType[*model.InvalidError](err)
	if isInvalid && !n.untimed {
		a.log.Warn().Err(invalid).Time("at", n.At).Msg("the sync node refused the time of an activation; it is sent without a time; check the clocks")
		n.untimed = true
		a.mu.Lock()
		i.Content.untimed = true
		a.mu.Unlock()
		err = a.send(ctx, n)
		invalid, isInvalid = errors.AsType[*model.InvalidError](err)
	}
	switch {
	case errors.Is(err, model.ErrStaleEpoch), errors.Is(err, model.ErrPinned):
		return a.lose(i, "overtaken: "+err.Error())
	case isInvalid:
		return a.lose(i, "refused: "+invalid.Error()) // and the chain is broken
	case err == nil:
		a.reach(ctx, i)
	}
	return err
}

func (a *activations) look(i *delivery.Item[activation]) (n activation, lost bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return i.Content, i.Content.chain.lost
}

func (a *activations) send(ctx context.Context, n activation) error {
	r := peer.ActivateRequest{Source: n.Source, Epoch: &n.Expected, At: n.At, OwnClock: true, By: n.By, Reason: n.Reason}
	if n.untimed {
		r.At = time.Time{}
	}
	if n.Lease > 0 {
		r.Lease = &model.Lease{Holder: n.Holder, Epoch: n.Lease}
	}
	return a.node.Activate(ctx, r)
}

// reach notes that an activation was delivered. Load may have given the
// activation another chain meanwhile.
func (a *activations) reach(ctx context.Context, i *delivery.Item[activation]) {
	a.mu.Lock()
	n := i.Content
	n.chain.reached = n.Expected + 1
	followed := n.chain.next > n.chain.reached
	a.mu.Unlock()
	if followed {
		a.prove(ctx, reached{Base: n.Base, Began: n.Began, Epoch: n.Expected + 1})
	}
}

// prove writes a proof down, even while the monitor stops.
func (a *activations) prove(ctx context.Context, r reached) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proveTimeout)
	defer cancel()
	body, err := json.Marshal(r)
	if err == nil {
		err = a.notes.StoreNote(ctx, model.Note{Name: proofName, Body: body, WrittenAt: time.Now()})
	}
	a.forgetful.Report(err)
}

// lose gives an activation up, with the rest of its chain. overtaken is called
// only once for a chain: later decisions must not be taken for overtaken with
// the rest.
func (a *activations) lose(i *delivery.Item[activation], reason string) error {
	a.mu.Lock()
	c := i.Content.chain
	first := !c.lost
	c.lost = true
	a.mu.Unlock()
	if first {
		a.overtaken()
	}
	return &delivery.PermanentError{Reason: reason, Answered: true}
}

// last is the last chain, unless it was overtaken.
func (a *activations) last() (u decision.Undelivered, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.chain
	if c == nil || c.lost {
		return u, false
	}
	return decision.Undelivered{Source: c.source, Epoch: c.base, Count: int(c.next - c.base)}, true
}
