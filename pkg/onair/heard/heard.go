package heard

import (
	"cmp"
	"slices"
	"time"
)

// maxAhead is how much later than its arrival a play starts without a doubt.
const maxAhead = 5 * time.Minute

// Derive returns what was heard of each play, in the order of (Start, ID). The
// order of plays and reports does not matter.
func Derive(c Config, said []Play, reports []Report) []Heard {
	plays := c.plays(voidAlong(c, said, reports), reports)
	slices.SortFunc(plays, func(a, b *play) int { return cmp.Or(a.Start.Compare(b.Start), byID(a, b)) })
	all := make([]Heard, len(plays))
	for i, p := range plays {
		all[i] = p.heard()
	}
	return all
}

// plays returns the plays in order, with what was heard of each.
func (c Config) plays(said []Play, reports []Report) []*play {
	plays := c.inOrderOf(said)
	derive(plays, newReports(reports))
	return plays
}

// source is the programme of the source, in order, and its health.
type source struct {
	plays  []*play
	health reports
}

// derive applies the rule, step by step, to plays in order.
func derive(plays []*play, health reports) {
	var programme, fallbacks []*play
	for _, p := range plays {
		switch {
		case p.isDoubtful():
			p.because(DoubtfulStart, nil)
		case p.isFallback:
			fallbacks = append(fallbacks, p)
		default:
			programme = append(programme, p)
		}
	}
	takeAlong(programme)
	programme, fallbacks = valid(programme), valid(fallbacks)
	makeTitles(programme)
	bursts(slices.Concat(programme, fallbacks), health)
	replace(programme)
	s := &source{plays: programme, health: health}
	fallbacks = s.believed(fallbacks)
	entered := s.enter(fallbacks)
	audible(entered, s.cover(fallbacks, entered).lie())
}

// isDoubtful reports whether the play starts too far ahead of its arrival. It is
// out until a person confirms its start, or moves it.
func (p *play) isDoubtful() bool {
	return p.said == ofKnownArrival && p.Start.Sub(p.ReceivedAt) > maxAhead
}

// valid returns the plays that are not void, and notes why the others were not
// heard.
func valid(plays []*play) (valid []*play) {
	for _, p := range plays {
		if p.Void {
			p.because(Void, nil)
			continue
		}
		valid = append(valid, p)
	}
	return valid
}

// heard is what was heard of a play.
func (p *play) heard() Heard {
	h := Heard{ID: p.ID, Doubted: p.isDoubted}
	t := p.title
	switch {
	case t == nil:
	case !p.isFirst():
		p.because(RepetitionOf, t.play)
	default:
		if p.isLost && p.next.title != t {
			p.because(ReplacedBy, p.next.title.play)
		}
		h.Intervals = t.intervals
		h.Estimated = t.end.IsZero() && len(t.intervals) > 0 && t.intervals[len(t.intervals)-1].Until.Equal(t.until())
	}
	h.Why = slices.SortedFunc(slices.Values(p.why), func(a, b Why) int { return cmp.Compare(a.Reason, b.Reason) })
	return h
}
