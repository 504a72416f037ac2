package trackservice_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"aura.radio/engine/pkg/model"
)

// playlog is a log in memory that can be away.
type playlog struct {
	mu      sync.Mutex
	entries []model.Entry
	away    error
	reads   int
}

func (l *playlog) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func (l *playlog) add(e *model.Entry) { l.set(func() { l.entries = append(l.entries, *e) }) }

func (l *playlog) find(better func(e, than *model.Entry) bool, in func(time.Time) bool) (model.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return model.Entry{}, fmt.Errorf("read entry: %w", l.away)
	}
	var best *model.Entry
	for i := range l.entries {
		e := &l.entries[i]
		if !e.Overlay.Void && in(e.PlayedAt()) && (best == nil || better(e, best)) {
			best = e
		}
	}
	if best == nil {
		return model.Entry{}, fmt.Errorf("read entry: %w", model.ErrNotFound)
	}
	return *best, nil
}

func (l *playlog) LatestEntry(_ context.Context, at time.Time) (model.Entry, error) {
	l.set(func() { l.reads++ })
	return l.find(func(e, than *model.Entry) bool { return !e.PlayedAt().Before(than.PlayedAt()) },
		func(start time.Time) bool { return !start.After(at) })
}

func (l *playlog) NextEntry(_ context.Context, after time.Time) (model.Entry, error) {
	return l.find(func(e, than *model.Entry) bool { return e.PlayedAt().Before(than.PlayedAt()) },
		func(start time.Time) bool { return start.After(after) })
}

func (l *playlog) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	if latest, err = model.Found(l.LatestEntry(ctx, at)); err == nil {
		next, err = model.Found(l.NextEntry(ctx, at))
	}
	return latest, next, err
}

func (l *playlog) looks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

// hangingLog does not answer until the caller gives up.
type hangingLog struct{ calls int }

func (l *hangingLog) LatestEntry(ctx context.Context, _ time.Time) (model.Entry, error) {
	l.calls++
	<-ctx.Done()
	return model.Entry{}, ctx.Err()
}

func (l *hangingLog) LatestAndNext(ctx context.Context, at time.Time) (latest, next *model.Entry, err error) {
	_, err = l.LatestEntry(ctx, at)
	return nil, nil, err
}
