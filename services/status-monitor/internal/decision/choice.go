package decision

import (
	"cmp"
	"slices"
	"time"
)

// best is the candidate to activate instead of the active source; 0: there is none.
func (s *State) best(isCandidate func(*source) bool) int {
	var candidates []*source
	for _, c := range s.sources {
		if isCandidate(c) {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) == 0 {
		return 0
	}
	rank := func(c *source) int {
		switch {
		case c.probe != "":
			return 2
		case c.number != s.cfg.DefaultSource:
			return 1
		}
		return 0
	}
	return slices.MinFunc(candidates, func(a, b *source) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.number, b.number))
	}).number
}

// candidate reports whether a source may be activated.
func (s *State) candidate(c *source) bool {
	return s.isUp(c) && s.isReached(c)
}

// isUp reports whether a source may be activated, as far as its engine is concerned.
func (s *State) isUp(c *source) bool {
	return c.number != s.active && c.condition == Up && !c.maintenance
}

// lesserEvil reports whether a source may be activated if the active one is down
// and none is up: one that is alive, and sick only by what it sends.
func (s *State) lesserEvil(c *source) bool {
	return c.number != s.active && c.condition == Suspect && !c.clean.IsZero() && c.sick.IsZero() && !c.maintenance && s.isReached(c)
}

// isReached reports whether the network to a source was seen to work since the
// active source fell silent.
func (s *State) isReached(c *source) bool {
	at := s.reachedAt(c)
	return !at.IsZero() && !s.now.Before(at)
}

// reachedAt is from when a source counts as reached, as far as that is known
// already; zero: it is not known. Of sources that give rare signs, a network that
// was cut for a while could make only one look down. So the engine-api has to
// answer after the active source fell silent, and then the active source gets the
// time for another heartbeat, or its engine-api is asked again.
func (s *State) reachedAt(c *source) time.Time {
	active, watched := s.find(s.active)
	if c.beats || !watched {
		return s.now
	}
	p, suspect := active.pace(s.cfg), s.suspected(active)
	if s.now.Before(suspect) {
		return s.now
	}
	for _, at := range c.answers {
		switch {
		case at.Before(suspect):
		case active.beats:
			return at.Add(p.interval + p.late)
		case !active.asked.Before(at):
			return at
		}
	}
	return time.Time{}
}

// suspected is when a source is suspect if it stays silent.
func (s *State) suspected(c *source) time.Time { return c.heard.Add(c.pace(s.cfg).suspectAfter()) }

// awaited is until when an answer may still show that the network to another source
// that is up works; zero: nothing depends on that.
func (s *State) awaited() (until time.Time) {
	active, watched := s.find(s.active)
	if !watched || active.condition != Down || !s.mayAct() || s.pinned {
		return until
	}
	// Two rounds of probes: the other source's engine-api answers, then the active
	// one's is asked again.
	reached := s.suspected(active).Add(2 * s.cfg.Lag)
	for _, c := range s.sources {
		if s.isUp(c) {
			until = later(later(until, reached), later(active.since, c.since).Add(s.cfg.Lag))
		}
	}
	return until
}

// leaves reports whether the active source is sick, and to be left for another as
// soon as the hold allows.
func (s *State) leaves() bool {
	if !s.mayAct() || !s.known || s.pinned {
		return false
	}
	active, watched := s.find(s.active)
	return watched && active.isIll(s.cfg) && !active.maintenance && s.best(s.candidate) != 0
}

// prefers reports whether the default source is wanted back as soon as the hold
// allows.
func (s *State) prefers() bool {
	if !s.cfg.PreferDefault || !s.mayAct() || !s.known || s.pinned || s.manual {
		return false
	}
	c, watched := s.find(s.cfg.DefaultSource)
	return watched && s.candidate(c)
}
