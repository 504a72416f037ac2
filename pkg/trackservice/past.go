package trackservice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
)

// maxPast bounds how many entries one look reads. What was heard for less than a
// second is no play, so more than these were not heard within MaxDelay.
const maxPast = int(MaxDelay/Delay(time.Second)) + 20

// past is what was played lately, by what is known now.
type past struct {
	entries []model.Entry // newest first
	next    *model.Entry  // the first that starts after them; nil if there is none
	// since is from when on it is known; zero means as far back as is asked for. lacks
	// is why it is not known before.
	since time.Time
	lacks error
}

// readPast reads what was playing at now, and what was before that for as long as
// the longest delay. What was before may be lacking: nobody else misses it.
func readPast(ctx context.Context, log Log, now time.Time, longest Delay) (p past, _ error) {
	latest, err := found(log.LatestEntry(ctx, now))
	if err != nil {
		return past{}, fmt.Errorf("read the latest track: %w", err)
	}
	if p.next, err = found(log.NextEntry(ctx, now)); err != nil {
		return past{}, fmt.Errorf("read the next track: %w", err)
	}
	for latest != nil {
		p.entries = append(p.entries, *latest)
		p.since = latest.PlayedAt()
		if !p.since.After(longest.Heard(now)) {
			break
		}
		if len(p.entries) == maxPast {
			return p, nil
		}
		if latest, err = found(log.LatestEntry(ctx, p.since.Add(-time.Microsecond))); err != nil {
			p.lacks = fmt.Errorf("read the track before: %w", err)
			return p, nil
		}
	}
	p.since = time.Time{}
	return p, nil
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

// at is the track that was playing at a time, which must not be before since.
func (p past) at(at time.Time, grace time.Duration) (t Track) {
	var latest *model.Entry
	next := p.next
	for i := range p.entries {
		if e := &p.entries[i]; !e.PlayedAt().After(at) {
			latest, t.Entry = e, *e
			break
		}
		next = &p.entries[i]
	}
	t.Playing, t.Until = Current(latest, next, at, grace)
	return t
}
