package journal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

// Meanwhile tells how the service does its work while the database can't: what
// engines say is kept. reason is why the database can't. While the schema is
// being made, that is so as soon as something was kept.
func (j *Journal) Meanwhile(ctx context.Context, reason error) (how string, can bool) {
	s, err := j.State(ctx)
	if err != nil || j.refuses.Load() || s.Waiting == 0 && !errors.Is(reason, model.ErrUnavailable) {
		return "", false
	}
	how = fmt.Sprintf("what engines play is kept in the journal, because: %v; %d items wait", reason, s.Waiting)
	if !s.Oldest.IsZero() {
		how += ", the oldest since " + s.Oldest.Format(time.RFC3339)
	}
	return how, true
}

// Shown is the log of the track service, with the plays that are kept. Make it
// with NewShown.
type Shown struct {
	log     trackservice.Log
	journal *Journal
	// known is what the log told last; nil before.
	known atomic.Pointer[told]
}

// told is the latest entry that the log told of a time.
type told struct {
	entry model.Entry
	at    time.Time
}

// isPast reports whether a listener with a delay may ask for a time, after the log
// told of a later one. Otherwise the clock was set.
func (t *told) isPast(at time.Time) bool {
	return t != nil && at.Before(t.at) && t.at.Sub(at) <= time.Duration(trackservice.MaxDelay)+time.Second
}

// NewShown adds the journal's plays to a log.
func NewShown(log trackservice.Log, j *Journal) *Shown { return &Shown{log: log, journal: j} }

// LatestEntry implements trackservice.Log. While a play is kept, the log may be
// away: then the play counts if it is newer than what the log told last. Of a kept
// play it is not derived yet what was heard: it counts as it was sent.
func (s *Shown) LatestEntry(ctx context.Context, at time.Time) (stored model.Entry, _ error) {
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		stored, err = s.log.LatestEntry(ctx, at)
		return err
	})
	return s.latest(ctx, at, stored, err)
}

// latest is the latest entry, with what the log told of it.
func (s *Shown) latest(ctx context.Context, at time.Time, stored model.Entry, err error) (model.Entry, error) {
	if err == nil && !s.known.Load().isPast(at) {
		s.known.Store(&told{stored, at})
	}
	kept := s.kept(ctx, func(ctx context.Context) (model.Kept, error) {
		return s.journal.file.LatestPlay(ctx, s.journal.database(), at)
	})
	if kept == nil {
		return stored, err
	}
	latest := &stored
	if err != nil {
		latest = nil
		if known := s.known.Load(); known != nil {
			latest = &known.entry
		}
	}
	switch {
	case errors.Is(err, model.ErrNotFound), latest == nil, kept.PlayedAt().After(latest.PlayedAt()):
		return *kept, nil
	case latest.PlayedAt().After(at): // what was known was asked for at a later time
		return stored, err
	}
	return *latest, nil
}

// LatestAndNext implements trackservice.Log. While the log is away, what comes next is
// a kept play, as far as is known.
func (s *Shown) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, _ error) {
	var stored model.Entry
	away := s.ask(ctx, func(ctx context.Context) (err error) {
		latest, next, err = s.log.LatestAndNext(ctx, at)
		return err
	})
	err := away
	switch {
	case err == nil && latest == nil:
		err = model.ErrNotFound
	case err == nil:
		stored = *latest
	}
	latest, err = model.Found(s.latest(ctx, at, stored, err))
	if err != nil {
		return nil, nil, err
	}
	kept := s.kept(ctx, func(ctx context.Context) (model.Kept, error) {
		return s.journal.file.NextPlay(ctx, s.journal.database(), at)
	})
	switch {
	case kept != nil && (next == nil || kept.PlayedAt().Before(next.PlayedAt())):
		next = kept
	case away != nil && !errors.Is(away, model.ErrUnavailable):
		return nil, nil, away
	}
	return latest, next, nil
}

// ask asks the log. While the journal has something the log may hang, and then
// nobody waits for it for long.
func (s *Shown) ask(ctx context.Context, ask func(ctx context.Context) error) error {
	if s.journal.file.Waits() > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, tryFor)
		defer cancel()
	}
	err := ask(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errBusy
	}
	return err
}

// kept is a play of the journal, or nil.
func (s *Shown) kept(ctx context.Context, find func(ctx context.Context) (model.Kept, error)) *model.Entry {
	if s.journal.file.Waits() == 0 {
		return nil
	}
	k, err := find(ctx)
	if err != nil {
		return nil
	}
	p, err := playOf(k)
	if err != nil {
		return nil
	}
	return &p.Entry
}
