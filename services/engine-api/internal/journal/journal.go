package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
	"aura.radio/engine/pkg/status"
)

const (
	// tryFor is how long the database has to store something before the journal
	// takes it, and keepFor how long the journal has. Together they are less than
	// a second, except on a disk that hangs.
	tryFor  = 500 * time.Millisecond
	keepFor = 5 * time.Second
	// maxTries bounds how many callers wait for the database at once.
	maxTries = 256
)

// File keeps items; *repo.Journal is one.
type File interface {
	Keep(ctx context.Context, k model.Kept) error
	Waits() int64
	Claim(ctx context.Context, database model.Fingerprint) (foreign int64, err error)
	Inherit(ctx context.Context, database model.Fingerprint, path string, isNew bool) (int64, error)
	Oldest(ctx context.Context, database model.Fingerprint, limit int) ([]model.Kept, error)
	Forget(ctx context.Context, items []model.Kept) error
	PutAside(ctx context.Context, id int64, reason string) error
	Again(ctx context.Context) (int64, error)
	LatestPlay(ctx context.Context, database *model.Fingerprint, at time.Time) (model.Kept, error)
	NextPlay(ctx context.Context, database *model.Fingerprint, after time.Time) (model.Kept, error)
	State(ctx context.Context, database *model.Fingerprint) (model.Journal, error)
	Close(ctx context.Context) error
}

// Database stores health and clocks, and tells what a write would meet;
// *repo.Node is one.
type Database interface {
	StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error
	StoreClock(ctx context.Context, c model.Clock, rule status.Rule[model.Clock]) error
	Writable(ctx context.Context) error
}

// Options are the parts of a journal.
type Options struct {
	File     File
	Plays    playlog.Taker // stores in the database at once
	Database Database
	// Identity is which database this is; nil while that is not known.
	Identity func() *model.Identity
	// Kept is called when a play was kept, and Stored when something that was
	// kept is stored. Neither may block.
	Kept, Stored func()
	Now          func() time.Time
	Log          zerolog.Logger
}

// Journal takes what an engine says. It is a playlog.Taker, and stores health
// and clocks like the database. Run does the draining; everything else may be
// called at any time.
type Journal struct {
	file         File
	plays        playlog.Taker
	statuses     Database
	identity     func() *model.Identity
	kept, stored func()
	now          func() time.Time
	log          zerolog.Logger
	trouble      *logging.Lasting // of draining
	failing      *logging.Lasting // of keeping
	metrics      *metrics
	tries        chan struct{}
	wake         chan struct{}
	// began is closed when the journal has something for the first time.
	began chan struct{}
	begin func()
	// refuses: the journal could not keep what it had to keep last.
	refuses atomic.Bool
}

// New makes a journal, and opens its file. If that fails, it is tried again
// whenever something has to be kept.
func New(o Options) *Journal {
	j := &Journal{
		file: o.File, plays: o.Plays, statuses: o.Database, identity: o.Identity, kept: o.Kept, stored: o.Stored,
		now: o.Now, log: o.Log,
		trouble: logging.NewLasting(o.Log, "the database can't store what the journal keeps"),
		failing: logging.NewLasting(o.Log, "the journal can't be written"),
		tries:   make(chan struct{}, maxTries),
		wake:    make(chan struct{}, 1),
		began:   make(chan struct{}),
	}
	j.begin = sync.OnceFunc(func() { close(j.began) })
	j.metrics = newMetrics(j)
	ctx, cancel := context.WithTimeout(context.Background(), keepFor)
	defer cancel()
	s, err := j.State(ctx) // which opens the file: what is in it goes first
	j.failing.Report(err)
	if s.Waiting > 0 {
		j.begin()
	}
	return j
}

// Began is closed when the journal has something for the first time.
func (j *Journal) Began() <-chan struct{} { return j.began }

// Take implements playlog.Taker. It returns within a second, unless a disk
// hangs. Error: model.ErrUnavailable.
func (j *Journal) Take(ctx context.Context, p *playlog.Play) (model.Taken, error) {
	arrival := p.Entry.ReceivedAt
	if arrival.IsZero() {
		arrival = j.arrival()
	}
	taken, err := j.take(ctx, statement{model.KeptPlay, arrival, p.Entry.TrackStart, func() any { return newPlay(p) }, func(ctx context.Context) error {
		_, err := j.plays.Take(ctx, p)
		return err
	}})
	if err == nil && taken == model.TakenKept {
		j.kept()
	}
	return taken, err
}

// arrival is when something comes that does not say when it came.
func (j *Journal) arrival() time.Time { return j.now().UTC().Truncate(time.Microsecond) }

// StoreHealth is Take for a health status.
func (j *Journal) StoreHealth(ctx context.Context, h model.Health, rule status.Rule[model.Health]) error {
	_, err := j.take(ctx, statement{model.KeptHealth, j.arrival(), time.Time{}, func() any { return record.NewHealth(h) }, func(ctx context.Context) error {
		return j.statuses.StoreHealth(ctx, h, rule)
	}})
	return err
}

// StoreClock is Take for a clock.
func (j *Journal) StoreClock(ctx context.Context, c model.Clock, rule status.Rule[model.Clock]) error {
	_, err := j.take(ctx, statement{model.KeptClock, j.arrival(), time.Time{}, func() any { return record.NewClock(c) }, func(ctx context.Context) error {
		return j.statuses.StoreClock(ctx, c, rule)
	}})
	return err
}

// take stores what was said at once, or keeps it for later. What waits already goes
// first, so while anything does, it is kept.
func (j *Journal) take(ctx context.Context, s statement) (model.Taken, error) {
	ctx = context.WithoutCancel(ctx) // the engine sends it only once, also if it does not wait for the answer
	var away error
	if j.file.Waits() == 0 {
		if away = j.try(ctx, s.store); !isPassing(away) {
			return model.TakenStored, away
		}
	}
	full := j.keep(ctx, s)
	if full == nil {
		return model.TakenKept, nil
	}
	if away == nil { // nothing is lost if this one goes first
		if away = j.try(ctx, s.store); !isPassing(away) {
			return model.TakenStored, away
		}
	}
	return model.TakenKept, fmt.Errorf("%w; and %w", away, full)
}

// isPassing reports whether the database may store later what it does not store
// now. Only what is invalid stays so.
func isPassing(err error) bool {
	_, invalid := errors.AsType[*model.InvalidError](err)
	return err != nil && !invalid
}

// errBusy says that the database does not answer.
var errBusy = fmt.Errorf("%w: it does not answer in time", model.ErrUnavailable)

// try lets the database store something, for a short while. After that the
// database may still store it.
func (j *Journal) try(ctx context.Context, store func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	select {
	case j.tries <- struct{}{}:
	default:
		cancel()
		return errBusy
	}
	result := make(chan error, 1)
	go func() {
		defer func() { <-j.tries }()
		defer cancel()
		result <- store(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-result: // also if it ended the context
		return err
	default:
		return errBusy
	}
}

func (j *Journal) keep(ctx context.Context, s statement) error {
	ctx, cancel := context.WithTimeout(ctx, keepFor)
	defer cancel()
	k, err := j.item(s)
	if err == nil {
		err = j.file.Keep(ctx, k)
	}
	j.failing.Report(err)
	j.refuses.Store(err != nil)
	if err != nil {
		return err
	}
	j.metrics.taken.WithLabelValues(string(k.Kind)).Inc()
	j.begin()
	select {
	case j.wake <- struct{}{}:
	default: // Run is about to look anyway
	}
	return nil
}

// Close waits for what is under way, but not for long, and closes the file. Call
// it before the database is closed.
func (j *Journal) Close() error {
	enough := time.After(keepFor)
	for n := 0; n < maxTries; n++ { // no try begins from here on
		select {
		case j.tries <- struct{}{}:
		case <-enough:
			n = maxTries // the database hangs; what it was to store is kept
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepFor)
	defer cancel()
	return j.file.Close(ctx)
}
