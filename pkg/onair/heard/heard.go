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
	plays := make([]*play, len(said))
	for i, p := range said {
		plays[i] = c.newPlay(p)
	}
	slices.SortFunc(plays, inOrder)
	pr := &programme{health: newReports(reports)}
	derive(plays, pr)

	slices.SortFunc(plays, func(a, b *play) int { return cmp.Or(a.Start.Compare(b.Start), byID(a, b)) })
	all := make([]Heard, len(plays))
	for i, p := range plays {
		all[i] = p.heard()
	}
	return all
}

// derive applies the rule, step by step, to plays in order.
func derive(plays []*play, pr *programme) {
	plays = slices.DeleteFunc(slices.Clone(plays), (*play).isOut)
	bursts(slices.DeleteFunc(slices.Clone(plays), func(p *play) bool { return p.Void }), pr.health)

	var programme, fallbacks []*play
	for _, p := range plays {
		switch {
		case !p.isFallback:
			programme = append(programme, p)
		case !p.Void:
			fallbacks = append(fallbacks, p)
		}
	}
	replace(titles(programme))
	pr.plays = slices.DeleteFunc(programme, func(p *play) bool { return p.title == nil })

	fallbacks = pr.believed(fallbacks)
	cover := pr.enter(fallbacks)
	audible(cover.programme, cover.lie())
}

// isOut notes what a person voided and what starts too far ahead of its arrival.
// Void plays stay, because they take their repetitions along.
func (p *play) isOut() bool {
	isDoubtful := p.said == ofKnownArrival && p.Start.Sub(p.ReceivedAt) > maxAhead
	switch {
	case p.Void:
		p.because(Void, nil)
	case isDoubtful:
		p.because(DoubtfulStart, nil)
	}
	return isDoubtful
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
		if t.isLost {
			p.because(ReplacedBy, t.next.play)
		}
		h.Intervals = t.intervals
		h.Estimated = t.end.IsZero() && len(t.intervals) > 0 && t.intervals[len(t.intervals)-1].Until.Equal(t.until())
	}
	h.Why = slices.SortedFunc(slices.Values(p.why), func(a, b Why) int { return cmp.Compare(a.Reason, b.Reason) })
	return h
}
