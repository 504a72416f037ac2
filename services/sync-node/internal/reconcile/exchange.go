package reconcile

import (
	"context"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// maxKnown bounds how many records are remembered while one range of time is
// exchanged. A record that is not remembered is sent in vain.
const maxKnown = 100_000

// exchange compares one kind of records and exchanges what differs. The latest
// records go first, because listeners ask for them.
func exchange[T any](ctx context.Context, r *run, s stock[T]) error {
	oldest, err := s.oldest(ctx, r.source)
	if err != nil {
		return err
	}
	c := comparison{here: r.store, there: r.node, edition: r.edition, kind: s.kind, source: r.source, from: s.from, drill: r.isWorthDrilling, tally: r.tally}
	differing, err := c.differing(ctx, oldest, time.Now())
	if err != nil {
		return fmt.Errorf("compare %s: %w", s.kind, err)
	}
	for _, b := range differing {
		r.tally.planned.Add(b.Here.Count + b.There.Count)
	}
	r.tally.differing.Add(int64(len(differing)))
	for i := range differing {
		if i > 0 {
			if err := sleep(ctx, r.cfg.StepSleep); err != nil {
				return err
			}
		}
		b := differing[len(differing)-1-i]
		known, err := fetch(ctx, r, s, b)
		if err == nil {
			err = send(ctx, r, s, b, known)
		}
		if err != nil {
			return fmt.Errorf("%s of the %s %s: %w", s.kind, b.Span, b.From.UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}

// isWorthDrilling reports whether to look closer at a bucket. Looking closer
// costs a question for each shorter bucket, so it must spare more than a page.
// It spares nothing if most of the bucket is missing on one side.
func (r *run) isWorthDrilling(b Bucket) bool {
	fewer, more := min(b.Here.Count, b.There.Count), max(b.Here.Count, b.There.Count)
	return more > int64(r.cfg.BatchSize) && fewer > more/2
}

// known are the records that the node has. After the node got its answer, it
// has them as they are here.
type known map[model.Fingerprint]struct{}

// fetch stores what the node has of a bucket, and tells the node so.
func fetch[T any](ctx context.Context, r *run, s stock[T], b Bucket) (known, error) {
	known := known{}
	if b.There.Count == 0 {
		return known, nil
	}
	return known, pages(ctx, r.cfg.StepSleep, s.theirs(r.source, b.From, b.To), func(ctx context.Context, page []T) error {
		answer, err := s.receive(ctx, page)
		if err != nil {
			return err
		}
		r.tally.fetched.Add(int64(len(page)))
		r.tally.done.Add(int64(len(page)))
		for i := range page {
			if len(known) < maxKnown {
				known[s.id(&page[i])] = struct{}{}
			}
		}
		return r.deliver(ctx, answer)
	})
}

// send sends the records of a bucket that are here and not known to be at the
// node.
func send[T any](ctx context.Context, r *run, s stock[T], b Bucket, known known) error {
	if b.Here.Count == 0 {
		return nil
	}
	return pages(ctx, 0, s.ours(r.source, b.From, b.To, s.batch), func(ctx context.Context, page []T) error {
		r.tally.done.Add(int64(len(page)))
		var unknown []T
		for i := range page {
			if _, ok := known[s.id(&page[i])]; !ok {
				unknown = append(unknown, page[i])
			}
		}
		if len(unknown) == 0 {
			return nil
		}
		if err := r.deliver(ctx, s.parcel(unknown)); err != nil {
			return err
		}
		return sleep(ctx, r.cfg.StepSleep)
	})
}

// deliver sends records and acknowledgements. It also stores the records of
// which the node knows more than was sent. Such a record may have moved to a
// span of time that is already done, where no fetch would find it.
func (r *run) deliver(ctx context.Context, b peer.Batch) error {
	if len(b.Records)+len(b.Healths)+len(b.Clocks)+len(b.Acks)+len(b.HealthAcks) == 0 {
		return nil
	}
	results, err := r.node.Send(ctx, b)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	r.tally.sent.Add(int64(len(b.Records) + len(b.Healths)))
	r.tally.acknowledged.Add(int64(len(b.Acks) + len(b.HealthAcks)))
	var more []model.Record
	for i, result := range results.Records {
		if result.Merged != nil {
			more = append(more, *result.Merged)
		}
		if result.Refused != "" {
			r.refused("the node refuses a record", b.Records[i].Entry.Fingerprint(), result.Refused)
		}
	}
	for i, result := range results.Healths {
		if result.Refused != "" {
			r.refused("the node refuses a health status", b.Healths[i].UID(), result.Refused)
		}
	}
	for _, result := range results.Clocks {
		if result.Refused != "" {
			r.refused("the node refuses the clock", model.Fingerprint{}, result.Refused)
		}
	}
	if len(more) == 0 {
		return nil
	}
	answer, err := r.receive(ctx, more)
	if err != nil {
		return err
	}
	r.tally.fetched.Add(int64(len(more)))
	return r.deliver(ctx, answer)
}

// refused counts a record that one side can't store, and logs the first few.
// The first one is kept for the status.
func (r *run) refused(message string, id model.Fingerprint, reason string) {
	const shown = 10
	r.tally.refusal.CompareAndSwap(nil, new(message+": "+reason))
	if r.tally.refused.Add(1) <= shown {
		r.log.Warn().Stringer("fingerprint", id).Str("reason", reason).Msg(message)
	}
}
