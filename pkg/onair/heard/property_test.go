package heard_test

import (
	"flag"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/onair/heard"
)

// TestMain sets how many histories each property is tried on. With -short it is
// a fifth of that. The command line may set another number.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	m.Run()
}

// TestDerive_order: the order of what is told does not matter.
func TestDerive_order(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		want := heard.Derive(h.config, h.plays, h.reports)
		plays := rapid.Permutation(h.plays).Draw(t, "plays in another order")
		reports := rapid.Permutation(h.reports).Draw(t, "reports in another order")
		if got := heard.Derive(h.config, plays, reports); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\ngot  %v\nwant %v", h, got, want)
		}
	})
}

// TestDerive_disjoint: at each moment one play is heard at most, none for less
// than it must be, and what was not heard has a reason.
func TestDerive_disjoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		var all []heard.Interval
		for _, p := range heard.Derive(h.config, h.plays, h.reports) {
			if len(p.Intervals) == 0 && len(p.Why) == 0 {
				t.Fatalf("%v\n%v was not heard for no reason", h, p.ID)
			}
			all = append(all, p.Intervals...)
		}
		slices.SortFunc(all, func(a, b heard.Interval) int { return a.From.Compare(b.From) })
		var until time.Time
		for _, i := range all {
			if i.From.Before(until) || !i.From.Before(i.Until) {
				t.Fatalf("%v\n%v", h, all)
			}
			until = i.Until
		}
	})
}

// delayed is the play again, some time later.
func delayed(p heard.Play, i int, by time.Duration) heard.Play {
	p.ID[2] = byte(i + 1)
	p.Start = p.Start.Add(by)
	if !p.ReceivedAt.IsZero() {
		p.ReceivedAt = p.ReceivedAt.Add(by)
	}
	p.Again = slices.Clone(p.Again)
	for i := range p.Again {
		p.Again[i] = p.Again[i].Add(by)
	}
	return p
}
