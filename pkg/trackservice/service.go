package trackservice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
)

const (
	// refreshTimeout bounds one look at the log.
	refreshTimeout = 5 * time.Second
	// recheckEvery bounds how long the loop sleeps. After that time at the
	// latest, it notices a clock that was set, or a change that nobody
	// reported.
	recheckEvery = time.Minute
	// maxLooks, a second, and burstOfLooks bound how often the loop looks at
	// the log. So while a backlog is stored, the loop does not look after every
	// entry: a look at what was stored a moment ago derives what was heard of it.
	maxLooks     = 3
	burstOfLooks = 20
	// minBackoff and maxBackoff bound the pause after a failure.
	minBackoff = 250 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// Log is where entries are read from: what was heard at an engine, or the on-air
// log. It has no void entries, and an entry's time is its PlayedAt. Both
// methods return model.ErrNotFound if there is no such entry.
type Log interface {
	// LatestEntry is the entry with the latest start that is not after at.
	LatestEntry(ctx context.Context, at time.Time) (model.Entry, error)
	// NextEntry is the first entry that starts after a time.
	NextEntry(ctx context.Context, after time.Time) (model.Entry, error)
}

// Config of the track service. Zero values mean the defaults, except Grace.
type Config struct {
	Grace        time.Duration `env:"CURRENT_GRACE" envDefault:"30s" doc:"How long after its planned end a track still counts as the current one."`
	MaxListeners int           `env:"MAX_LISTENERS" envDefault:"20000" doc:"How many listeners the stream of tracks may have at once. Further listeners are told to ask again: by 503, browsers by retry:."`
}

const defaultMaxListeners = 20_000

// Validate names every mistake.
func (c *Config) Validate() error {
	var grace, listeners error
	if c.Grace < 0 || c.Grace > time.Hour {
		grace = &config.Mistake{Variable: "CURRENT_GRACE", Value: c.Grace.String(), Rule: "must be from 0 to 1h"}
	}
	if c.MaxListeners < 0 {
		listeners = &config.Mistake{Variable: "MAX_LISTENERS", Value: fmt.Sprint(c.MaxListeners), Rule: "must be at least 1"}
	}
	return errors.Join(grace, listeners)
}

// Track is what is playing.
type Track struct {
	// Playing is false if nothing plays. Entry is then the last entry that
	// played, zero if there never was one.
	Playing bool
	// Entry is the entry as the log has it: corrections are in its overlay.
	Entry model.Entry
	// Until is when the track may change although nothing is stored; zero means
	// never.
	Until time.Time
}

// Service knows the current track and publishes its changes.
type Service struct {
	log     Log
	render  func(model.Entry) ([]byte, error)
	cfg     Config
	trouble *logging.Lasting

	// stored counts calls of Changed; wake tells the loop about them.
	stored atomic.Uint64
	wake   chan struct{}
	known  atomic.Pointer[knowledge]
	stream *stream
}

// knowledge is a track and the number of changes that it takes into account.
type knowledge struct {
	track  Track
	stored uint64
}

// New makes a service that reads from log. render makes the data of an event
// from an entry, as listeners see it. A change is whatever changes these bytes.
func New(log Log, render func(model.Entry) ([]byte, error), cfg Config, logger zerolog.Logger) *Service {
	cfg.MaxListeners = cmp.Or(cfg.MaxListeners, defaultMaxListeners)
	return &Service{
		log:     log,
		render:  render,
		cfg:     cfg,
		trouble: logging.NewLasting(logger, "reading the current track failed"),
		wake:    make(chan struct{}, 1),
		stream:  newStream(cfg.MaxListeners),
	}
}

// Changed says that something was stored. Call it before the store is
// acknowledged; it never blocks.
func (s *Service) Changed() {
	s.stored.Add(1)
	select {
	case s.wake <- struct{}{}:
	default: // the loop is about to look anyway
	}
}

// Changes counts what was stored. What was read since the last change is still what
// is stored.
func (s *Service) Changes() uint64 { return s.stored.Load() }

// Current reads what is playing now. It asks the log, so its answer includes
// everything that was stored before. If the log is away, it answers from
// memory, as long as that can still be right. Error: model.ErrUnavailable.
func (s *Service) Current(ctx context.Context) (Track, error) {
	track, err := s.read(ctx, time.Now())
	if err == nil || !errors.Is(err, model.ErrUnavailable) {
		return track, err
	}
	k := s.known.Load()
	if k == nil || k.stored != s.stored.Load() || !k.track.Until.IsZero() && !time.Now().Before(k.track.Until) {
		return Track{}, err
	}
	return k.track, nil
}

func (s *Service) read(ctx context.Context, now time.Time) (Track, error) {
	latest, err := found(s.log.LatestEntry(ctx, now))
	if err != nil {
		return Track{}, fmt.Errorf("read the latest track: %w", err)
	}
	next, err := found(s.log.NextEntry(ctx, now))
	if err != nil {
		return Track{}, fmt.Errorf("read the next track: %w", err)
	}
	var t Track
	t.Playing, t.Until = Current(latest, next, now, s.cfg.Grace)
	if latest != nil {
		t.Entry = *latest
	}
	return t, nil
}

// found returns nil for an entry that does not exist.
func found(e model.Entry, err error) (*model.Entry, error) {
	switch {
	case errors.Is(err, model.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &e, nil
}

// Run follows the log and publishes every change of the current track until ctx
// ends. Then it ends all streams and returns nil. Call it once.
func (s *Service) Run(ctx context.Context) error {
	defer s.stream.end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	backoff := minBackoff
	looks := rate.NewLimiter(maxLooks, burstOfLooks)
	var due time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
			now := time.Now()
			look := looks.ReserveN(now, 1)
			if wait := look.DelayFrom(now); wait > 0 {
				look.CancelAt(now)
				if again := now.Add(wait); again.Before(due) {
					due = again
					timer.Reset(wait)
				}
				continue
			}
		case <-timer.C:
			looks.Allow() // always counts as a look, even if none is left
		}
		until, err := s.refresh(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.trouble.Report(err)
		pause := recheckEvery
		if err != nil {
			pause = backoff/2 + rand.N(backoff/2)
			backoff = min(2*backoff, maxBackoff)
		} else {
			backoff = minBackoff
			if !until.IsZero() {
				pause = min(pause, time.Until(until))
			}
		}
		due = time.Now().Add(pause)
		timer.Reset(pause)
	}
}

// refresh looks at the log, and publishes what changed.
func (s *Service) refresh(ctx context.Context) (until time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	stored := s.stored.Load() // before reading, because the read may miss an entry that is stored meanwhile
	track, err := s.read(ctx, time.Now())
	if err != nil {
		return time.Time{}, err
	}
	data := []byte("null")
	if track.Playing {
		if data, err = s.render(track.Entry); err != nil {
			return time.Time{}, fmt.Errorf("render track %d: %w", track.Entry.ID, err)
		}
	}
	s.known.Store(&knowledge{track, stored})
	s.stream.publish(track, data)
	return track.Until, nil
}
