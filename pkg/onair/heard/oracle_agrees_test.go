package heard_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/heard"
)

func derived(h history) map[model.Fingerprint]verdict {
	all := make(map[model.Fingerprint]verdict)
	for _, d := range heard.Derive(h.config, slices.Clone(h.plays), slices.Clone(h.reports)) {
		v := verdict{estimated: d.Estimated, doubted: d.Doubted}
		for _, i := range d.Intervals {
			v.intervals = append(v.intervals, span{i.From.Sub(epoch), i.Until.Sub(epoch)})
		}
		for _, w := range d.Why {
			switch {
			case w.Reason == heard.RepetitionOf:
				v.why = fmt.Sprintf("repetition of %x", w.By[:2])
			case w.Reason == heard.Void, w.Reason == heard.DoubtfulStart && !v.doubted:
				v.why = string(w.Reason)
			}
		}
		all[d.ID] = v
	}
	return all
}

// TestTheOracleAgrees: what is derived is what the rule's text says.
func TestTheOracleAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		if got, want := tell(h, derived(h)), tell(h, ask(h.plays, h.reports, h.config)); got != want {
			t.Fatalf("%s\nderived:\n%s\nthe oracle:\n%s", h, got, want)
		}
	})
}

// TestTheSentencesAreDerived: the values reckoned by hand.
func TestTheSentencesAreDerived(t *testing.T) {
	for _, s := range sentences() {
		t.Run(s.name, func(t *testing.T) {
			h := s.history()
			if got := tell(h, derived(h)); got != s.want {
				t.Errorf("derived\n%s\nwanted\n%s", got, s.want)
			}
		})
	}
}
