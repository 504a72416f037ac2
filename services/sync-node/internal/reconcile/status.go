package reconcile

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"aura.radio/engine/pkg/peer"
)

// Status is what the sync node knows of a node.
type Status struct {
	Number int
	Name   string
	URL    string
	// Reachable: it answered when it was asked for its state last.
	Reachable bool
	// Detail is what was wrong with it, or with the last run, on whichever side;
	// "" where nothing was.
	Detail string
	// Seen is when it answered last, Offset how far its clock was ahead then,
	// and Waiting how many entries waited in its outbox; zero before the first
	// answer.
	Seen    time.Time
	Offset  time.Duration
	Waiting int64
	// Reconciled is when everything was compared last without failure, or
	// fetched, of an original node; zero for never. Fetched is how many records
	// that brought, Sent how many it gave, and Refused how many either side could
	// not store: with any, or of an original node, the sides are not known to be
	// the same.
	Reconciled             time.Time
	Fetched, Sent, Refused int64
	// Original: it can't be compared.
	Original bool
	// Running: it is being compared now.
	Running bool
}

// status is a Status that changes.
type status struct {
	mu      sync.Mutex
	current Status
}

func (s *status) get() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *status) change(change func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.current)
}

func (s *status) seen(state peer.State, offset time.Duration) {
	s.change(func(c *Status) {
		if !c.Reachable {
			c.Reachable, c.Detail = true, ""
		}
		c.Seen, c.Offset, c.Waiting = time.Now(), offset, state.Outbox.Entries
	})
}

// failed notes what was wrong.
func (s *status) failed(err error) {
	s.change(func(c *Status) {
		c.Detail = err.Error()
		c.Reachable = c.Reachable && !errors.Is(err, errAway)
	})
}

// tally counts what one run does.
type tally struct {
	// steps are the parts of the comparison, and stepsDone those that are over.
	steps, stepsDone atomic.Int64
	// differing counts buckets, the rest records.
	differing, compared, fetched, sent, acknowledged, refused atomic.Int64
	// planned are the records, of both sides, in the buckets that differ, and
	// done those that were looked at.
	planned, done atomic.Int64
	// refusal is about the first record that was refused.
	refusal atomic.Pointer[string]
	// original: the node is one. Until it is over nobody knows how much there is.
	original, over atomic.Bool
}

// detail is what is wrong after a run that did not fail.
func (t *tally) detail() string {
	n := t.refused.Load()
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d refused, the first: %s", n, *t.refusal.Load())
}

// Progress is how far the runs under way are, of all nodes together.
type Progress struct {
	// Compared counts records that are the same on both sides, Exchanged those
	// that were looked at because something differs.
	Compared, Exchanged int64
	// Part of the work that is done, from 0 to 1, as far as is known; less than 0
	// where nobody knows how much there is. It falls back where a comparison shows
	// that there is more to do.
	Part float64
}

// Progress is how far the runs under way are.
func (r *Reconciler) Progress() Progress {
	var p Progress
	var steps, stepsDone, planned int64
	isOpen := false
	for _, n := range r.nodes {
		t := n.tally.Load()
		p.Compared += t.compared.Load()
		p.Exchanged += t.done.Load()
		planned += t.planned.Load()
		steps += t.steps.Load()
		stepsDone += t.stepsDone.Load()
		isOpen = isOpen || t.original.Load() && !t.over.Load()
	}
	switch {
	case isOpen:
		p.Part = -1
	case planned > 0:
		p.Part = min(float64(p.Exchanged)/float64(planned), 1)
	case steps > 0:
		p.Part = float64(stepsDone) / float64(steps)
	}
	return p
}
