package refused

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

const (
	// maxRoom bounds the room that all bodies take, in bytes, and maxAge how long
	// one is kept.
	maxRoom = 16 << 20
	maxAge  = 90 * 24 * time.Hour
	// perSecond bounds how much is written in a second, and atOnce how much
	// before that.
	perSecond = 128 << 10
	atOnce    = 4 << 20
	// keepFor is how long an answer waits for the disk.
	keepFor = 500 * time.Millisecond
	// lookEvery is how often the folder is looked at for what is too old.
	lookEvery = time.Hour
)

var (
	// errFlood says that too much is refused to keep all of it.
	errFlood = errors.New("too much was refused in a short time")
	// errFull says that there is room for plays only.
	errFull = errors.New("the plays that are kept leave no room")
)

// Keeper keeps bodies in a folder. Run forgets what is too old.
type Keeper struct {
	folder  Folder
	now     func() time.Time
	log     zerolog.Logger
	failing *logging.Lasting
	limit   *rate.Limiter
	metrics metrics
	// turn is held by the goroutine that works on the folder. What follows
	// belongs to it.
	turn chan struct{}
	// last is the highest number, and room what all bodies take; -1 before the
	// folder was looked at.
	last, room int64
	keepFor    time.Duration // how long an answer waits for the disk
}

// New makes a Keeper. now is the time.
func New(folder Folder, now func() time.Time, log zerolog.Logger) *Keeper {
	return &Keeper{
		folder: folder, now: now, log: log, failing: logging.NewLasting(log, "what is refused can't be kept"),
		limit: rate.NewLimiter(perSecond, atOnce), metrics: newMetrics(), turn: make(chan struct{}, 1), room: -1, keepFor: keepFor,
	}
}

// Keep keeps a body. It returns within about half a second; a failure is logged
// and counted.
func (k *Keeper) Keep(ctx context.Context, r model.Refusal) {
	err := k.keep(ctx, &r)
	k.failing.Report(err)
	if err != nil {
		k.metrics.dropped.Inc()
		return
	}
	k.metrics.kept.WithLabelValues(r.Kind).Inc()
	k.log.Warn().Int64("number", r.ID).Str("kind", r.Kind).Str("address", r.Address).Str("caller", r.Caller).Str("reason", r.Reason).
		Msg("what an engine sent is not understood; it is kept: see engine-api refused show")
}

func (k *Keeper) keep(ctx context.Context, r *model.Refusal) error {
	data, err := contents(*r)
	if err != nil {
		return err
	}
	room := roomOf(int64(len(data)))
	if !k.limit.AllowN(k.now(), int(room)) {
		return errFlood
	}
	id := make(chan int64, 1)
	err = k.work(ctx, func() error {
		if err := k.look(); err != nil {
			return err
		}
		if err := k.makeRoom(r.Kind, room); err != nil {
			return err
		}
		kept := item{id: k.last + 1, kind: r.Kind, room: room}
		if err := k.folder.add(kept, data); err != nil {
			return err
		}
		k.last, k.room = kept.id, k.room+room
		id <- kept.id
		return nil
	})
	if err == nil {
		r.ID = <-id
	}
	return err
}

// work does something to the folder, once at a time. It waits for it no longer
// than keepFor, even if the disk hangs.
func (k *Keeper) work(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, k.keepFor)
	defer cancel()
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("the disk is busy: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-k.turn }()
		done <- do()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the disk is slow: %w", ctx.Err())
	}
}

// look counts what is there, if that is not known.
func (k *Keeper) look() error {
	if k.room >= 0 {
		return nil
	}
	items, err := k.folder.items()
	if err != nil {
		return err
	}
	k.count(items)
	return nil
}

func (k *Keeper) count(items []item) {
	k.room = 0
	for _, i := range items {
		k.room += i.room
		k.last = max(k.last, i.id)
	}
}

// makeRoom deletes the oldest until a body of that kind and room fits: first
// health and clocks, which say the same again soon, then plays, but only for
// plays. It makes more room than needed, so that the folder is not read for every
// body.
func (k *Keeper) makeRoom(kind string, room int64) error {
	if k.room+room <= maxRoom {
		return nil
	}
	items, err := k.folder.items() // a command may have dropped some
	if err != nil {
		return err
	}
	k.count(items)
	for _, plays := range []bool{false, true} {
		for _, i := range items {
			enough := k.room+room <= maxRoom-maxRoom/16
			if enough || (i.kind == playKind) != plays || plays && kind != playKind {
				continue
			}
			if err := k.folder.remove(i); err != nil {
				return err
			}
			k.room -= i.room
			k.metrics.forgotten.Inc()
		}
	}
	if k.room+room > maxRoom {
		return errFull
	}
	return nil
}

// Run forgets what is older than 90 days, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		if err := k.expire(); err != nil {
			k.log.Warn().Err(err).Msg("what was refused long ago can't be forgotten")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// expire deletes what is too old. It does not change what Keep knows: that is
// found out when room is needed.
func (k *Keeper) expire() error {
	all, err := k.folder.List()
	for _, r := range all {
		if k.now().Sub(r.Arrival) > maxAge {
			err = errors.Join(err, k.folder.remove(item{id: r.ID, kind: r.Kind}))
			k.metrics.forgotten.Inc()
		}
	}
	return err
}

// State counts what is kept.
func (k *Keeper) State() (s model.Refusals, err error) {
	items, err := k.folder.items()
	for _, i := range items {
		s.Items++
		s.Bytes += i.room
	}
	return s, err
}
