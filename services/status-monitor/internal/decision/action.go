package decision

import "time"

// Action is something to do or to tell: one of the types below, in the order
// in which they happened.
type Action interface{ action() }

type (
	// Activate a source.
	Activate struct {
		Source int
		From   int       // the source that was active
		At     time.Time // when it was decided: the time at which it happened
		// Epoch is the last known epoch of the authority, for If-Match. It does not
		// count earlier activations that still wait to be delivered.
		Epoch  int64
		Reason string
	}
	// Alarm is raised or cleared, in turns.
	Alarm struct {
		Raised bool
		At     time.Time
		Reason string
	}
	// Changed is the condition of a source.
	Changed struct {
		Source   int
		From, To Condition
		At       time.Time
		Reason   string
	}
)

func (Activate) action() {}
func (Alarm) action()    {}
func (Changed) action()  {}
