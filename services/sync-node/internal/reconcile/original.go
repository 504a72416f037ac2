package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

const (
	// lookBack is how far before the newest record a scheduled run fetches again
	// from an original node, which may never learn that something is synced: its
	// engine logs what it plays at once, and a week lets people notice, and its
	// clock be wrong. At start and on demand everything is fetched.
	lookBack = 7 * 24 * time.Hour
	// windowPages is how many pages are asked for by their numbers, before it
	// goes on by the time of the oldest record: the cost of a page grows with its
	// number, and some nodes end the numbers somewhere.
	windowPages = 100
	// maxPages is more than any node has.
	maxPages = 1_000_000
)

// An original node has more than it can be asked for, or no end.
var (
	errPagesRepeat = errors.New("its pages repeat, so not everything can be fetched from this original node")
	errEndless     = errors.New("the playlog of this original node does not come to an end")
)

// original stores what an original node says is not synced. Its pages go by
// number, so what is stored there meanwhile may come twice, which changes
// nothing.
func (r *run) original(ctx context.Context) error {
	r.tally.original.Store(true)
	o := originalPages{run: r}
	if !r.newest.IsZero() {
		o.from = r.newest.Add(-lookBack)
	}
	began := time.Now()
	err := pages(ctx, r.cfg.StepSleep, o.fetch, func(ctx context.Context, page []model.Record) error {
		r.tally.planned.Add(int64(len(page)))
		_, err := r.receive(ctx, page)
		r.tally.fetched.Add(int64(len(page)))
		r.tally.done.Add(int64(len(page)))
		return err
	})
	if err == nil && o.newest.After(*r.newest) {
		*r.newest = o.newest
		if o.newest.After(began) { // it claims to be from the future
			*r.newest = began
		}
	}
	return err
}

// originalPage is a place in an original node's playlog: a page of what is not
// later than a time, zero for all.
type originalPage struct {
	to     time.Time
	number int
}

// originalPages goes through the playlog of an original node, the latest first.
type originalPages struct {
	*run
	from time.Time
	// newest and oldest are the times of what came so far.
	newest, oldest time.Time
	// last is what the page before began with, first what the window did, and left
	// the place where the window before ended.
	last, first model.Fingerprint
	left        originalPage
	// undated: the node does not heed times.
	undated bool
	asked   int
}

// fetch asks for a page, and tells where it goes on.
func (o *originalPages) fetch(ctx context.Context, at originalPage) (_ []model.Record, next originalPage, _ error) {
	records, err := o.ask(ctx, at)
	if err != nil || len(records) == 0 { // one that is merely short may be as long as pages are there
		return nil, originalPage{}, err
	}
	first := records[0].Entry.Fingerprint()
	if at.number == 0 && first == o.first && records[0].Entry.TrackStart.After(at.to) {
		o.undated = true
		if o.left.number+1 < windowPages { // it went by times because pages repeat
			return nil, originalPage{}, errPagesRepeat
		}
		return nil, originalPage{o.left.to, o.left.number + 1}, nil
	}
	repeats := at.number > 0 && first == o.last
	o.last = first
	if at.number == 0 {
		o.first = first
	}
	isOldestLast := o.note(records)
	older := o.oldest.Truncate(time.Second).Add(time.Second)
	mayGoByTime := !o.undated && isOldestLast && (at.to.IsZero() || older.Before(at.to))
	switch {
	case mayGoByTime && (repeats || at.number+1 >= windowPages):
		o.left = at
		return records, originalPage{to: older}, nil
	case !repeats:
		return records, originalPage{at.to, at.number + 1}, nil
	case at.to.IsZero() || o.undated || !isOldestLast:
		return nil, originalPage{}, errPagesRepeat
	}
	return nil, originalPage{}, nil // the window holds nothing older: that was all
}

// ask asks for a page of records.
func (o *originalPages) ask(ctx context.Context, at originalPage) ([]model.Record, error) {
	if o.asked++; o.asked > maxPages {
		return nil, errEndless
	}
	page, err := o.node.Playlog(ctx, peer.PlaylogQuery{
		Page: at.number, Limit: o.cfg.BatchSize, From: o.from, To: at.to, Zone: o.cfg.Zone,
	})
	if err != nil && at == (originalPage{}) {
		return nil, fmt.Errorf("%w: fetch from an original node: %w", errAway, err)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch page %d of an original node's playlog: %w", at.number, err)
	}
	if at == (originalPage{}) {
		o.seen(peer.State{HostID: o.source}, 0)
	}
	records := make([]model.Record, len(page))
	for i, e := range page {
		if e.LogSource == 0 {
			e.LogSource = o.source
		}
		// In a repeated hour it may be stored at the other occurrence, which was the
		// nearer one when it was fetched or pushed then.
		if records[i].Entry, err = o.store.Occurrence(ctx, e.Entry, e.OtherStart); err != nil {
			return nil, own("read", err)
		}
		records[i].Normalize()
	}
	return records, nil
}

// note keeps the times of a page, and reports whether its last record is the
// oldest of all: so the list is in the order that windows need.
func (o *originalPages) note(records []model.Record) bool {
	for _, r := range records {
		if at := r.Entry.TrackStart; o.oldest.IsZero() || at.Before(o.oldest) {
			o.oldest = at
		}
		if at := r.Entry.TrackStart; at.After(o.newest) {
			o.newest = at
		}
	}
	return records[len(records)-1].Entry.TrackStart.Equal(o.oldest)
}
