package heartbeat

import (
	"sync"
	"time"
)

// Beat is what arrived from one source since the last Take.
type Beat struct {
	Source int
	At     time.Time // the last arrival, with a monotonic reading
	Count  int       // how many arrived
	// Relayed: they came from a relay, which numbers them. Missing is how many of
	// its numbers did not arrive.
	Relayed bool
	Missing int
}

// queue holds at most one Beat for each source.
type queue struct {
	wake chan struct{} // holds one

	mu      sync.Mutex
	waiting []Beat // by the source's index; Count 0: nothing
	order   []int  // indices of those who wait, in the order of the first arrival
}

func newQueue(numbers []int) *queue {
	q := &queue{wake: make(chan struct{}, 1), waiting: make([]Beat, len(numbers)), order: make([]int, 0, len(numbers))}
	for i, n := range numbers {
		q.waiting[i].Source = n
	}
	return q
}

// put adds what arrived from the source with that index.
func (q *queue) put(i int, arrived Beat) {
	q.mu.Lock()
	b := &q.waiting[i]
	if b.Count == 0 {
		q.order = append(q.order, i)
	}
	b.At, b.Count, b.Missing, b.Relayed = arrived.At, b.Count+arrived.Count, b.Missing+arrived.Missing, arrived.Relayed
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // the consumer is about to look anyway
	}
}

// take appends the waiting Beats to into and empties the queue.
func (q *queue) take(into []Beat) []Beat {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, i := range q.order {
		into = append(into, q.waiting[i])
		q.waiting[i].Count, q.waiting[i].Missing = 0, 0
	}
	q.order = q.order[:0]
	return into
}
