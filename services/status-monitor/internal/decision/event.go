package decision

import "time"

// Event is something that the monitor learns: one of the types below. What is
// said about a source that is not watched has no effect.
type Event interface{ event() }

type (
	// Heartbeats arrived since the last event: all of them together, as time
	// passes for a source whose own is not shown.
	Heartbeats []Heartbeat
	// Heartbeat of one source.
	Heartbeat struct {
		Source int
		// Count is how many arrived since the last time; 0 counts as 1.
		Count int
	}
	// Health is what a source says about itself.
	Health struct {
		Source  int
		Healthy bool
		At      time.Time // by the source's own clock
	}
	// Probe is the outcome of asking the API of the source's host.
	Probe struct {
		Source int
		// Failure is why it did not answer, in words; "" where it did.
		Failure string
	}
	// Authority is the sync node's answer.
	Authority struct {
		Active int
		Epoch  int64
		Pinned bool
		// Manual: a person chose it.
		Manual bool
		// Reset: the sync node began a new history, so this is the truth though
		// its epoch may be lower than one that was known. Whoever asks sets it
		// once, when the lower epochs can't be old answers any more.
		Reset bool
	}
	// Undelivered tells, after a restart, what was decided last before it, which
	// the authority may not have heard or not have answered yet.
	Undelivered struct {
		Source int   // the last one activated
		Epoch  int64 // upon which the first of them was decided
		Count  int   // how much they raise it
	}
	// Overtaken tells that the authority refused an activation, because somebody else
	// decided meanwhile. Its next answer is the truth.
	Overtaken struct{}
	// Maintenance of a source begins or ends.
	Maintenance struct {
		Source int
		On     bool
	}
	// Standby begins when this monitor may not act, and ends when it may.
	Standby struct {
		On bool
		// Why it may not, in words, where it is not known that another monitor
		// acts; "" where one does.
		Why string
	}
	// Tick tells that time passed. It is due when Next says so, after the
	// heartbeats that arrived before, and does no harm at any other time.
	Tick struct{}
)

func (Heartbeats) event()  {}
func (Health) event()      {}
func (Probe) event()       {}
func (Authority) event()   {}
func (Undelivered) event() {}
func (Overtaken) event()   {}
func (Maintenance) event() {}
func (Standby) event()     {}
func (Tick) event()        {}
