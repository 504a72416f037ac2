package heard_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// tell is what was heard, a line for each play, in order.
func tell(h history, verdicts map[model.Fingerprint]verdict) string {
	var lines []string
	for _, p := range h.plays {
		v := verdicts[p.ID]
		line := fmt.Sprintf("%x", p.ID[:2])
		for _, s := range v.intervals {
			line += fmt.Sprintf(" %v–%v", s.from, s.until)
		}
		if v.estimated {
			line += " estimated"
		}
		if v.doubted {
			line += " doubted"
		}
		if v.why != "" {
			line += ", " + v.why
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestTheOracleIsConsistent: one thing is heard at a time, whatever the order
// in which it is told.
func TestTheOracleIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		verdicts := ask(h.plays, h.reports, h.config)
		var all []span
		for _, v := range verdicts {
			all = append(all, v.intervals...)
		}
		slices.SortFunc(all, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until)) })
		for i, s := range all {
			if s.from >= s.until || i > 0 && s.from < all[i-1].until {
				t.Fatalf("%s\noverlap at %v:\n%s", h, s.from, tell(h, verdicts))
			}
		}
		again := h
		again.plays = rapid.Permutation(h.plays).Draw(t, "another order")
		again.reports = rapid.Permutation(h.reports).Draw(t, "another order of reports")
		if got, want := tell(again, ask(again.plays, again.reports, again.config)), tell(h, verdicts); got != want {
			t.Fatalf("%s\nin another order:\n%s\nfirst:\n%s", h, got, want)
		}
	})
}
