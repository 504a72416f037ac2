package model

import "time"

// Kind is a kind of record that nodes share and compare by digests.
type Kind string

// The kinds.
const (
	KindEntry  Kind = "entries"
	KindHealth Kind = "healths"
)

// Span is the length of a digest's buckets, in UTC.
type Span string

// The spans, from the longest to the shortest.
const (
	SpanMonth Span = "month"
	SpanDay   Span = "day"
	SpanHour  Span = "hour"
)

// Digest stands for all records of one source and kind in one bucket of time.
// Two databases with equal digests hold equal records.
type Digest struct {
	From  time.Time // when the bucket begins, UTC
	Count int64     // how many records
	Sum   Content   // XOR of their contents
}
