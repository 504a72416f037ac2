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
// log. It has no void entries, and an entry's time is its PlayedAt.
type Log interface {
	// LatestEntry is the entry with the latest start that is not after at, or
	// model.ErrNotFound.
	LatestEntry(ctx context.Context, at time.Time) (model.Entry, error)
	// LatestAndNext is that entry, and the first one that starts later; nil if there
	// is none.
	LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error)
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

// delayed is the track for a listener with that delay.
func (t Track) delayed(d Delay) Track {
	t.Until = d.Reaches(t.Until)
	return t
}

// Service knows the current track and publishes its changes.
type Service struct {
	log     Log
	render  func(e model.Entry, at time.Time) ([]byte, error)
	cfg     Config
	trouble *logging.Lasting

	// stored counts calls of Changed; wake tells the loop about them.
	stored  atomic.Uint64
	wake    chan struct{}
	known   atomic.Pointer[knowledge]
	streams *streams
}

// knowledge is the track that was playing at a time, and the number of changes that
// it takes into account.
type knowledge struct {
	track  Track
	at     time.Time
	stored uint64
}

// New makes a service that reads from log. render makes the data of an event
// from an entry, as listeners see it at a time. A change is whatever changes these
// bytes.
func New(log Log, render func(e model.Entry, at time.Time) ([]byte, error), cfg Config, logger zerolog.Logger) *Service {
	cfg.MaxListeners = cmp.Or(cfg.MaxListeners, defaultMaxListeners)
	return &Service{
		log:     log,
		render:  render,
		cfg:     cfg,
		trouble: logging.NewLasting(logger, "reading the current track failed"),
		wake:    make(chan struct{}, 1),
		streams: newStreams(cfg.MaxListeners),
	}
}

// Changed says that something was stored. Call it before the store is
// acknowledged; it never blocks.
func (s *Service) Changed() {
	s.stored.Add(1)
	s.look()
}

// look has the loop look at the log soon.
func (s *Service) look() {
	select {
	case s.wake <- struct{}{}:
	default: // the loop is about to look anyway
	}
}

// Changes counts what was stored. What was read since the last change is still what
// is stored.
func (s *Service) Changes() uint64 { return s.stored.Load() }

// Current reads what is playing now for a listener with that delay. It asks the
// log, so its answer includes everything that was stored before. If the log is
// away, it answers from memory, as long as that can still be right. Error:
// model.ErrUnavailable.
func (s *Service) Current(ctx context.Context, d Delay) (Track, error) {
	at := d.Heard(time.Now())
	p, err := readPast(ctx, s.log, at)
	if err == nil {
		return p.at(at, s.cfg.Grace).delayed(d), nil
	}
	k := s.known.Load()
	if !errors.Is(err, model.ErrUnavailable) || k == nil || k.stored != s.stored.Load() || !k.holds(at) {
		return Track{}, err
	}
	return k.track.delayed(d), nil
}

// holds reports whether the track is also what was playing at a time.
func (k *knowledge) holds(at time.Time) bool {
	since := k.at
	if k.track.Playing {
		since = k.track.Entry.PlayedAt()
	}
	return !at.Before(since) && (k.track.Until.IsZero() || at.Before(k.track.Until))
}

// Run follows the log and publishes every change of the current track until ctx
// ends. Then it ends all streams and returns nil. Call it once.
func (s *Service) Run(ctx context.Context) error {
	defer s.streams.end()
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
		}
		if !until.IsZero() {
			pause = min(pause, time.Until(until))
		}
		due = time.Now().Add(pause)
		timer.Reset(pause)
	}
}

// refresh looks at the log, and publishes what changed on every stream. until is
// when the next stream changes although nothing is stored; zero means never. Who has
// no delay does not wait for what only the others need. If it fails for one stream,
// it goes on with the others.
func (s *Service) refresh(ctx context.Context) (until time.Time, _ error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	now := time.Now()
	stored := s.stored.Load() // before reading, because the read may miss an entry that is stored meanwhile
	p, err := readPast(ctx, s.log, now)
	if err != nil {
		return time.Time{}, err
	}
	s.known.Store(&knowledge{p.at(now, s.cfg.Grace), now, stored})
	until, err = s.show(s.streams.live, p, now)
	delayed, longest := s.streams.delayed(now)
	err = errors.Join(err, p.extend(ctx, s.log, longest.Heard(now)))
	for _, stream := range delayed {
		reached, failed := s.show(stream, p, now)
		until, err = sooner(until, reached), errors.Join(err, failed)
	}
	return until, err
}

// show publishes on a stream what its listeners hear now, if that is known. until is
// as in refresh.
func (s *Service) show(on *stream, p past, now time.Time) (until time.Time, _ error) {
	at := on.delay.Heard(now)
	if at.Before(p.since) {
		return on.delay.Reaches(p.since), nil
	}
	track := p.at(at, s.cfg.Grace)
	data, err := s.data(track, at)
	if err == nil {
		on.publish(track, data, s.streams.live)
	}
	return on.delay.Reaches(track.Until), err
}

// data is the data of an event about a track, as it was at a time.
func (s *Service) data(t Track, at time.Time) ([]byte, error) {
	if !t.Playing {
		return []byte("null"), nil
	}
	data, err := s.render(t.Entry, at)
	if err != nil {
		return nil, fmt.Errorf("render track %d: %w", t.Entry.ID, err)
	}
	return data, nil
}
