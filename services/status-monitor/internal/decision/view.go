package decision

import "time"

// Source is what can be shown of a watched source.
type Source struct {
	Number    int
	Condition Condition
	Since     time.Time
	Reason    string    // for the condition, in words
	Heard     time.Time // the last sign of life; zero: none since the start
	// Beats: heartbeats count; otherwise health reports and plays. Interval is how
	// often they come, and Promise says in words what follows from that.
	Beats    bool
	Interval time.Duration
	Promise  string
	// Lost is how many heartbeats were lost among the last sixty, as far as they
	// make the source more patient. DownAfter is the silence after which it is down.
	Lost      int
	DownAfter time.Duration
	// Recovering is since when the source can be heard again; zero if it is not
	// down or not heard. UpAt is when it is up if that lasts.
	Recovering, UpAt time.Time
	Sick             bool // by its own word, or by what it sends
	// Probed: the source's API was asked; ProbeFailure is why it did not answer.
	Probed       bool
	ProbeFailure string
	Maintenance  bool
	// IsChecked: a check plugin ran. Checked is what it found last, and CheckLine
	// what it said.
	IsChecked bool
	Checked   Outcome
	CheckLine string
}

// Sources are the watched sources, by number.
func (s State) Sources() []Source {
	all := make([]Source, len(s.sources))
	for i, c := range s.sources {
		v := Source{
			Number: c.number, Condition: c.condition, Since: c.since, Reason: c.reason,
			Beats: c.beats, Interval: c.pace(s.cfg).interval, Promise: s.cfg.promise(c.beats, c.gaps, len(c.lost)),
			IsChecked: c.isChecked, Checked: c.checked, CheckLine: c.line,
			Lost: len(c.lost), DownAfter: c.downAfter(s.cfg),
			Sick: !c.sick.IsZero() || c.illness(s.cfg) != "", Probed: c.probed, ProbeFailure: c.probe, Maintenance: c.maintenance,
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
	Epoch  int64 // the last known epoch of the authority
	Pinned bool
	Manual bool
	// Unconfirmed: the source was activated here, and the authority has not
	// confirmed that. Expected is the epoch that the authority has when it knows of
	// all that was activated here.
	Unconfirmed bool
	Expected    int64
}

// Active is the active source.
func (s State) Active() Active {
	return Active{
		Known: s.known, Source: s.active, Epoch: s.epoch,
		Pinned: s.pinned, Manual: s.manual, Unconfirmed: s.ahead > 0, Expected: s.epoch + int64(s.ahead),
	}
}

// Alarm is the reason for which the alarm is raised; "" if it is not raised.
func (s State) Alarm() string { return s.alarm }

// Watching tells why the monitor only watches. grace is when the start's grace
// ends, zero if it is over. standby is whether the monitor stands by, for
// whatever reason.
func (s State) Watching() (grace time.Time, standby bool) {
	if s.now.Before(s.grace) {
		grace = s.grace
	}
	return grace, s.standby.On
}
