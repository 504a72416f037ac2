package authority

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/probe"
)

// Node is the sync node; *peer.Client is one.
type Node interface {
	// AcquireLease asks for the lease and returns who then has it. Lease only
	// returns who has it. Error: peer.ErrUnsupported if the node knows no leases.
	AcquireLease(ctx context.Context, holder string, ttl time.Duration) (model.Lease, error)
	Lease(ctx context.Context) (model.Lease, error)
	ReleaseLease(ctx context.Context, holder string) error
	ActiveSource(ctx context.Context) (model.ActiveSource, error)
	// Activations are the newest first, by when they happened.
	Activations(ctx context.Context, offset, limit int) ([]model.Activation, error)
	Maintenances(ctx context.Context) ([]model.Maintenance, error)
}

// Memory is this monitor's own database; *repo.Node is one.
type Memory interface {
	StoreNote(ctx context.Context, n model.Note) error
	// Note is the last note of that name. Error: model.ErrNotFound.
	Note(ctx context.Context, name string) (model.Note, error)
}

// By begins the name under which a monitor activates a source; the monitor's own
// name follows. Any other name is that of a person.
const By = "status-monitor "

const (
	// releaseTimeout bounds the stop.
	releaseTimeout = time.Second
	// recallFor is how long to wait for the memory at the start. recallAgain is how
	// often it is tried. The database opens at the same time.
	recallFor   = 10 * time.Second
	recallAgain = 250 * time.Millisecond
)

// Why this monitor may not act, if it is not known that another one does. At the
// start the sync node may be away, may refuse to say who may act, or may know of
// no holder.
const (
	notTold    = "the sync node has not said since the start which monitor may act"
	leaseOver  = "its lease ran out"
	leaseEnded = "the sync node can't be reached, and the other monitor's lease should be over"
	notActive  = "the sync node does not say which source is active"
)

// Follower follows the sync node. Make it with New and Run it once.
type Follower struct {
	cfg           Config
	node          Node
	memory        Memory
	name          string
	defaultSource int
	learn         func(decision.Event)
	log           zerolog.Logger
	away          *logging.Lasting
	forgetful     *logging.Lasting
	unknown       *logging.Lasting
	wake          chan struct{}

	// The fields below belong to Run.
	note      note
	stored    []byte    // the note as the memory has it; nil: not known
	written   time.Time // when it was stored; zero: not known
	tenure    tenure
	standby   decision.Standby // as it was told last
	reachable bool             // in the last round, for the lease and the active source
	failure   string
	answered  time.Time // the last round in which the sync node was reachable
	seen      time.Time // the last answer about which source is active
	forgets   bool      // the memory failed in this round
	lower     lower
	history   []model.Activation // as it was answered last
	historyOf int64              // the epoch of which it was; 0: none yet

	mu   sync.Mutex
	view View
	// leaseEnds is by this monitor's clock; zero if nobody holds the lease.
	leaseEnds time.Time
}

// New makes a Follower for the monitor of that name. learn hands an event to the
// monitor's loop. When it is called, View is as new as the event.
func New(cfg Config, node Node, memory Memory, name string, defaultSource int, learn func(decision.Event), log zerolog.Logger) *Follower {
	f := &Follower{
		cfg: cfg, node: node, memory: memory, name: name, defaultSource: defaultSource, learn: learn, log: log,
		away:      logging.NewLasting(log, "asking the sync node failed"),
		forgetful: logging.NewLasting(log, "the sync node's answers can't be written to the database"),
		unknown:   logging.NewLasting(log, "the active source is not known"),
		wake:      make(chan struct{}, 1),
		note:      note{ID: newID()},
	}
	f.publish()
	return f
}

// Refresh has the sync node asked at once. It never blocks.
func (f *Follower) Refresh() {
	select {
	case f.wake <- struct{}{}:
	default: // a round is due already
	}
}

// Run follows the sync node until ctx ends, and then gives the lease back and
// returns nil.
func (f *Follower) Run(ctx context.Context) error {
	f.start(ctx)
	f.round(ctx)
	if f.tenure.standing == unasked && f.note.Held && f.cfg.ActAlone && ctx.Err() == nil {
		f.act(ctx)
	}
	for ctx.Err() == nil {
		f.pause(ctx)
		f.round(ctx)
	}
	f.leave(ctx)
	return nil
}

// start shows what is remembered from before the restart.
func (f *Follower) start(ctx context.Context) {
	f.tell(decision.Standby{On: true, Why: notTold})
	late := time.Now().Add(recallFor)
	err := f.recall(ctx)
	for err != nil && ctx.Err() == nil && time.Now().Before(late) {
		select {
		case <-ctx.Done():
		case <-time.After(recallAgain):
			err = f.recall(ctx)
		}
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		f.log.Error().Err(err).Msg("the state from before the restart can't be read; the monitor starts without it")
	}
	f.publish()
	if a := f.note.Active; a != nil {
		f.learn(a.event(false))
	}
	for _, source := range f.note.Maintenance {
		f.learn(decision.Maintenance{Source: source, On: true})
	}
}

// round asks the sync node for everything.
func (f *Follower) round(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, f.cfg.round())
	defer cancel()
	f.forgets = false
	f.lapse()
	began := time.Now()
	may, leaseErr := f.askLease(ctx)
	if parent.Err() != nil {
		return // a failure says nothing about the sync node then
	}
	err := leaseErr
	if !isAway(err) {
		err = errors.Join(err, f.askActive(ctx))
		err = errors.Join(err, f.askMaintenances(ctx, !f.seen.Before(began)))
		if parent.Err() != nil {
			return
		}
	}
	f.away.Report(err)
	f.failure = probe.Failure(err, f.cfg.every())
	f.reachable = leaseErr == nil && !f.seen.Before(began)
	if f.reachable {
		f.answered = f.seen
	}
	if may && f.reachable && f.tenure.standing == alone { // and it is no proxy that finds nothing
		f.tenure.until, f.note.Lease = began.Add(f.cfg.LeaseTime), 0
		f.show(model.Lease{}, began)
	}
	switch {
	case may && f.reachable:
		f.act(ctx)
	case may && f.tenure.standing == granted && !f.tenure.acts: // no other monitor acts either
		f.tell(decision.Standby{On: true, Why: notActive})
	case !f.cfg.ActAlone && !f.reachable && f.standby == (decision.Standby{On: true}) && f.View().LeaseRemaining == 0:
		f.tell(decision.Standby{On: true, Why: leaseEnded})
	}
	f.keep(ctx)
	f.publish()
}

// isAway reports whether the other questions would fail, too. A refused question
// says nothing about the others.
func isAway(err error) bool {
	return errors.Is(err, model.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// pause waits for the next round. It waits less than the full interval, so that
// monitors don't ask in step, and no longer than this monitor may act.
func (f *Follower) pause(ctx context.Context) {
	every := f.cfg.every()
	next := time.NewTimer(min(every-rand.N(every/5), f.left()))
	defer next.Stop()
	select {
	case <-ctx.Done():
	case <-f.wake:
	case <-next.C:
	}
}

// call gives one call its deadline, and then checks the lease: a call that hangs
// must not prolong it.
func (f *Follower) call(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(f.cfg.every(), f.left()))
	defer cancel()
	err := do(ctx)
	f.lapse()
	return err
}

// left is how long this monitor may act without another answer.
func (f *Follower) left() time.Duration {
	if f.cfg.ActAlone || !f.tenure.acts {
		return math.MaxInt64
	}
	return time.Until(f.tenure.until)
}

// askMaintenances asks which sources are in maintenance. An original node knows
// neither maintenance nor leases, but says which source is active. If any other
// node seems to lack maintenance, that may be a proxy's answer.
func (f *Follower) askMaintenances(ctx context.Context, saysActive bool) error {
	var all []model.Maintenance
	err := f.call(ctx, func(ctx context.Context) (err error) {
		all, err = f.node.Maintenances(ctx)
		return err
	})
	if err != nil && (!isUnsupported(err) || f.tenure.standing != alone || !saysActive) {
		return fmt.Errorf("ask which sources are in maintenance: %w", err)
	}
	before := f.note.Maintenance
	f.note.Maintenance = inMaintenance(all)
	for _, m := range maintenanceChanges(before, f.note.Maintenance) {
		f.learn(m)
	}
	f.keep(ctx)
	return nil
}
