package heard

import (
	"slices"
	"time"
)

// forever is after every moment of a history.
var forever = time.Unix(1<<40, 0)

// Cuts returns the moments at which a history may be cut, ascending. Each is the
// start of a play. With two cuts a and b, Derive tells of the plays that start in
// [a, b) what it would tell of them in the whole history, if it is given the
// plays that start from a to b, both included, and the reports of their Evidence.
// Nothing that starts before a cut is heard after it, and nothing that starts at
// it or later is heard before it.
//
// Known is the part of the history that is loaded; if Until is zero, it has no
// end. Of the plays said must hold
//
//   - all that start in it, and
//   - those that start up to six hours and a second before it, and arrived, or
//     were told again, at most a second before it or later.
//
// The reports are those from Fresh before known to its end. A cut is then a cut
// of the whole history. There are cuts in the middle of what is loaded: none at
// its first plays, none in its last five minutes. Before the first cut at a play
// of the programme, none is at a fallback.
//
// What changes in a history touches only the window from a cut before it to one
// after it, if both are cuts with the change and without it.
func Cuts(c Config, said []Play, reports []Report, known Interval) (cuts []time.Time) {
	if known.Until.IsZero() {
		known.Until = forever
	}
	s := c.survey(said, newReports(reports), known)
	for i, p := range s.plays {
		s.queue(p)
		isCut := s.isCut(i)
		if isCut {
			cuts = append(cuts, p.Start)
		}
		s.pass(p, isCut)
	}
	return cuts
}

// Reach is how long after its start a play may still arrive, or be told again, so
// that it matters to later ones.
const Reach = proves + together

// Evidence is when the reports arrived that may decide what was heard of plays
// that are derived together. It is empty if none can: without fallback and late
// arrivals, as mostly. It ends after the planned end of each fallback, because a
// report that comes so late may decide that the fallback was heard.
func Evidence(c Config, said []Play) (i Interval) {
	decides := false
	for _, s := range said {
		p := c.newPlay(s)
		decides = decides || p.isFallback || p.arrivedLate()
		until := p.arrival()
		if p.isFallback {
			until = later(until, p.bound())
		}
		if i.From.IsZero() || p.Start.Before(i.From) {
			i.From = p.Start
		}
		i.Until = later(i.Until, later(until, p.Start))
	}
	if !decides {
		return Interval{}
	}
	return Interval{i.From.Add(-Fresh), i.Until.Add(Fresh + 1)}
}

// AwaitsHealth reports whether a report that comes at t may still decide whether
// the play was heard: a fallback that began earlier and is not over as planned.
func (c Config) AwaitsHealth(said Play, t time.Time) bool {
	p := c.newPlay(said)
	return p.isFallback && p.Start.Before(t) && p.bound().After(t)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// isCut reports whether a window begins with the play. So it must be audible
// from its start, whatever began earlier and whatever begins later. Nothing that
// began earlier may matter afterwards.
func (s *survey) isCut(i int) bool {
	p := s.plays[i]
	switch {
	case p.Void, !p.Start.After(s.reach), !p.Start.Before(s.horizon):
		return false
	case p.firstArrival.Before(s.known.From), p.firstFallback.Before(p.Start):
		return false
	case i > 0 && s.plays[i-1].Start.Equal(p.Start):
		return false
	case p.isFallback:
		return s.endsFallback(i)
	}
	return s.endsAll(i)
}

// endsAll reports whether a play of the programme ends everything before it. It
// does so if it repeats nothing, nothing can replace it, and nothing else begins
// before it has sounded for a second or has ended.
func (s *survey) endsAll(i int) bool {
	p := s.plays[i]
	least := p.Start.Add(shortest)
	if p.bound().Before(least) {
		least = p.bound()
	}
	isCutShort := i+1 < len(s.plays) && s.plays[i+1].Start.Before(least)
	if !p.isNew || !p.isAlone || isCutShort {
		return false
	}
	return !p.mayHaveBeenLate() || s.isUncovered(p)
}

// isUncovered reports whether no fallback can have lain over the programme from
// the play's start to its arrival.
func (s *survey) isUncovered(p *seen) bool {
	arrived := p.ReceivedAt
	if s.cover.After(p.Start) || !arrived.Before(s.horizon) || s.health.wasInFallback(p.Start, arrived) {
		return false
	}
	if p.nextFallback != nil && !p.nextFallback.Start.After(arrived) {
		return false
	}
	i, _ := slices.BinarySearchFunc(s.arrivals, p.Start, time.Time.Compare)
	return i == len(s.arrivals) || s.arrivals[i].After(arrived)
}

// endsFallback reports whether a fallback ends the one before it, while all of
// the programme before it is over. Health must not be able to say that it, or one
// before it that has not ended, was not heard. The programme after it must begin
// with a play that nothing replaces.
func (s *survey) endsFallback(i int) bool {
	p, next := s.plays[i], s.plays[i].nextPlay
	if !p.Start.After(s.quiet) || !p.Start.After(s.settled) || s.health.saidNone(p.Start) {
		return false
	}
	if s.fallback != nil && p.mayRepeat(s.fallback.play) {
		return false
	}
	if next == nil {
		return s.known.Until.Equal(forever)
	}
	return next.Start.After(p.Start) && next.Start.Before(s.horizon) && !next.Void && next.isAlone
}

// queue notes how far those reach that waited in one queue with the play.
func (s *survey) queue(p *seen) {
	for len(s.lots) > 0 && !s.lots[0].From.After(p.Start) {
		s.reach, s.lots = later(s.reach, s.lots[0].Until), s.lots[1:]
	}
}

// pass notes how far the play may matter.
func (s *survey) pass(p *seen, isCut bool) {
	s.reach = later(s.reach, s.matters(p))
	switch {
	case p.isFallback:
		s.passFallback(p)
	case isCut:
		s.quiet, s.settled, s.fallback = p.over, time.Time{}, nil
	default:
		s.quiet = later(s.quiet, p.over)
	}
	if p.isNew && p.isAlone && p.Start.After(s.told) { // it ends fallback when it begins
		began := p.Start
		if p.mayHaveBeenLate() {
			began = p.ReceivedAt
		}
		if began.Before(s.cover) {
			s.cover = began
		}
	}
}

func (s *survey) passFallback(p *seen) {
	s.cover = later(s.cover, p.bound())
	for _, at := range p.tellings() {
		s.told = later(s.told, at)
	}
	if s.health.saidNone(p.Start) {
		s.settled = later(s.settled, p.bound())
	}
	if s.fallback != nil {
		s.settled = later(s.settled, s.fallback.repeatable())
	}
	s.fallback = p
}

// matters is the last moment at which what was said of a play may begin, end or
// delay something. That it sounds until then is not counted.
func (s *survey) matters(p *seen) (last time.Time) {
	if p.said == ofKnownArrival {
		if !p.ReceivedAt.Before(s.horizon) {
			return forever // it may have arrived in one queue with what is not loaded
		}
		if p.isFallback || !p.isAlone || p.mayHaveBeenLate() {
			last = p.ReceivedAt
		}
	}
	for _, at := range p.tellings() {
		if p.isFallback || p.outlasts(at) {
			last = later(last, at)
		}
	}
	return last
}
