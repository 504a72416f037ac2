package heard_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

// The files oracle_* are a naive oracle: the rule again, as literally as its text can be
// read, with no regard to cost. Each step is named after its sentence.

// moment is a time, since the epoch of the histories.
type moment = time.Duration

const never = moment(math.MaxInt64)

var epoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func clock(m moment) time.Time { return epoch.Add(m) }

// said is a play as the oracle sees it.
type said struct {
	heard.Play
	start    moment
	end      moment // as planned; never if the duration is unknown
	arrival  moment // only if arrived
	arrived  bool   // the arrival is known and proves something
	again    []moment
	fallback bool
	longest  time.Duration // if the duration is unknown
}

// ownEnd is when a fallback is over by itself.
func (p *said) ownEnd() moment {
	if p.end == never {
		return p.start + p.longest
	}
	return p.end
}

func (p *said) isLate() bool { return p.arrived && p.arrival > p.start+time.Second }

// byPerson: logged by hand, or with a start that a person gave, moved or
// confirmed.
func (p *said) byPerson() bool { return p.Manual || p.StartSet }

func listen(p heard.Play, config heard.Config) *said {
	s := &said{Play: p, start: p.Start.Sub(epoch), end: never, longest: config.LongestFile}
	if p.Duration > 0 {
		s.end = s.start + p.Duration
	}
	if p.Type == model.TrackTypeStream || p.Type == model.TrackTypeLine {
		s.longest = config.LongestLive
	}
	s.fallback = slices.Contains(config.FallbackShows, p.ShowName) && p.ShowID == 0 && p.MediaID == 0
	// An arrival or telling more than 6 hours after the start proves nothing.
	provesNothing := func(at time.Time) bool { return at.Sub(p.Start) > 6*time.Hour }
	if !p.ReceivedAt.IsZero() && !s.byPerson() && !provesNothing(p.ReceivedAt) {
		s.arrival, s.arrived = p.ReceivedAt.Sub(epoch), true
	}
	for _, at := range p.Again {
		if !provesNothing(at) {
			s.again = append(s.again, at.Sub(epoch))
		}
	}
	return s
}

// inOrder: plays of one start stand in order of arrival if it is known,
// otherwise of (start, fingerprint).
func inOrder(a, b *said) int {
	return cmp.Or(cmp.Compare(a.start, b.start), compareArrivals(a, b), bytes.Compare(a.ID[:], b.ID[:]))
}

// compareArrivals has the unknown ones first.
func compareArrivals(a, b *said) int {
	switch {
	case a.arrived && b.arrived:
		return cmp.Compare(a.arrival, b.arrival)
	case a.arrived:
		return 1
	case b.arrived:
		return -1
	}
	return 0
}

func byArrival(a, b *said) int {
	return cmp.Or(cmp.Compare(a.arrival, b.arrival), inOrder(a, b))
}

type oracle struct {
	config  heard.Config
	plays   []*said // in order
	reports []report

	inBurst map[*said]bool
	trailed map[*said]bool // fallbacks behind the last play of a burst that were not heard
	groups  []*group       // of plays that are no fallback
	slots   map[*said]slot
	rank    map[*said]int // of plays at one instant: by slots, and in a slot in its order
}

// slot is what rule 4 says of a play.
type slot struct {
	isAt, isOut bool
	at          moment // if isAt
	until       moment // never, or when the next one arrived
	enders      []ender
}

// ender is a later one in the slot, which ends those before it.
type ender struct {
	at   moment
	play *said
}

type report struct {
	at       moment
	fallback bool
}

// group is one play: the first and its repetitions.
type group struct {
	members []*said
	end     moment // the end of the last; never if it is unknown
}

// mergeReports: of two reports at one instant `true` counts.
func mergeReports(reports []heard.Report) (merged []report) {
	said := make(map[moment]bool)
	for _, r := range reports {
		said[r.At.Sub(epoch)] = said[r.At.Sub(epoch)] || r.Fallback
	}
	for at, fallback := range said {
		merged = append(merged, report{at, fallback})
	}
	slices.SortFunc(merged, func(a, b report) int { return cmp.Compare(a.at, b.at) })
	return merged
}

// verdict is what the oracle says of a play.
type verdict struct {
	intervals []span
	estimated bool
	doubted   bool
	why       string // of a void, a doubtful start and a repetition
}

type span struct{ from, until moment }

// ask asks the oracle what was heard of each play.
func ask(plays []heard.Play, reports []heard.Report, config heard.Config) map[model.Fingerprint]verdict {
	out := make(map[model.Fingerprint]verdict)
	var all []*said
	for _, p := range plays {
		s := listen(p, config)
		// 1. Doubtful starts (more than five minutes ahead of arrival) are out until
		// a person confirms or moves them.
		if s.arrived && s.start > s.arrival+5*time.Minute {
			out[p.ID] = verdict{why: "doubtful start"}
			continue
		}
		all = append(all, s)
	}
	slices.SortFunc(all, inOrder)
	gone := make(map[*said]bool)
	for _, v := range all {
		if v.Void {
			gone[v] = true
		}
	}
	present := slices.DeleteFunc(slices.Clone(all), func(s *said) bool { return s.Void })
	merged := mergeReports(reports)
	// A void takes the repetitions of the play along.
	for v := range gone {
		if !v.Void {
			continue
		}
		with := append(slices.Clone(present), v)
		slices.SortFunc(with, inOrder)
		o := &oracle{config: config, plays: with, reports: merged}
		for _, g := range o.decide().together() {
			if i := slices.Index(g, v); i >= 0 {
				for _, r := range g[i+1:] {
					gone[r] = true
				}
			}
		}
	}
	o := &oracle{config: config, reports: merged}
	for _, p := range all {
		if gone[p] {
			out[p.ID] = verdict{why: "void"}
			continue
		}
		o.plays = append(o.plays, p)
	}
	d := o.decide()
	for _, members := range d.together() {
		for _, m := range members[1:] {
			out[m.ID] = verdict{why: fmt.Sprintf("repetition of %x", members[0].ID[:2])}
		}
	}
	maps.Copy(out, d.verdicts())
	return out
}

func (o *oracle) decide() *decided {
	o.findBursts()
	o.findRepetitions()
	o.findReplaced()
	return o.layFallback()
}

// findBursts: plays that arrive less than 1 s apart are a burst if one of them
// that is no fallback arrived more than a second after its start.
func (o *oracle) findBursts() {
	o.inBurst, o.trailed = make(map[*said]bool), make(map[*said]bool)
	for _, chain := range arrivingTogether(o.plays) {
		last := -1
		for i, p := range chain {
			if !p.fallback {
				last = i
			}
		}
		if last < 0 {
			continue
		}
		// A fallback behind the last play of its burst does not count for it, and was
		// not heard if that play was late and no `true` arrived before its own end.
		if isBurst(chain[:last+1]) {
			for _, p := range chain[:last+1] {
				o.inBurst[p] = true
			}
		}
		for _, f := range chain[last+1:] {
			sawTrue := slices.ContainsFunc(o.reports, func(r report) bool {
				return r.fallback && r.at > f.start && r.at < f.ownEnd()
			})
			if chain[last].isLate() && !sawTrue {
				o.trailed[f] = true
			}
		}
	}
}

func arrivingTogether(plays []*said) (chains [][]*said) {
	arrived := slices.DeleteFunc(slices.Clone(plays), func(p *said) bool { return !p.arrived })
	slices.SortFunc(arrived, byArrival)
	for i, p := range arrived {
		if i == 0 || p.arrival-arrived[i-1].arrival >= time.Second {
			chains = append(chains, nil)
		}
		chains[len(chains)-1] = append(chains[len(chains)-1], p)
	}
	return chains
}

// isBurst: a play alone is none.
func isBurst(chain []*said) bool {
	return len(chain) > 1 && slices.ContainsFunc(chain, func(p *said) bool { return !p.fallback && p.isLate() })
}
