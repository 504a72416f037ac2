package decision

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// State is all that the monitor knows. It is a value: a step makes a new one
// and leaves the old one as it was.
type State struct {
	cfg     *Config
	sources []*source // by number
	now     time.Time // of the last step
	grace   time.Time // until then the monitor only watches

	known  bool // somebody told which source is active
	active int
	epoch  int64
	pinned bool
	manual bool
	// ahead is how many of its own activations the authority has not confirmed.
	// Each raises the epoch by one, so an answer with a lower epoch does not know
	// of all of them.
	ahead int
	// switched is when the active source last changed, as far as was seen.
	switched time.Time

	standby Standby
	alarm   string // the reason for which it is raised; "" if it is not
}

// New is the state of a monitor that starts now, with a valid configuration.
func New(cfg Config, now time.Time) State {
	cfg.Watched = slices.Compact(slices.Sorted(slices.Values(cfg.Watched)))
	s := State{cfg: &cfg, now: now, grace: now.Add(cfg.StartGrace)}
	for _, number := range cfg.Watched {
		s.sources = append(s.sources, &source{
			number: number, since: now, heard: now, hold: cfg.RecoveryHold,
			reason: "not heard since the monitor started", beats: !slices.Contains(cfg.Quiet, number),
		})
	}
	return s
}

// Step is the state after an event, and what follows from it.
func (s State) Step(e Event, now time.Time) (State, []Action) {
	now = later(now, s.now)
	before := s.sources
	s.sources = slices.Clone(before)
	s.excuse(now)
	s.now = now
	s.learn(e)

	var actions []Action
	for i, c := range s.sources {
		if due := c.due(s.cfg); c == before[i] && (due.IsZero() || now.Before(due)) {
			continue // neither the event nor time has changed the source
		}
		c := *c
		if change, changed := c.assess(s.cfg, now); changed {
			actions = append(actions, change)
		}
		s.sources[i] = &c
	}
	if a, ok := s.decide(); ok {
		actions = append(actions, a)
	}
	if a, ok := s.watchOver(); ok {
		actions = append(actions, a)
	}
	return s, actions
}

// Next is when a Tick is due; zero: not before something happens.
func (s State) Next() time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if t.After(s.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	consider(s.grace)
	for _, c := range s.sources {
		consider(c.due(s.cfg))
	}
	if until := s.awaited(); !until.IsZero() {
		consider(until)
		for _, c := range s.sources {
			consider(s.reachedAt(c))
		}
	}
	if s.prefers() || s.leaves() {
		consider(s.switched.Add(s.cfg.RecoveryHold))
	}
	return next
}

// excuse disregards a time in which the monitor was not asked, although it
// should have been. It also disregards enough of the time before, so that
// heartbeats count that came meanwhile and still wait in the socket.
func (s *State) excuse(now time.Time) {
	due := s.Next()
	if due.IsZero() || now.Sub(due) <= s.cfg.HeartbeatInterval {
		return
	}
	blind := now.Sub(due) + s.cfg.heartbeats().late
	for i, c := range s.sources {
		c := *c
		c.excuse(blind, now)
		s.sources[i] = &c
	}
	if s.now.Before(s.grace) {
		s.grace = s.grace.Add(blind)
	}
}

// learn takes the event into the state.
func (s *State) learn(e Event) {
	switch e := e.(type) {
	case Heartbeats:
		for _, h := range e {
			s.change(h.Source, func(c *source) { c.heartbeat(s.cfg, h, s.now) })
		}
	case Life:
		s.change(e.Source, func(c *source) { c.life(s.cfg, e, s.now) })
	case Check:
		s.change(e.Source, func(c *source) { c.check(e, s.now) })
	case Health:
		s.change(e.Source, func(c *source) { c.health(e, s.now) })
	case Probe:
		s.change(e.Source, func(c *source) { c.probed, c.probe = true, e.Failure })
	case Maintenance:
		s.change(e.Source, func(c *source) { c.maintenance = e.On })
	case Authority:
		s.believe(e)
	case Standby:
		s.standby = e
	case Undelivered:
		s.resume(e)
	case Overtaken:
		s.ahead = 0
	case Tick:
	}
}

// believe takes in an answer of the authority.
func (s *State) believe(e Authority) {
	if s.known && !e.Reset && e.Epoch < s.epoch+int64(s.ahead) {
		return
	}
	if !s.known || e.Active != s.active {
		s.switched = s.now
	}
	s.known, s.ahead = true, 0
	s.active, s.epoch, s.pinned, s.manual = e.Active, e.Epoch, e.Pinned, e.Manual
}

// resume takes up what was decided before a restart, unless the authority has
// gone on since.
func (s *State) resume(e Undelivered) {
	if s.known && s.epoch > e.Epoch {
		return
	}
	s.known, s.active, s.epoch, s.ahead = true, e.Source, e.Epoch, e.Count
	s.pinned, s.manual, s.switched = false, false, s.now
}

// decide activates another source if the rule says so.
func (s *State) decide() (Activate, bool) {
	if !s.mayAct() || !s.known || s.pinned {
		return Activate{}, false
	}
	to, reason := 0, ""
	switch active, watched := s.find(s.active); {
	case watched && active.condition == Down && !active.recovering():
		to, reason = s.best(s.candidate), fmt.Sprintf("source %d is down: %s", s.active, active.reason)
		if to == 0 && !s.now.Before(s.awaited()) {
			to = s.best(s.lesserEvil)
		}
	case s.leaves() && !s.now.Before(s.switched.Add(s.cfg.RecoveryHold)):
		to, reason = s.best(s.candidate), fmt.Sprintf("source %d is sick: %s", s.active, active.reason)
	case s.prefers() && !s.now.Before(s.switched.Add(s.cfg.RecoveryHold)):
		to, reason = s.cfg.DefaultSource, "the default source is up again"
	}
	if to == 0 {
		return Activate{}, false
	}
	a := Activate{Source: to, From: s.active, At: s.now, Epoch: s.epoch, Reason: reason}
	s.active, s.manual, s.switched = to, false, s.now
	s.ahead++
	return a, true
}

// watchOver raises the alarm and clears it.
func (s *State) watchOver() (Alarm, bool) {
	active, watched := s.find(s.active)
	was := s.alarm
	clear := ""
	switch {
	case s.standby.On && s.standby.Why == "":
		s.alarm, clear = "", "another monitor acts now"
	case s.now.Before(s.grace):
	case !s.known:
		s.alarm = "the active source is not known: the sync node has not answered since the start"
	case !watched:
		s.alarm, clear = "", fmt.Sprintf("source %d is active and not watched", s.active)
	case active.condition != Down && !active.isIll(s.cfg):
		s.alarm, clear = "", fmt.Sprintf("source %d is active and %s", s.active, active.condition)
	case was == "" && active.recovering(): // the source can be heard: no reason to wake anybody
	case was == "" && s.now.Before(s.awaited()): // another source may be activated in a moment
	case s.pinned:
		s.alarm = fmt.Sprintf("source %d is pinned and %s: %s", s.active, active.trouble(), active.reason)
	case s.standby.On:
		s.alarm = fmt.Sprintf("source %d is active and %s, and this monitor may not switch, because %s: %s", s.active, active.trouble(), s.standby.Why, active.reason)
	case active.condition != Down && s.best(s.candidate) != 0: // it is left when the hold is over
	default:
		s.alarm = fmt.Sprintf("source %d is active and %s, and no other source is up: %s", s.active, active.trouble(), active.reason)
	}
	switch {
	case was == "" && s.alarm != "":
		return Alarm{Raised: true, At: s.now, Reason: s.alarm}, true
	case was != "" && s.alarm == "":
		return Alarm{At: s.now, Reason: clear}, true
	}
	return Alarm{}, false
}

// mayAct reports whether the start is over and the monitor does not stand by.
func (s *State) mayAct() bool { return !s.standby.On && !s.now.Before(s.grace) }

// find is a watched source.
func (s *State) find(number int) (*source, bool) {
	i, ok := s.index(number)
	if !ok {
		return nil, false
	}
	return s.sources[i], true
}

func (s *State) index(number int) (int, bool) {
	return slices.BinarySearchFunc(s.sources, number, func(c *source, n int) int { return cmp.Compare(c.number, n) })
}

// change lets f write to a copy of a watched source.
func (s *State) change(number int, f func(*source)) {
	if i, ok := s.index(number); ok {
		c := *s.sources[i]
		f(&c)
		s.sources[i] = &c
	}
}
