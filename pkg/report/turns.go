package report

import (
	"context"
	"runtime/debug"
	"sync"

	"aura.radio/engine/pkg/model"
)

const (
	// atOnce is how many reports are made at once, and maxWaiting how many more may
	// wait for their turn.
	atOnce     = 2
	maxWaiting = 8
)

// thrifty is how much the heap may grow between two collections while reports are
// made, in percent. A service lets it grow further, because its heap is small; but
// reports make much garbage, and two of them would make the process several times as
// large.
const thrifty = 100

// Turns bounds how many reports of a service are made at once, and how much memory
// they take. It is safe for concurrent use.
type Turns struct {
	running, waiting chan struct{}

	mu     sync.Mutex
	made   int // how many reports are being made
	growth int // of the heap while none is made, in percent
}

// NewTurns makes the turns of a service.
func NewTurns() *Turns {
	return &Turns{running: make(chan struct{}, atOnce), waiting: make(chan struct{}, maxWaiting)}
}

// Take waits for a turn, in the order of the calls. The caller calls done when the
// report is made. Error: model.ErrQueueFull, or that of ctx.
func (t *Turns) Take(ctx context.Context) (done func(), err error) {
	select {
	case t.running <- struct{}{}:
		return t.begin(), nil
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
		return t.begin(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin has the process clean its heap more often from the first report on.
func (t *Turns) begin() (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made++; t.made == 1 {
		t.growth = debug.SetGCPercent(thrifty)
		if t.growth < thrifty { // somebody wants even less, or no collections at all
			debug.SetGCPercent(t.growth)
		}
	}
	return t.end
}

// end gives the memory of reports back when none is made any more. Otherwise the
// process would keep it until it happens to clean its heap.
func (t *Turns) end() {
	t.mu.Lock()
	if t.made--; t.made == 0 {
		debug.SetGCPercent(t.growth)
		debug.FreeOSMemory()
	}
	t.mu.Unlock()
	<-t.running
}
