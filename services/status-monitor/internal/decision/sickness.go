package decision

import (
	"fmt"
	"time"
)

// complaint is something that is wrong with a source although it is alive.
type complaint int

const (
	unwell complaint = iota // by its own word
	silence
	frozen
	fallback
	checked // by a check plugin
	complaints
)

// lasting is how long something has been said without a break.
type lasting struct{ since, until time.Time }

// note takes in that it was said, or that it is over.
func (l *lasting) note(is bool, now time.Time) {
	switch {
	case !is:
		*l = lasting{}
	case l.since.IsZero():
		*l = lasting{now, now}
	default:
		l.until = now
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
	for what, is := range map[complaint]bool{unwell: !e.Healthy, silence: e.Silence, frozen: e.Frozen, fallback: e.Fallback} {
		c.complaints[what].note(is, now)
	}
}

// check takes in what a plugin found. That it found nothing out changes nothing.
func (c *source) check(e Check, now time.Time) {
	c.isChecked, c.checked, c.line = true, e.Outcome, e.Line
	if e.Outcome != Unknown {
		c.complaints[checked].note(e.Outcome == Critical, now)
	}
}

// illness says what has been wrong for too long; "" if nothing has. It lasts from
// one report to another: time alone makes no source sick.
func (c *source) illness(cfg *Config) string {
	if cfg.SickAfter == 0 {
		return ""
	}
	for what, l := range c.complaints {
		lasted := l.until.Sub(l.since)
		if l.since.IsZero() || lasted < cfg.SickAfter {
			continue
		}
		switch complaint(what) {
		case unwell:
			if c.beats { // the engine would end its heartbeats
				continue
			}
			return fmt.Sprintf("the engine has said for %s that it is sick", words(lasted))
		case silence:
			return fmt.Sprintf("it has sent silence for %s", words(lasted))
		case frozen:
			return fmt.Sprintf("its level has been frozen for %s, as that of a dead sound card", words(lasted))
		case fallback:
			return fmt.Sprintf("it has played fallback for %s", words(lasted))
		}
		return fmt.Sprintf("the check has failed for %s: %s", words(lasted), c.line)
	}
	return ""
}

// isIll reports whether the source is alive, and something has been wrong for too
// long.
func (c *source) isIll(cfg *Config) bool {
	return c.condition == Suspect && !c.clean.IsZero() && c.illness(cfg) != ""
}

// trouble is the word for what is wrong with a source that is down or ill.
func (c *source) trouble() string {
	if c.condition == Down {
		return "down"
	}
	return "sick"
}
