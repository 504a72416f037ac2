package report

import (
	"context"
	"runtime/debug"

	"aura.radio/engine/pkg/model"
)

const (
	// atOnce is how many reports are made at once, and maxWaiting how many more may
	// wait for their turn.
	atOnce     = 2
	maxWaiting = 8
)

// Turns bounds how many reports of a service are made at once. It is safe for
// concurrent use.
type Turns struct{ running, waiting chan struct{} }

// NewTurns makes the turns of a service.
func NewTurns() *Turns {
	return &Turns{running: make(chan struct{}, atOnce), waiting: make(chan struct{}, maxWaiting)}
}

// Take waits for a turn, in the order of the calls. The caller calls done when the
// report is made. Error: model.ErrQueueFull, or that of ctx.
func (t *Turns) Take(ctx context.Context) (done func(), err error) {
	select {
	case t.running <- struct{}{}:
		return t.end, nil
	default:
	}
	select {
	case t.waiting <- struct{}{}:
	default:
		return nil, model.ErrQueueFull
	}
	defer func() { <-t.waiting }()
	select {
	case t.running <- struct{}{}:
		return t.end, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// end gives the memory of reports back when none is made any more. Otherwise the
// process would keep it until it happens to clean its heap.
func (t *Turns) end() {
	<-t.running
	if len(t.running) == 0 {
		debug.FreeOSMemory()
	}
}
