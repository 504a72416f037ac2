package reconcile

import (
	"errors"
	"fmt"
	"strings"
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
	// Reachable: the node answered when it was last asked for its state.
	Reachable bool
	// Detail is what was wrong with the node or with the last run, on either
	// side. It is "" if nothing was wrong.
	Detail string
	// Seen is when the node answered last, Offset how far its clock was ahead
	// then, and Said what it said about itself. All are zero before the first
	// answer.
	Seen   time.Time
	Offset time.Duration
	Said   peer.State
	// Zone says how the node's time zone differed then from the station's. It is
	// "" if it did not, or if the node is of an older version.
	Zone string
	// Clock says what is wrong with the clock of the node's engine; "" if nothing
	// is.
	Clock string
	// Twin describes other databases that say that they are the node's; "" if
	// there is none.
	Twin string
	// Reconciled is when everything was last compared without failure, or fetched
	// from an original node. It is zero if that never happened. In that run
	// Fetched records came from the node, Sent records went to it, and either
	// side could not store Refused records. If any were refused, or if the node
	// is an original one, the sides are not known to be the same.
	Reconciled             time.Time
	Fetched, Sent, Refused int64
	// Original: the node can't be compared.
	Original bool
	// Running: the node is being compared now.
	Running bool
}

// status is a Status that may change, with its lock.
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

func (s *status) seen(state peer.State, offset time.Duration, zone, twin string) {
	s.change(func(c *Status) {
		if !c.Reachable {
			c.Reachable, c.Detail = true, ""
		}
		c.Seen, c.Offset, c.Said, c.Zone, c.Twin = time.Now(), offset, state, zone, twin
		c.Clock = strings.Join(state.Warnings, "; ")
	})
}

// failed records what was wrong.
func (s *status) failed(err error) {
	s.change(func(c *Status) {
		c.Detail = err.Error()
		c.Reachable = c.Reachable && !errors.Is(err, errAway)
	})
}

// tally counts what one run does.
type tally struct {
	// steps are the parts of the comparison, and stepsDone the finished ones.
	steps, stepsDone atomic.Int64
	// differing counts buckets, the rest records.
	differing, compared, fetched, sent, acknowledged, refused atomic.Int64
	// planned counts the records, of both sides, in the buckets that differ. done
	// counts those of them that were looked at.
	planned, done atomic.Int64
	// refusal describes the first record that was refused.
	refusal atomic.Pointer[string]
	// original: the node is an original one. Until the run is over, the amount of
	// work is unknown.
	original, over atomic.Bool
}

// detail returns what is wrong after a run that did not fail.
func (t *tally) detail() string {
	n := t.refused.Load()
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d refused, the first: %s", n, *t.refusal.Load())
}

// Progress is how far the runs under way are, of all nodes together.
type Progress struct {
	// Compared counts records that are the same on both sides. Exchanged counts
	// records that were looked at because something differs.
	Compared, Exchanged int64
	// Part of the work that is done, from 0 to 1, as far as is known. It is less
	// than 0 if the amount of work is unknown. It falls back when a comparison
	// shows that there is more to do.
	Part float64
}

// Progress returns how far the runs under way are.
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
