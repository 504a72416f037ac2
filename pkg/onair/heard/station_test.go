package heard_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// station plays as a community radio does: titles that fade into each other,
// jingles, live shows of unknown duration, and now and then fallback, an outage
// of the network, a title that is told again, a correction.
type station struct {
	*rand.Rand
	skew     time.Duration // how long the engine's clock is behind
	imported bool          // nothing is known of arrivals
	step     time.Duration // what times are rounded to
	names    int           // how many titles there are
	trouble  float64       // how often something happens; 1 is ordinary
	now      time.Time
	history
	queue int // the plays of the last outage that wait
}

func newStation(seed uint64) *station {
	return &station{
		Rand: rand.New(rand.NewPCG(seed, 1)),
		now:  epoch, step: time.Millisecond, names: 200, trouble: 1, history: history{config: heard.Defaults()},
	}
}

// play has the station play n titles or more.
func (s *station) play(n int) history {
	for len(s.plays) < n {
		switch r := s.Float64() / s.trouble; {
		case r < .02:
			s.fallback(1 + s.IntN(6))
		case r < .03:
			s.outage()
		case r < .06:
			s.live()
		case r < .2:
			s.say(s.file("jingle", 3, 20))
		default:
			s.say(s.file("title", 120, 320))
		}
	}
	s.deliver()
	s.health()
	return s.history
}

func (s *station) seconds(from, to float64) time.Duration {
	return time.Duration((from + s.Float64()*(to-from)) * float64(time.Second)).Round(s.step)
}

// file begins now. The next one begins a little before its end.
func (s *station) file(kind string, from, to float64) heard.Play {
	lasts := s.seconds(from, to)
	p := heard.Play{
		Start: s.now, Duration: lasts, ReceivedAt: s.now.Add(s.seconds(0, .9)),
		Title: fmt.Sprintf("%s %d", kind, s.IntN(s.names)), ShowID: 1, ShowName: "Show", MediaID: int64(1 + s.IntN(s.names)),
	}
	s.now = s.now.Add(lasts - s.seconds(0, min(10, lasts.Seconds()/4)))
	return p
}

// live is a line or a stream of which the engine does not know the duration.
func (s *station) live() {
	p := s.file("live", 600, 3600)
	p.Duration, p.Type = 0, model.TrackTypeLine
	s.say(p)
}

// fallback is some titles of fallback. Health may say so.
func (s *station) fallback(n int) {
	for range n {
		p := s.file("stopgap", 60, 200)
		p.ShowName, p.ShowID, p.MediaID = "Fallback", 0, 0
		s.plays = append(s.plays, s.mark(p))
	}
	s.now = s.now.Add(s.seconds(0, 30))
}

// outage has the plays of a while wait in a queue.
func (s *station) outage() {
	s.deliver()
	for range 3 + s.IntN(15) {
		s.say(s.file("title", 120, 320))
		s.queue++
	}
	s.deliver()
}

func (s *station) deliver() {
	at := s.now
	for i := len(s.plays) - s.queue; i < len(s.plays); i++ {
		at = at.Add(s.seconds(.01, .4))
		s.plays[i].ReceivedAt = at
	}
	s.queue = 0
}

// say has the engine say the play, as a rule in time and once.
func (s *station) say(p heard.Play) {
	switch r := s.Float64() / s.trouble; {
	case r < .02:
		p.ReceivedAt = p.ReceivedAt.Add(s.seconds(1, 60))
	case r < .05:
		p.Again = []time.Time{p.ReceivedAt.Add(s.seconds(1, 400))}
	case r < .06:
		p.Void = true
	case r < .07:
		p.Duration = 0
	case r < .08:
		p.StartSet = true
	case r < .09:
		p.ReceivedAt = p.ReceivedAt.Add(s.seconds(300, 7*3600))
	case r < .1: // said twice
		again := p
		again.Start = p.Start.Add(s.seconds(0, 20))
		again.ReceivedAt = again.Start.Add(s.seconds(0, 2))
		s.plays = append(s.plays, s.mark(again))
	}
	s.plays = append(s.plays, s.mark(p))
}

func (s *station) mark(p heard.Play) heard.Play {
	binary.BigEndian.PutUint32(p.ID[:], s.Uint32())
	binary.BigEndian.PutUint32(p.ID[4:], uint32(len(s.plays)))
	p.ReceivedAt = p.ReceivedAt.Add(s.skew)
	for i := range p.Again {
		p.Again[i] = p.Again[i].Add(s.skew)
	}
	if s.imported {
		p.ReceivedAt, p.Again = time.Time{}, nil
	}
	return p
}

// health reports whether the fallback plays, every half minute, unless it is
// silent for a while.
func (s *station) health() {
	isFallback := func(p heard.Play) bool { return p.ShowName == "Fallback" }
	plays := slices.SortedFunc(slices.Values(s.plays), func(a, b heard.Play) int { return a.Start.Compare(b.Start) })
	current := heard.Play{}
	for at := epoch; at.Before(s.now); at = at.Add(s.seconds(29, 31)) {
		if s.Float64() < .01 {
			at = at.Add(s.seconds(0, 7200))
		}
		for len(plays) > 0 && !plays[0].Start.After(at) {
			current, plays = plays[0], plays[1:]
		}
		s.reports = append(s.reports, heard.Report{At: at.Add(s.skew), Fallback: isFallback(current) != (s.Float64() < .01)})
	}
}
