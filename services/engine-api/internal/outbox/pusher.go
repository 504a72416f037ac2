package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/playlog"
)

const (
	// lookEvery is how often the outbox is checked without a wake-up, because
	// another process may have put something back.
	lookEvery = 30 * time.Second
	// deliveryTimeout bounds one delivery. The peer's own limit for a request is
	// shorter, but a delivery may need more than one request.
	deliveryTimeout = 30 * time.Second
	// minBackoff and maxBackoff bound the range from which a pause is drawn:
	// minBackoff after the first failure, maxBackoff after many in a row.
	minBackoff = 250 * time.Millisecond
	maxBackoff = 30 * time.Second
	// maxRetryAfter bounds the pause that a peer may ask for.
	maxRetryAfter = 5 * time.Minute
	// maxRetriedAtStart bounds how many parked records a start sends again. A few
	// are worth another attempt, because the version may be new. Many would delay
	// new records at every start of a service that restarts often.
	maxRetriedAtStart = 1000
)

// Store is the node's database; *repo.Node is one.
type Store interface {
	Unsynced(ctx context.Context, limit int) ([]model.Record, error)
	UnsyncedHealths(ctx context.Context, limit int) ([]model.Health, error)
	UnsyncedClocks(ctx context.Context) ([]model.Clock, error)
	MarkSynced(ctx context.Context, acks []model.Ack) error
	// AbsorbHealths with synced notes that the sync node has these states, as far
	// as they have not changed meanwhile.
	AbsorbHealths(ctx context.Context, healths []model.Health, synced bool) error
	MarkClocksSynced(ctx context.Context, cs []model.Clock) error
	Park(ctx context.Context, kind model.Kind, uid model.Fingerprint, reason string) error
	Unpark(ctx context.Context, uids ...model.Fingerprint) (int64, error)
	Outbox(ctx context.Context) (model.Outbox, error)
}

// Receiver merges what the sync node knows in addition about an entry into the
// node's own entry; *playlog.Recorder implements it.
type Receiver interface {
	Receive(ctx context.Context, records []model.Record, synced bool) ([]playlog.Receipt, error)
}

// Peer is the sync node; *peer.Client implements it.
type Peer interface {
	// CheckSyncNode returns nil if the peer is a sync node, otherwise the reason
	// why not.
	CheckSyncNode(ctx context.Context) error
	Send(ctx context.Context, b peer.Batch) (peer.Results, error)
}

// Original is the sync node in case it is an original one; *original.Node
// implements it.
type Original interface {
	Store(ctx context.Context, e model.Entry) error
}

// Pusher sends what waits. Run does all the work; Wake, Twin and the metrics may be
// called at any time.
type Pusher struct {
	store    Store
	receiver Receiver
	peer     Peer
	original Original
	from     func() *model.Identity
	log      zerolog.Logger
	trouble  *logging.Lasting
	twin     *twin
	metrics  *metrics
	wake     chan struct{}

	// What follows belongs to Run.

	// failures in a row, since the last delivery that was recorded here.
	failures int
	// refusals in a row of single records by the status of a whole request.
	refusals int
	// batchRecords is how many records a batch has at most, as far as the peer
	// can process so many in time.
	batchRecords int
	// look is how many records one look into the outbox reads.
	look int
	// checked: the peer was found to be a sync node since the last failure.
	checked bool
	// retriedParked: the parked records were already handled since the start.
	retriedParked bool
	// singleUntil is until when the peer is treated as an original sync node. It
	// is zero if the peer is not an original one.
	singleUntil time.Time
	// taken counts how often the peer took a version of a record. A record that
	// was taken leaves the outbox, so there are few. A record that comes again is
	// stuck.
	taken map[version]int
}

// New makes a Pusher. Both to and original are the sync node. from is which
// database this is; nil while that is not known.
func New(store Store, receiver Receiver, to Peer, original Original, from func() *model.Identity, log zerolog.Logger) *Pusher {
	return &Pusher{
		store:        store,
		receiver:     receiver,
		peer:         to,
		original:     original,
		from:         from,
		log:          log,
		trouble:      logging.NewLasting(log, "sending to the sync node failed"),
		twin:         newTwin(log),
		metrics:      newMetrics(store),
		wake:         make(chan struct{}, 1),
		batchRecords: maxRecords,
		look:         maxRead,
		taken:        map[version]int{},
	}
}

// Wake tells Run that something new waits. It never blocks.
func (p *Pusher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // Run is about to look anyway
	}
}

// Run sends until ctx ends, and then returns nil. Call it once, when the
// database is ready.
func (p *Pusher) Run(ctx context.Context) error {
	for {
		err := p.push(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.trouble.Report(err)
		wake, pause := p.wake, lookEvery
		if err != nil {
			p.metrics.failed(err)
			p.twin.failed(err)
			p.failures++
			p.checked = false
			if kindOf(err) == "timeout" {
				p.batchRecords = max(p.batchRecords/2, minRecords)
			}
			// New records do not shorten the pause: they wait with the rest.
			wake, pause = nil, backoff(p.failures, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(pause):
		}
	}
}

// backoff returns the pause after so many failures in a row, of which err is
// the last. It adds full jitter to the pause that the peer asked for, so that
// nodes that fail together don't come back together.
func backoff(failures int, err error) time.Duration {
	bound := maxBackoff
	if doublings := failures - 1; doublings < 16 {
		bound = min(minBackoff<<doublings, maxBackoff)
	}
	pause := rand.N(bound)
	if status, ok := errors.AsType[*peer.StatusError](err); ok {
		pause += min(status.RetryAfter, maxRetryAfter)
	}
	return pause
}

// push sends all that waits, in batches or one by one.
func (p *Pusher) push(ctx context.Context) error {
	if err := p.retryParked(ctx); err != nil {
		return err
	}
	for {
		if !time.Now().Before(p.singleUntil) {
			err := p.drain(ctx)
			if !errors.Is(err, peer.ErrUnsupported) {
				return err
			}
			p.becomeSingle()
		}
		if done, err := p.drainSingly(ctx); done || err != nil {
			return err
		}
	}
}

// check asks the peer whether it is a sync node, before the first sending and
// after a failure. What another node took would never arrive at the sync node.
func (p *Pusher) check(ctx context.Context) error {
	if p.checked {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	err := p.peer.CheckSyncNode(ctx)
	p.checked = err == nil
	return err
}

// retryParked gives parked records another chance after a start, because the
// reason for their refusal may have been fixed.
func (p *Pusher) retryParked(ctx context.Context) error {
	if p.retriedParked {
		return nil
	}
	waiting, err := p.store.Outbox(ctx)
	if err != nil {
		return storeError{err}
	}
	switch n := waiting.Parked; {
	case n > maxRetriedAtStart:
		p.log.Warn().Int64("parked", n).Int("limit", maxRetriedAtStart).Msg("too many records are parked; they are not sent again at this start")
	case n > 0:
		// Unparking deletes the reasons. So it waits until the peer can take the
		// records.
		if err := p.check(ctx); err != nil {
			return err
		}
		if _, err := p.store.Unpark(ctx); err != nil {
			return storeError{err}
		}
		p.log.Info().Int64("parked", n).Msg("sending parked records again")
	}
	p.retriedParked = true
	return nil
}
