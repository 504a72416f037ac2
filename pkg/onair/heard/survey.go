package heard

import (
	"slices"
	"time"
)

// survey goes through a part of a history, and looks for cuts. Void plays count
// as if they were not void, because a void fallback takes others along.
type survey struct {
	known   Interval
	horizon time.Time // what is not loaded may have arrived from then on
	health  reports
	plays   []*seen // in order, without doubtful starts

	arrivals []time.Time // of fallbacks, ascending
	lots     []Interval  // the starts, from the first to the last, of what waited in one queue; by the first

	// So far:
	reach    time.Time // the last moment at which anything matters
	quiet    time.Time // all of the programme is over
	cover    time.Time // all fallback is over
	told     time.Time // a fallback was told again
	fallback *seen     // the last one since the programme
	settled  time.Time // those before it can't be repeated, and health has decided on all
}

// seen is a play with what surrounds it.
type seen struct {
	*play
	*run
	isCounted bool // neither void nor the repetition of a void play
	isNew     bool // it is counted and no repetition, and so is the one before
	isAlone   bool // no other play of the programme can share its slot

	nextPlay, nextFallback *seen
	// Of this play and all later ones: the first arrival of any, and of a
	// fallback.
	firstArrival, firstFallback time.Time
}

// run is plays of the programme, one after the other, of which each may belong to
// the title of the one before. No title goes beyond its run.
type run struct {
	end    time.Time // the last planned one
	isOpen bool      // an end is not known
	over   time.Time // the titles have ended
}

// outlasts reports whether a title of the run may last beyond t.
func (r *run) outlasts(t time.Time) bool { return r.isOpen || t.Before(r.end) }

func (p *seen) mayHaveBeenLate() bool { return p.arrivedLate() && p.outlasts(p.ReceivedAt) }

// survey puts the plays in order. The first one that starts in known follows one
// that is not loaded.
func (c Config) survey(said []Play, health reports, known Interval) *survey {
	s := &survey{
		known: known, horizon: known.Until.Add(-maxAhead - together), health: health,
		reach: known.From, quiet: forever, cover: forever, settled: forever,
	}
	plays := slices.DeleteFunc(c.inOrderOf(said), (*play).isDoubtful)
	s.wait(plays)
	all := make([]seen, len(plays))
	for i, p := range plays {
		all[i].play = p
		s.plays = append(s.plays, &all[i])
	}
	s.join(max(c.LongestFile, c.LongestLive))
	s.lookAhead()
	return s
}

// wait notes which plays may have waited in one queue.
func (s *survey) wait(plays []*play) {
	for _, lot := range queues(plays) {
		isWhole := !lot[0].ReceivedAt.Before(s.known.From) && lot[len(lot)-1].ReceivedAt.Before(s.horizon)
		if len(lot) == 1 || isWhole && !isBurst(lot) {
			continue
		}
		starts := Interval{lot[0].Start, lot[0].Start}
		for _, p := range lot {
			if p.Start.Before(starts.From) {
				starts.From = p.Start
			}
			starts.Until = later(starts.Until, p.Start)
		}
		s.lots = append(s.lots, starts)
	}
	slices.SortFunc(s.lots, func(a, b Interval) int { return a.From.Compare(b.From) })
}

// join makes runs of the programme.
func (s *survey) join(longest time.Duration) {
	var last *seen
	for _, p := range s.plays {
		switch {
		case p.isFallback:
			continue
		case p.Start.Before(s.known.From):
			p.run = &run{isOpen: true, over: forever}
			continue
		}
		if last != nil {
			follows := !p.Void && !last.Void
			repeats := p.mayRepeat(last.play)
			p.isCounted = follows && (last.isCounted || !repeats)
			p.isNew = follows && last.isCounted && !repeats
			p.isAlone = p.Start.Sub(last.Start) > oneSlot || last.isCounted && last.isOver(p.Start)
			last.isAlone = last.isAlone && p.isAlone
			p.run = last.run
		}
		if p.run == nil || p.isNew {
			p.run = &run{}
		}
		p.add(p.play, longest)
		last = p
	}
	if last != nil && !s.known.Until.Equal(forever) {
		last.isOpen, last.over = true, forever
	}
}

// add makes a play part of the run. One of unknown duration lasts for the longest
// from when it became audible, which may be when it arrived or was told again.
func (r *run) add(p *play, longest time.Duration) {
	if !p.end.IsZero() {
		r.end, r.over = later(r.end, p.end), later(r.over, p.end)
		return
	}
	began := p.arrival()
	for _, at := range p.tellings() {
		began = later(began, at)
	}
	r.isOpen, r.over = true, later(r.over, later(began, p.Start).Add(max(longest, atOnce)))
}

// lookAhead notes what comes after each play.
func (s *survey) lookAhead() {
	var nextPlay, nextFallback *seen
	arrival, fallback := forever, forever
	for _, p := range slices.Backward(s.plays) {
		p.nextPlay, p.nextFallback = nextPlay, nextFallback
		if p.said == ofKnownArrival && p.ReceivedAt.Before(arrival) {
			arrival = p.ReceivedAt
		}
		if p.isFallback {
			nextFallback = p
			if p.said == ofKnownArrival {
				s.arrivals = append(s.arrivals, p.ReceivedAt)
				if p.ReceivedAt.Before(fallback) {
					fallback = p.ReceivedAt
				}
			}
		} else {
			nextPlay = p
		}
		p.firstArrival, p.firstFallback = arrival, fallback
	}
	slices.SortFunc(s.arrivals, time.Time.Compare)
}
