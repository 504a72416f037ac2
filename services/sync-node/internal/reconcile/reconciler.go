package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// lookEvery is how often a node is asked for its state between two runs. A
	// node that answers again after a silence is compared at once.
	lookEvery = 30 * time.Second
	// lookPatience bounds such a look.
	lookPatience = 10 * time.Second
	// firstBackoff is the first pause after a run that failed; it doubles up to
	// the interval.
	firstBackoff = 2 * time.Second
	// turnPause is about how long to wait if another process reconciles.
	turnPause = 5 * time.Second
	// maxOffset is by how much a node's clock may differ before a warning is
	// logged.
	maxOffset = time.Second
)

// Reconciler keeps the sync node and its nodes equal.
type Reconciler struct {
	cfg   Config
	store Store
	turn  *turn
	nodes []*node
	log   zerolog.Logger
	// ended signals that a run has ended, and wanted that people asked for a run.
	// See keepLog.
	ended  chan struct{}
	wanted atomic.Bool
	metrics
}

// node is a peer and what is known of it.
type node struct {
	Peer
	r       *Reconciler
	log     zerolog.Logger
	trouble *logging.Lasting
	zone    *logging.Lasting
	twin    *logging.Lasting
	status  status
	demand  chan struct{}         // a run is wanted
	tally   atomic.Pointer[tally] // of the current run or the last one
	futile  model.Outbox          // used only by the loop that runs
	newest  time.Time             // of an original node; used only by the loop that runs
}

// New makes a reconciler of the peers. holder is this process's name, unique
// among all processes that share the database.
func New(cfg Config, store Store, leases Leases, holder string, peers []Peer, log zerolog.Logger) *Reconciler {
	r := &Reconciler{cfg: cfg, store: store, turn: &turn{leases: leases, holder: holder}, log: log, ended: make(chan struct{}, 1)}
	for _, p := range peers {
		nodeLog := log.With().Int("node", p.Number).Logger()
		n := &node{
			Peer: p, r: r, log: nodeLog,
			trouble: logging.NewLasting(nodeLog, "reconciling failed"),
			zone:    logging.NewLasting(nodeLog, "the node's time zone differs"),
			twin:    logging.NewLasting(nodeLog, "another database says that it is the node's"),
			demand:  make(chan struct{}, 1),
		}
		n.status.current = Status{Number: p.Number, Name: p.Name, URL: p.URL}
		n.newTally()
		r.nodes = append(r.nodes, n)
	}
	slices.SortFunc(r.nodes, func(a, b *node) int { return a.Number - b.Number })
	r.metrics = newMetrics(r)
	return r
}

// Run reconciles with every node, now and then repeatedly, until ctx ends; then
// it returns nil. It also keeps the on-air log as it follows from what is
// stored.
func (r *Reconciler) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		r.keepLog(ctx)
		return nil
	})
	for _, n := range r.nodes {
		g.Go(func() error {
			n.follow(ctx)
			return nil
		})
	}
	return g.Wait()
}

// Trigger asks for a run with every node now; it does not block. If a run is
// under way, exactly one more follows it, however often Trigger was called.
func (r *Reconciler) Trigger() {
	r.wanted.Store(true)
	for _, n := range r.nodes {
		select {
		case n.demand <- struct{}{}:
		default:
		}
	}
}

// Once reconciles once with the nodes of those numbers, or with all nodes if no
// number is given. It leaves out the on-air log. If another process reconciles,
// Once waits for its turn. The error joins those of all nodes.
func (r *Reconciler) Once(ctx context.Context, numbers ...int) error {
	chosen, err := r.choose(numbers)
	if err != nil {
		return err
	}
	failures := make([]error, len(chosen))
	var g errgroup.Group
	for i, n := range chosen {
		g.Go(func() error {
			n.newest = time.Time{}
			for {
				err := n.reconcile(ctx)
				if !errors.Is(err, errNotOurTurn) {
					failures[i] = err
					return nil
				}
				if err := sleep(ctx, jitter(turnPause)); err != nil {
					failures[i] = err
					return nil
				}
			}
		})
	}
	_ = g.Wait()
	return errors.Join(failures...)
}

func (r *Reconciler) choose(numbers []int) ([]*node, error) {
	if len(numbers) == 0 {
		return r.nodes, nil
	}
	chosen := make([]*node, len(numbers))
	for i, number := range numbers {
		at := slices.IndexFunc(r.nodes, func(n *node) bool { return n.Number == number })
		if at < 0 {
			return nil, fmt.Errorf("there is no node %d: AURA_MAIN_HOST_%d is not set", number, number)
		}
		chosen[i] = r.nodes[at]
	}
	return chosen, nil
}

// Status returns what is known of every node, by number.
func (r *Reconciler) Status() []Status {
	all := make([]Status, len(r.nodes))
	for i, n := range r.nodes {
		all[i] = n.status.get()
	}
	return all
}

// follow reconciles with one node until ctx ends.
func (n *node) follow(ctx context.Context) {
	due := time.NewTimer(0)
	defer due.Stop()
	look := time.NewTicker(min(lookEvery, n.r.cfg.Interval))
	defer look.Stop()
	backoff := firstBackoff
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.demand:
			n.newest = time.Time{} // people want all records
		case <-due.C:
		case <-look.C:
			if cameBack := n.look(ctx); !cameBack {
				continue
			}
		}
		err := n.reconcile(ctx)
		if !errors.Is(err, errNotOurTurn) {
			n.r.runEnded()
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNotOurTurn):
			due.Reset(jitter(turnPause))
		case err != nil:
			n.trouble.Report(err)
			pause := jitter(backoff)
			if refused, ok := errors.AsType[*peer.StatusError](err); ok {
				pause = max(pause, refused.RetryAfter)
			}
			due.Reset(min(pause, n.r.cfg.Interval))
			backoff = min(2*backoff, n.r.cfg.Interval)
		default:
			n.trouble.Report(nil)
			backoff = firstBackoff
			due.Reset(jitter(n.r.cfg.Interval))
		}
	}
}

// jitter returns a random pause of about that length, so that processes and
// nodes that began together do not stay together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(max(d/5, 1))
}

// look asks the node for its state. It reports whether the node answers again
// after a silence.
func (n *node) look(ctx context.Context) (cameBack bool) {
	lookCtx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	before := n.status.get()
	looking := n.newRun(n.tally.Load())
	state, err := looking.state(lookCtx)
	if err == nil {
		err = looking.confirm(lookCtx, state)
	}
	switch {
	case ctx.Err() != nil, errors.Is(err, peer.ErrUnsupported):
		return false // an original node shows itself when records are fetched from it
	case err != nil:
		n.status.failed(err)
		return false
	}
	return !before.Reachable
}

// reconcile runs once. Error: errNotOurTurn.
func (n *node) reconcile(ctx context.Context) error {
	runCtx, done, err := n.r.turn.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	began := time.Now()
	t := n.newTally()
	n.status.change(func(s *Status) { s.Running = true })
	err = n.newRun(t).all(runCtx)
	t.over.Store(true)
	if cause := context.Cause(runCtx); cause != nil && ctx.Err() == nil {
		err = cause // the lease's error, not an error that it led to
	}
	took := time.Since(began)
	n.finish(ctx, t, took, err)
	if err != nil {
		return fmt.Errorf("node %d: %w", n.Number, err)
	}
	return nil
}

// newTally starts a new count.
func (n *node) newTally() *tally {
	t := &tally{}
	n.tally.Store(t)
	return t
}

func (n *node) newRun(t *tally) *run {
	return &run{
		cfg: n.r.cfg, store: n.r.store, node: n.Node, original: n.Original, source: n.Number, log: n.log,
		seen: n.seen, futile: &n.futile, newest: &n.newest, tally: t,
	}
}

// finish notes how a run went.
func (n *node) finish(ctx context.Context, t *tally, took time.Duration, err error) {
	n.r.ran(n.Number, t, took, err)
	if err != nil {
		if ctx.Err() == nil {
			n.status.failed(err)
		}
		n.status.change(func(s *Status) { s.Running = false })
		return
	}
	n.status.change(func(s *Status) {
		s.Running, s.Detail = false, t.detail()
		s.Reconciled, s.Original = time.Now(), t.original.Load()
		s.Fetched, s.Sent, s.Refused = t.fetched.Load(), t.sent.Load(), t.refused.Load()
	})
	offset := n.status.get().Offset
	if offset.Abs() > maxOffset {
		n.log.Warn().Dur("ahead_ms", offset).Msg("the node's clock differs from the sync node's; times stay as the engine gave them")
	}
	n.log.Info().Dur("took_ms", took).Int64("differing", t.differing.Load()).Int64("fetched", t.fetched.Load()).
		Int64("sent", t.sent.Load()).Int64("acknowledged", t.acknowledged.Load()).Int64("refused", t.refused.Load()).Msg("reconciled")
}
