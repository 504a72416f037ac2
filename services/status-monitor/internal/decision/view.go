package decision

import "time"

// Source is what there is to show of a watched source.
type Source struct {
	Number    int
	Condition Condition
	Since     time.Time
	Reason    string    // for the condition, in words
	Heard     time.Time // the last heartbeat; zero: none since the start
	// Lost is how many heartbeats were lost among the last sixty, as far as they
	// make it more patient; DownAfter is the silence that it is patient for.
	Lost      int
	DownAfter time.Duration
	// Recovering is since when it can be heard again, zero where it is not down
	// or not heard; UpAt is when it is up if that lasts.
	Recovering, UpAt time.Time
	Sick             bool
	// Probed: its API was asked; ProbeFailure is why it did not answer.
	Probed       bool
	ProbeFailure string
	Maintenance  bool
}

// Sources are the watched ones by number.
func (s State) Sources() []Source {
	all := make([]Source, len(s.sources))
	for i, c := range s.sources {
		v := Source{
			Number: c.number, Condition: c.condition, Since: c.since, Reason: c.reason,
			Lost: len(c.lost), DownAfter: c.downAfter(s.cfg),
			Sick: !c.sick.IsZero(), Probed: c.probed, ProbeFailure: c.probe, Maintenance: c.maintenance,
		}
		if c.ever {
			v.Heard = c.heard
		}
		if c.recovering() {
			v.Recovering, v.UpAt = c.clean, c.clean.Add(c.hold)
		}
		all[i] = v
	}
	return all
}

// Active is which source is active, as the monitor sees it.
type Active struct {
	Known  bool // false: nobody told since the start
	Source int
	Epoch  int64 // the last one known of the authority
	Pinned bool
	Manual bool
	// Unconfirmed: it was activated here, and the authority has not said so.
	Unconfirmed bool
}

// Active is the active source.
func (s State) Active() Active {
	return Active{
		Known: s.known, Source: s.active, Epoch: s.epoch,
		Pinned: s.pinned, Manual: s.manual, Unconfirmed: s.ahead > 0,
	}
}

// Alarm is the reason for which the alarm is raised; "" where it is not.
func (s State) Alarm() string { return s.alarm }

// Watching tells why it only watches: until when the start's grace lasts, zero
// where that is over, and whether it stands by, for whatever reason.
func (s State) Watching() (grace time.Time, standby bool) {
	if s.now.Before(s.grace) {
		grace = s.grace
	}
	return grace, s.standby.On
}
