package decision_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

// lossy is a monitor of two sources with the default values, of which the first
// is active, on links that lose datagrams.
type lossy struct {
	s      decision.State
	now    time.Time
	chance *rand.Rand
}

func newLossy(seed uint64) *lossy {
	s, _ := decision.New(defaults(1, 2), noon).Step(active(1, 7), noon)
	return &lossy{s: s, now: noon, chance: rand.New(rand.NewPCG(seed, 0))}
}

// second lets one second pass, with up to a third of a second of jitter, and
// reports whether the monitor switched. loss is the share of each source's
// heartbeats that is lost.
func (l *lossy) second(loss ...float64) (switched bool) {
	l.now = l.now.Add(interval)
	step := func(e decision.Event, now time.Time) {
		var actions []decision.Action
		l.s, actions = l.s.Step(e, now)
		for _, a := range actions {
			if _, ok := a.(decision.Activate); ok {
				switched = true
			}
		}
	}
	when := l.now.Add(time.Duration(l.chance.Int64N(int64(interval / 3))))
	for next := l.s.Next(); next.Before(when); next = l.s.Next() {
		step(decision.Tick{}, next)
	}
	var arrived decision.Heartbeats
	for i, share := range loss {
		if l.chance.Float64() >= share {
			arrived = append(arrived, decision.Heartbeat{Source: i + 1})
		}
	}
	step(arrived, when)
	return switched
}

// worsen makes the links as bad as loss within four minutes.
func (l *lossy) worsen(loss ...float64) {
	now := make([]float64, len(loss))
	for second := range 240 {
		for i := range loss {
			now[i] = loss[i] * float64(second) / 240
		}
		l.second(now...)
	}
}

// TestLoss_Lasting: if three in ten are lost on both links, there is no switch
// in two simulated days. By the odds of the package's documentation two of a
// thousand seeds show one within a week; this one does not.
func TestLoss_Lasting(t *testing.T) {
	t.Parallel()
	days := 2
	if testing.Short() {
		days = 1
	}
	l := newLossy(2026)
	l.worsen(0.3, 0.3)
	for second := range days * 24 * 60 * 60 {
		if l.second(0.3, 0.3) {
			t.Fatalf("switched after %v", time.Duration(second)*interval)
		}
	}
}

// TestLoss_Beginning measures what is impossible to rule out: how often a clean
// link that suddenly loses three in ten causes a switch.
func TestLoss_Beginning(t *testing.T) {
	t.Parallel()
	beginnings := 2000
	if testing.Short() {
		beginnings = 1000
	}
	switches, first := 0, 0
	for seed := range beginnings {
		l := newLossy(uint64(seed))
		for range 20 {
			l.second(0, 0)
		}
		for range 120 {
			if l.second(0.3, 0) {
				switches++
				if l.s.Sources()[0].Lost == 0 {
					first++
				}
				break
			}
		}
	}
	share, inFirst := float64(switches)/float64(beginnings), float64(first)/float64(beginnings)
	t.Logf("switches in %.2f %% of all beginnings, in the first run of losses in %.2f %%", 100*share, 100*inFirst)
	const documented, documentedFirst = 0.035, 0.027
	tolerance := 3 * math.Sqrt(documented/float64(beginnings))
	if math.Abs(share-documented) > tolerance || math.Abs(inFirst-documentedFirst) > tolerance {
		t.Errorf("the documentation says %.1f %% and %.1f %%", 100*documented, 100*documentedFirst)
	}
}

// TestLoss_CutLink: on links that lose three in ten, a source whose link is cut
// is left within the longest timeout, as soon as the other one is heard.
func TestLoss_CutLink(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		l := newLossy(seed)
		l.worsen(0.3, 0.3)
		if l.s.Active().Source != 1 || l.s.Sources()[1].Condition == decision.Down {
			t.Errorf("seed %d: %+v", seed, l.s.Sources())
			continue
		}
		seconds := 1
		for ; !l.second(1, 0.3) && seconds < 100; seconds++ {
		}
		if seconds > 24 {
			t.Errorf("seed %d: switched %d s after the link was cut", seed, seconds)
		}
	}
}
