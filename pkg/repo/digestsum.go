package repo

import (
	"bytes"
	"fmt"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/internal/sqldb"
)

// spanEnds has the length of the bucket's name, for each span. The name is the
// beginning of a time as the databases write it.
var spanEnds = map[model.Span]int{
	model.SpanMonth: len("2020-06"),
	model.SpanDay:   len("2020-06-27"),
	model.SpanHour:  len("2020-06-27 17"),
}

// sums adds up contents by bucket. The contents come in the order of time.
type sums struct {
	end     int // length of a bucket's name in a time
	buckets []bucket
}

type bucket struct {
	name  []byte
	count int64
	sum   model.Content
}

func newSums(span model.Span) (*sums, error) {
	end, known := spanEnds[span]
	if !known {
		return nil, model.Invalid("span", string(span), "must be month, day or hour")
	}
	return &sums{end: end}, nil
}

// count adds a record's content; its supplement is nil if there is none. It does
// not keep its arguments.
func (s *sums) count(at, base, supplement []byte) error {
	const size = len(model.Fingerprint{})
	if len(at) != len(sqldb.TimeLayout) || len(base) != size || supplement != nil && len(supplement) != size {
		return fmt.Errorf("a time came as %q, a content with lengths %d and %d", at, len(base), len(supplement))
	}
	b := bucket{name: at[:s.end], count: 1, sum: model.Content{Base: model.Fingerprint(base)}}
	if supplement != nil {
		b.sum.Supplement = model.Fingerprint(supplement)
	}
	s.add(b)
	return nil
}

func (s *sums) add(b bucket) {
	last := len(s.buckets) - 1
	if last < 0 || !bytes.Equal(s.buckets[last].name, b.name) {
		b.name = bytes.Clone(b.name)
		s.buckets = append(s.buckets, b)
		return
	}
	s.buckets[last].count += b.count
	s.buckets[last].sum = s.buckets[last].sum.Xor(b.sum)
}

func (s *sums) digests() ([]model.Digest, error) {
	digests := make([]model.Digest, len(s.buckets))
	for i, b := range s.buckets {
		from, err := time.Parse(sqldb.TimeLayout[:s.end], string(b.name))
		if err != nil {
			return nil, err
		}
		digests[i] = model.Digest{From: from, Count: b.count, Sum: b.sum}
	}
	return digests, nil
}
