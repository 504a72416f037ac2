package trackservice

import (
	"context"
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
	// since is from when on it is known; zero means that there was nothing before.
	since time.Time
}

// readPast reads what was playing at a time, and what comes next.
func readPast(ctx context.Context, log Log, at time.Time) (p past, _ error) {
	latest, next, err := log.LatestAndNext(ctx, at)
	if err != nil {
		return past{}, fmt.Errorf("read the latest and the next track: %w", err)
	}
	p.next = next
	p.add(latest)
	return p, nil
}

// extend also reads what was before, back to a time.
func (p *past) extend(ctx context.Context, log Log, back time.Time) error {
	for p.since.After(back) && len(p.entries) < maxPast {
		before, err := model.Found(log.LatestEntry(ctx, p.since.Add(-time.Microsecond)))
		if err != nil {
			return fmt.Errorf("read the track before: %w", err)
		}
		p.add(before)
	}
	return nil
}

// add puts what was before at the end; nil if there was nothing.
func (p *past) add(before *model.Entry) {
	if p.since = (time.Time{}); before != nil {
		p.entries, p.since = append(p.entries, *before), before.PlayedAt()
	}
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
