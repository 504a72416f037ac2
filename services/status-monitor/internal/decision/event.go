package decision

import "time"

// Event is something that the monitor learns: one of the types below. An event
// about a source that is not watched has no effect.
type Event interface{ event() }

type (
	// Heartbeats are all heartbeats that arrived since the last event. They are
	// shown together, because time also passes for a source whose heartbeat is not
	// shown.
	Heartbeats []Heartbeat
	// Heartbeat of one source.
	Heartbeat struct {
		Source int
		// Count is how many arrived since the last time; 0 counts as 1.
		Count int
		// Numbered: the heartbeats bear numbers, and so many of them are missing. A
		// silence without missing numbers is no loss.
		Numbered bool
		Missing  int
	}
	// Life tells that the engine-api of a source was asked what it heard from the
	// engine, and what is new since the last event. It is also shown if that is
	// nothing.
	Life struct {
		Source         int
		Reports, Plays Words
		Unanswered     bool          // there was no answer
		Took           time.Duration // from the question until now
	}
	// Words are how many there were, and how long ago the last one came.
	Words struct {
		Count int
		Ago   time.Duration
	}
	// Health is what a source says about itself, and what its report shows.
	Health struct {
		Source                    int
		Healthy                   bool
		Silence, Frozen, Fallback bool
		At                        time.Time // by the source's own clock
	}
	// Check is the outcome of a check plugin.
	Check struct {
		Source  int
		Outcome Outcome
		Line    string // what the plugin said
	}
	// Probe is the outcome of asking the API of the source's host.
	Probe struct {
		Source int
		// Failure is why it did not answer, in words; "" if it did.
		Failure string
	}
	// Authority is the sync node's answer.
	Authority struct {
		Active int
		Epoch  int64
		Pinned bool
		// Manual: a person chose it.
		Manual bool
		// Reset: the sync node began a new history, so this answer is the truth even
		// if its epoch is lower than a known one. The caller sets it once, when the
		// lower epochs can no longer be old answers.
		Reset bool
	}
	// Undelivered tells, after a restart, what was decided last before it. The
	// authority may not have heard of that, or may not have answered yet.
	Undelivered struct {
		Source int   // the last one activated
		Epoch  int64 // the epoch upon which the first of them was decided
		Count  int   // how much they raise the epoch
	}
	// Overtaken tells that the authority refused an activation, because somebody
	// else decided meanwhile. The authority's next answer is the truth.
	Overtaken struct{}
	// Maintenance of a source begins or ends.
	Maintenance struct {
		Source int
		On     bool
	}
	// Standby begins when this monitor may not act, and ends when it may.
	Standby struct {
		On bool
		// Why says in words why this monitor may not act, if it is not known that
		// another monitor acts; "" if one does.
		Why string
	}
	// Tick tells that time passed. It is due when Next says so, after the
	// heartbeats that arrived before, and does no harm at any other time.
	Tick struct{}
)

func (Heartbeats) event()  {}
func (Health) event()      {}
func (Life) event()        {}
func (Check) event()       {}
func (Probe) event()       {}
func (Authority) event()   {}
func (Undelivered) event() {}
func (Overtaken) event()   {}
func (Maintenance) event() {}
func (Standby) event()     {}
func (Tick) event()        {}

// Outcome of a check plugin: its exit code.
type Outcome int

// The outcomes, in the convention of Nagios.
const (
	OK Outcome = iota
	Warning
	Critical
	Unknown
)

// String is the word for it.
func (o Outcome) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[min(max(o, OK), Unknown)]
}
