package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"aura.radio/engine/pkg/model"
)

// Bucket is a span of time whose records are not the same on both sides.
type Bucket struct {
	Span     model.Span
	From, To time.Time // half open, UTC
	// Here is the digest of the sync node's records, There the digest of the
	// node's. A digest is zero if there are no records.
	Here, There model.Digest
}

// digester computes digests of the records that it keeps.
type digester interface {
	Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error)
}

// comparison compares what two sides keep of one kind and source.
type comparison struct {
	here, there digester
	edition     model.Edition // of the node; what it does not know is not compared
	kind        model.Kind
	source      int
	from        time.Time // what is older is not compared; zero: all is
	// drill reports whether to compare the shorter spans in a bucket that
	// differs.
	drill func(Bucket) bool
	// equal counts the records in buckets that are the same.
	equal int64
	// tally is told how far the comparison is.
	tally *tally
}

// errOwn marks a failure that is not the node's fault.
var errOwn = errors.New("the sync node's own database")

func own(doing string, err error) error { return fmt.Errorf("%w: %s: %w", errOwn, doing, err) }

// chunk is how much time one question compares, in months. A question about the
// whole history of a station could take longer than any client waits.
const chunk = 3

// differing returns the buckets that differ, oldest first. oldest is when the
// first record of either side was played.
func (c *comparison) differing(ctx context.Context, oldest, now time.Time) ([]Bucket, error) {
	var differing []Bucket
	from := c.from // if open: records even older than oldest have come just now
	bounds := chunks(later(oldest, from), now)
	c.tally.steps.Add(int64(len(bounds)))
	for _, to := range bounds {
		found, err := c.within(ctx, model.SpanMonth, from, to)
		if err != nil {
			return nil, err
		}
		differing = append(differing, found...)
		c.tally.stepsDone.Add(1)
		from = to
	}
	return differing, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// chunks returns the ends of the chunks from oldest to now. The last chunk is
// open, to include records with a time in the future.
func chunks(oldest, now time.Time) []time.Time {
	var ends []time.Time
	for end := bucket(model.SpanMonth, oldest).AddDate(0, chunk, 0); end.Before(now); end = end.AddDate(0, chunk, 0) {
		ends = append(ends, end)
	}
	return append(ends, time.Time{})
}

// within compares the buckets of one span within a range of time.
func (c *comparison) within(ctx context.Context, span model.Span, from, to time.Time) ([]Bucket, error) {
	q := model.DigestQuery{Kind: c.kind, Source: c.source, Span: span, From: from, To: to}
	var here, there []model.Digest
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if here, err = c.here.Digests(gctx, q); err != nil {
			err = own("digests", err)
		}
		return err
	})
	g.Go(func() (err error) {
		if there, err = c.there.Digests(gctx, q); err != nil {
			err = fmt.Errorf("ask for digests: %w", err)
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var differing []Bucket
	for _, b := range pair(span, here, there) {
		b.From = later(b.From, c.from)
		finer, exists := finer[span]
		switch {
		case b.Here.Count == b.There.Count && c.edition.Same(b.Here.Sum, b.There.Sum):
			c.equal += b.Here.Count
			c.tally.compared.Add(b.Here.Count)
		case exists && c.drill(b):
			inner, err := c.within(ctx, finer, b.From, b.To)
			if err != nil {
				return nil, err
			}
			differing = append(differing, inner...)
		default:
			differing = append(differing, b)
		}
	}
	return differing, nil
}

var finer = map[model.Span]model.Span{model.SpanMonth: model.SpanDay, model.SpanDay: model.SpanHour}

// pair matches the digests of both sides by bucket, oldest first.
func pair(span model.Span, here, there []model.Digest) []Bucket {
	buckets := map[time.Time]Bucket{}
	at := func(d model.Digest) Bucket {
		from := d.From.UTC()
		return cmp.Or(buckets[from], Bucket{Span: span, From: from, To: bucketEnd(span, from)})
	}
	for _, d := range here {
		b := at(d)
		b.Here = d
		buckets[b.From] = b
	}
	for _, d := range there {
		b := at(d)
		b.There = d
		buckets[b.From] = b
	}
	return slices.SortedFunc(maps.Values(buckets), func(a, b Bucket) int { return a.From.Compare(b.From) })
}

// bucket returns when the bucket that holds t begins.
func bucket(span model.Span, t time.Time) time.Time {
	t = t.UTC()
	switch span {
	case model.SpanMonth:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case model.SpanDay:
		return t.Truncate(24 * time.Hour)
	default:
		return t.Truncate(time.Hour)
	}
}

func bucketEnd(span model.Span, from time.Time) time.Time {
	switch span {
	case model.SpanMonth:
		return from.AddDate(0, 1, 0)
	case model.SpanDay:
		return from.AddDate(0, 0, 1)
	default:
		return from.Add(time.Hour)
	}
}
