package decision

import (
	"fmt"
	"slices"
	"time"
)

// Condition of a watched source.
type Condition int

// The conditions. A source is suspect before anything is known about it.
const (
	Suspect Condition = iota
	Up
	Down
)

// String is the word for it.
func (c Condition) String() string { return [...]string{"suspect", "up", "down"}[c] }

// MarshalText writes the word.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// source is what is known of a watched source. It is never written to once it
// is part of a State.
type source struct {
	number    int
	condition Condition
	since     time.Time
	reason    string

	// beats: heartbeats count. Otherwise health reports and plays do.
	beats bool
	// heard is the last sign of life; the start of the monitor before the first.
	heard time.Time
	ever  bool
	// gaps are the last ones between two reports, and reported is when the last
	// report came.
	gaps     []time.Duration
	reported time.Time
	// asked is when the last question was sent to the source's engine-api that has
	// ended, and answers are when the last answers arrived.
	asked   time.Time
	answers []time.Time
	// lost are the heartbeats that were lost among those remembered at heard. Each
	// entry is when the loss was noticed, oldest first; at most as many as matter
	// are kept.
	lost []time.Time
	// clean is since when no two heartbeats in a row are missing; zero while two
	// are.
	clean time.Time
	// hold is how long the source must be clean to be up again. recovered is when
	// it last was up again.
	hold      time.Duration
	recovered time.Time

	// sick is since when the source says that it is sick; zero if it does not. told
	// is the time of its last record.
	sick, told time.Time
	complaints [complaints]lasting
	// checked is what the check plugin found last, in its own words.
	isChecked bool
	checked   Outcome
	line      string

	probed      bool
	probe       string
	maintenance bool
}

// heartbeat takes in heartbeats, of which the last arrived now.
func (c *source) heartbeat(cfg *Config, e Heartbeat, now time.Time) {
	first := !c.beats
	c.beats = true
	p := c.pace(cfg)
	gap := now.Sub(c.heard)
	c.lost = slices.DeleteFunc(slices.Clone(c.lost), func(t time.Time) bool {
		return now.Sub(t) > remembered*p.interval
	})
	// A silence that took the source down is no loss: nothing was sent.
	if c.ever && !first && (c.condition != Down || gap < p.suspectAfter()) {
		missing := e.Missing
		if !e.Numbered {
			missing = int((gap+p.late)/p.interval) - max(e.Count, 1)
		}
		for range min(missing, p.mostLost()) {
			c.lost = append(c.lost, now)
		}
		c.lost = c.lost[max(0, len(c.lost)-p.mostLost()):]
	}
	c.alive(p, now)
	if !c.sick.IsZero() && now.Sub(later(c.clean, c.sick)) >= cfg.RecoveryHold {
		c.sick = time.Time{}
	}
}

// life takes in what the source's engine-api heard.
func (c *source) life(cfg *Config, e Life, now time.Time) {
	c.asked = now.Add(-e.Took)
	if e.Unanswered {
		return
	}
	c.answers = append(slices.Clone(c.answers), now)
	c.answers = c.answers[max(0, len(c.answers)-answers):]
	if c.beats {
		return
	}
	if e.Reports.Count > 0 {
		at := now.Add(-e.Reports.Ago)
		// The silence of a source that was down is no interval.
		if gap := at.Sub(c.reported) / time.Duration(e.Reports.Count); !c.reported.IsZero() && gap > 0 && c.condition != Down {
			c.gaps = append(slices.Clone(c.gaps), gap)
			c.gaps = c.gaps[max(0, len(c.gaps)-gaps):]
		}
		c.reported = later(c.reported, at)
		c.alive(c.pace(cfg), at)
	}
	if e.Plays.Count > 0 {
		c.alive(c.pace(cfg), now.Add(-e.Plays.Ago))
	}
}

// alive takes in a sign of life.
func (c *source) alive(p pace, at time.Time) {
	if c.ever {
		at = later(at, c.heard)
	}
	if c.clean.IsZero() || at.Sub(c.heard) >= p.suspectAfter() {
		c.clean = at
	}
	c.heard, c.ever = at, true
}

// downAfter is the silence after which the source is down.
func (c *source) downAfter(cfg *Config) time.Duration {
	p := c.pace(cfg)
	switch {
	case !c.ever && c.beats:
		return cfg.StartGrace
	case !c.sick.IsZero():
		return p.suspectAfter()
	}
	return p.downAfter(len(c.lost))
}

// recovering reports whether the source is down, but can be heard.
func (c *source) recovering() bool { return c.condition == Down && !c.clean.IsZero() }

// assess brings the condition up to date, and tells if it changed.
func (c *source) assess(cfg *Config, now time.Time) (Changed, bool) {
	silent := now.Sub(c.heard)
	suspectAfter := c.pace(cfg).suspectAfter()
	if silent >= suspectAfter {
		c.clean = time.Time{}
	}
	illness := c.illness(cfg)
	to, reason := c.condition, ""
	switch {
	case c.condition == Down:
		// Measured from sign to sign: time alone brings no source up.
		clean := c.heard.Sub(c.clean)
		switch back := c.recovering() && c.sick.IsZero() && clean >= c.hold; {
		case back && illness != "":
			to, reason = Suspect, illness
		case back:
			to, reason = Up, fmt.Sprintf("%s were clean for %s", c.signs(), words(clean))
		}
	case silent >= c.downAfter(cfg):
		to, reason = Down, c.whyDown(silent)
	case !c.ever:
		reason = c.reason
	case silent >= suspectAfter:
		to, reason = Suspect, fmt.Sprintf("no %s for %s", c.sign(), words(silent))
	case illness != "":
		to, reason = Suspect, illness
	case !c.sick.IsZero():
		to, reason = Suspect, fmt.Sprintf("the engine says that it is sick, although %s arrive", c.signs())
	default:
		to, reason = Up, c.signs()+" arrive"
	}
	if to == c.condition {
		if to != Down {
			c.reason = reason
		}
		return Changed{}, false
	}
	switch {
	case to == Down && !c.maintenance:
		c.hold = c.nextHold(cfg, now)
	case c.condition == Down:
		c.recovered = now
	}
	change := Changed{Source: c.number, From: c.condition, To: to, At: now, Reason: reason}
	c.condition, c.since, c.reason = to, now, reason
	return change, true
}

// sign is the word for what is expected of a source, and signs for several.
func (c *source) sign() string {
	if c.beats {
		return "heartbeat"
	}
	return "report or play"
}

func (c *source) signs() string {
	if c.beats {
		return "heartbeats"
	}
	return "reports or plays"
}

func (c *source) whyDown(silent time.Duration) string {
	switch {
	case !c.ever:
		return fmt.Sprintf("no %s since the monitor started", c.sign())
	case !c.sick.IsZero():
		return fmt.Sprintf("the engine said that it is sick, and no %s for %s", c.sign(), words(silent))
	case len(c.lost) > 0:
		return fmt.Sprintf("no heartbeat for %s, longer than %d lost heartbeats before explain", words(silent), len(c.lost))
	}
	return fmt.Sprintf("no %s for %s", c.sign(), words(silent))
}

// nextHold is how long a source that goes down now must be clean to be up again.
func (c *source) nextHold(cfg *Config, now time.Time) time.Duration {
	if c.recovered.IsZero() || now.Sub(c.recovered) > cfg.RecoveryHoldMax {
		return cfg.RecoveryHold
	}
	return min(2*c.hold, cfg.RecoveryHoldMax)
}

// due is when time alone changes the condition; zero: never.
func (c *source) due(cfg *Config) time.Time {
	suspectAfter := c.pace(cfg).suspectAfter()
	switch {
	case c.condition == Up, c.recovering():
		return c.heard.Add(suspectAfter)
	case c.condition == Suspect && !c.clean.IsZero(): // sick, but heard
		return c.heard.Add(min(suspectAfter, c.downAfter(cfg)))
	case c.condition == Suspect:
		return c.heard.Add(c.downAfter(cfg))
	}
	return time.Time{}
}

// excuse moves the source's times by a period in which nobody listened.
func (c *source) excuse(blind time.Duration, now time.Time) {
	for _, t := range []*time.Time{&c.heard, &c.clean, &c.sick} {
		if moved := t.Add(blind); !t.IsZero() && moved.Before(now) {
			*t = moved
		} else if !t.IsZero() {
			*t = now
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
