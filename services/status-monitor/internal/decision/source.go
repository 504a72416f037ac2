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

	// heard is the last heartbeat; the start of the monitor before the first.
	heard time.Time
	ever  bool
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

	probed      bool
	probe       string
	maintenance bool
}

// heartbeat takes in count heartbeats, of which the last arrived now.
func (c *source) heartbeat(cfg *Config, count int, now time.Time) {
	gap := now.Sub(c.heard)
	if c.clean.IsZero() || gap >= cfg.suspectAfter() {
		c.clean = now
	}
	c.lost = slices.DeleteFunc(slices.Clone(c.lost), func(t time.Time) bool {
		return now.Sub(t) > remembered*cfg.HeartbeatInterval
	})
	// A silence that took the source down is no loss: nothing was sent.
	if c.ever && (c.condition != Down || gap < cfg.suspectAfter()) {
		missing := int((gap+cfg.late())/cfg.HeartbeatInterval) - max(count, 1)
		for range min(missing, cfg.mostLost()) {
			c.lost = append(c.lost, now)
		}
		c.lost = c.lost[max(0, len(c.lost)-cfg.mostLost()):]
	}
	c.heard, c.ever = now, true
	if !c.sick.IsZero() && now.Sub(later(c.clean, c.sick)) >= cfg.RecoveryHold {
		c.sick = time.Time{}
	}
}

// health takes in a record that the source wrote.
func (c *source) health(e Health, now time.Time) {
	if !e.At.After(c.told) {
		return
	}
	c.told = e.At
	switch {
	case e.Healthy:
		c.sick = time.Time{}
	case c.sick.IsZero():
		c.sick = now
	}
}

// downAfter is the silence after which the source is down.
func (c *source) downAfter(cfg *Config) time.Duration {
	switch {
	case !c.ever:
		return cfg.StartGrace
	case !c.sick.IsZero():
		return cfg.suspectAfter()
	}
	return cfg.timeout(len(c.lost)) + cfg.late()
}

// recovering reports whether the source is down, but can be heard.
func (c *source) recovering() bool { return c.condition == Down && !c.clean.IsZero() }

// assess brings the condition up to date, and tells if it changed.
func (c *source) assess(cfg *Config, now time.Time) (Changed, bool) {
	silence := now.Sub(c.heard)
	if silence >= cfg.suspectAfter() {
		c.clean = time.Time{}
	}
	to, reason := c.condition, ""
	switch {
	case c.condition == Down:
		// Measured from heartbeat to heartbeat: time alone brings no source up.
		if clean := c.heard.Sub(c.clean); c.recovering() && c.sick.IsZero() && clean >= c.hold {
			to, reason = Up, "heartbeats were clean for "+words(clean)
		}
	case silence >= c.downAfter(cfg):
		to, reason = Down, c.whyDown(silence)
	case !c.ever:
		reason = c.reason
	case silence >= cfg.suspectAfter():
		to, reason = Suspect, "no heartbeat for "+words(silence)
	case !c.sick.IsZero():
		to, reason = Suspect, "the engine says that it is sick, although heartbeats arrive"
	default:
		to, reason = Up, "heartbeats arrive"
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

func (c *source) whyDown(silence time.Duration) string {
	switch {
	case !c.ever:
		return "no heartbeat since the monitor started"
	case !c.sick.IsZero():
		return fmt.Sprintf("the engine said that it is sick, and no heartbeat for %s", words(silence))
	case len(c.lost) > 0:
		return fmt.Sprintf("no heartbeat for %s, longer than %d lost heartbeats before explain", words(silence), len(c.lost))
	}
	return "no heartbeat for " + words(silence)
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
	switch {
	case c.condition == Up, c.recovering():
		return c.heard.Add(cfg.suspectAfter())
	case c.condition == Suspect && !c.clean.IsZero(): // sick, but heard
		return c.heard.Add(min(cfg.suspectAfter(), c.downAfter(cfg)))
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
