package onair

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"aura.radio/engine/pkg/onair/heard"
)

// AsSaid returns what was heard of plays of one source by model.RuleAsSaid, in the
// order of (Start, ID), and why something was not. The plays follow one another;
// next is when the next one starts that is not void, zero if there is none. An
// interval without a known end has no Until.
func AsSaid(plays []heard.Play, next time.Time) []heard.Heard {
	plays = slices.SortedFunc(slices.Values(plays), func(a, b heard.Play) int {
		return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.ID[:], b.ID[:]))
	})
	all := make([]heard.Heard, len(plays))
	var audible heard.Play // the last one of its start
	for i, p := range slices.Backward(plays) {
		all[i].ID = p.ID
		switch {
		case p.Void:
			all[i].Why = []heard.Why{{Reason: heard.Void}}
		case p.Start.Equal(next):
			all[i].Why = []heard.Why{{Reason: heard.ReplacedBy, By: audible.ID}}
		default:
			until := next
			if end := p.Start.Add(p.Duration); p.Duration > 0 && (next.IsZero() || end.Before(next)) {
				until = end
			}
			all[i].Intervals = []heard.Interval{{From: p.Start, Until: until}}
			audible, next = p, p.Start
		}
	}
	return all
}
