package reconcile

import (
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
)

// TestChunks: no question is about more than a quarter of a year, and all time
// is asked about, before the first record and in the future.
func TestChunks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		oldest time.Time
		want   int
	}{
		{now, 1},
		{now.AddDate(0, 0, -10), 1},
		{now.AddDate(0, -5, 0), 2},
		{now.AddDate(-10, 0, 0), 41},
	} {
		ends := chunks(test.oldest, now)
		if len(ends) != test.want || !ends[len(ends)-1].IsZero() {
			t.Errorf("since %s: %v", test.oldest, ends)
		}
		for i, end := range ends[:len(ends)-1] {
			if end != bucket(model.SpanMonth, end) || !end.After(test.oldest) || end.After(now) || i > 0 && !end.Equal(ends[i-1].AddDate(0, chunk, 0)) {
				t.Errorf("since %s: %v", test.oldest, ends)
			}
		}
	}
}

// TestBucket: buckets follow one another, over the ends of months and years.
func TestBucket(t *testing.T) {
	t.Parallel()
	for _, span := range []model.Span{model.SpanMonth, model.SpanDay, model.SpanHour} {
		at := time.Date(2023, 12, 30, 23, 59, 59, 999999000, time.UTC)
		for range 70 {
			from := bucket(span, at)
			to := bucketEnd(span, from)
			if from.After(at) || !to.After(at) || !bucket(span, to).Equal(to) || !bucket(span, to.Add(-time.Microsecond)).Equal(from) {
				t.Fatalf("%s of %s is from %s to %s", span, at, from, to)
			}
			at = to.Add(time.Minute)
		}
	}
}
