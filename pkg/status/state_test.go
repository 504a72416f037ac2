package status

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// report is one that its engine wrote, and that arrived, so many seconds after
// noon.
type report struct {
	at      float64
	details string
	sick    bool
	closed  bool // a fallback play arrived before it
}

func (r report) said() model.Health {
	at := noon.Add(time.Duration(r.at * float64(time.Second)))
	read := readDetails(r.details)
	return model.Health{Source: 1, LogTime: at, ReceivedAt: at, Healthy: !r.sick, Details: r.details, Signs: read.sign(-60).Text()}
}

// tell is what a node makes of a report.
func tell(states []model.Health, r report) []model.Health {
	said, rule := r.said(), HealthRule(noon.Add(48*time.Hour))
	if len(states) == 0 {
		return []model.Health{rule(said, model.Health{})}
	}
	last := states[len(states)-1]
	last.Closed = r.closed
	kept := rule(said, last)
	kept.Closed = false
	if kept.UID() == last.UID() {
		return append(slices.Clone(states[:len(states)-1]), kept)
	}
	return append(slices.Clone(states), kept)
}

// shown are states as from, until and what they say.
func shown(states []model.Health) string {
	var all []string
	for _, h := range states {
		text := fmt.Sprintf("%g-%g", h.LogTime.Sub(noon).Seconds(), h.Said().LogTime.Sub(noon).Seconds())
		sign := h.Signs.Read()
		for _, s := range []struct {
			is   bool
			word string
		}{
			{!h.Healthy, "sick"}, {sign.Fallback != nil && *sign.Fallback, "fallback"}, {sign.Silence != nil && *sign.Silence, "silent"},
			{sign.Frozen, "frozen"}, {!sign.RestartedAt.IsZero(), fmt.Sprintf("started %g", sign.RestartedAt.Sub(noon).Seconds())},
		} {
			if s.is {
				text += " " + s.word
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func live(at, rms, uptime float64) report {
	return report{at: at, details: fmt.Sprintf(`{"fallback":false,"queue":%g,"rms":%g,"uptime":%g}`, at, rms, uptime)}
}

func TestHealthRule(t *testing.T) {
	t.Parallel()
	fallback := func(at float64) report {
		return report{at: at, details: fmt.Sprintf(`{"fallback":true,"rms":null,"uptime":%g}`, at)}
	}
	text := func(at float64, details string) report { return report{at: at, details: details} }
	for name, c := range map[string]struct {
		reports []report
		want    string
	}{
		"NothingNew":  {[]report{live(0, -21.5, 600), live(10, -20.1, 610), live(20, -18, 620)}, "0-20"},
		"Sick":        {[]report{text(0, ":)"), {at: 10, details: ":)", sick: true}, text(20, ":)"), text(30, ":)")}, "0-0, 10-10 sick, 20-30"},
		"Fallback":    {[]report{live(0, -21, 600), fallback(610), fallback(620), live(630, -20, 640), live(640, -21, 650)}, "0-0, 610-620 fallback silent, 630-640"},
		"Silence":     {[]report{live(0, -21, 1), live(10, -60.1, 2), live(20, -90, 3), live(30, -60, 4)}, "0-0, 10-20 silent, 30-30"},
		"Frozen":      {[]report{live(0, -21.5, 0), live(20, -21.5, 20), live(40, -21.5, 40), live(60, -21.5, 60), live(70, -21.5, 70), live(80, -21.4, 80)}, "0-40, 60-70 frozen, 80-80"},
		"FrozenOnce":  {[]report{live(0, -21.5, 0), live(50, -21.4, 50), live(70, -21.5, 70), live(120, -21.5, 120)}, "0-120"},
		"Restart":     {[]report{live(0, -21, 600), live(10, -20, 610), live(20, -19, 4), live(30, -18, 14)}, "0-10, 20-30 started 16"},
		"RestartLong": {[]report{live(0, -21, 600), live(10, -20, 599)}, "0-0, 10-10 started 0"},
		"RestartKept": {[]report{live(0, -21, 600), live(10, -20, 5), {at: 20, sick: true}}, "0-0, 10-10 started 5, 20-20 sick started 5"},
		"Gap":         {[]report{live(0, -21, 0), live(120, -20, 120), live(240.1, -19, 240)}, "0-120, 240.1-240.1"},
		"Closed":      {[]report{live(0, -21, 0), live(10, -20, 10), {at: 20, details: live(20, -19, 20).details, closed: true}, live(30, -18, 30)}, "0-10, 20-30"},
		"Words":       {[]report{text(0, `{"lqs":{"version":"a"}}`), text(10, `{"lqs":{"version":"b"}}`), text(20, `{"lqs":{"version":"b"}}`)}, "0-0, 10-20"},
		"Type":        {[]report{text(0, `{"disk":1}`), text(10, `{"disk":null}`), text(20, `{"disk":"1"}`)}, "0-0, 10-10, 20-20"},
		"Member":      {[]report{text(0, `{"a":1}`), text(10, `{"a":1,"b":true}`), text(20, `{"a":1}`)}, "0-0, 10-10, 20-20"},
		"Order":       {[]report{text(0, `{"a":1,"b":2}`), text(10, `{"b":2, "a":1}`)}, "0-10"},
		// A number that moves says so once.
		"Moving":        {[]report{text(0, `{"disk":1,"exit":0}`), text(10, `{"disk":2,"exit":0}`), text(20, `{"disk":3,"exit":0}`), text(30, `{"disk":4,"exit":137}`), text(40, `{"disk":5,"exit":137}`)}, "0-0, 10-20, 30-40"},
		"MovingText":    {[]report{text(0, "up 1:02:03, v2.1"), text(10, "up 1:02:13, v2.1"), text(20, "up 1:02:23, v2.1"), text(30, "up 1:02:23, v2.2")}, "0-0, 10-20, 30-30"},
		"MovingRestart": {[]report{text(0, `{"disk":1,"uptime":90}`), text(10, `{"disk":2,"uptime":100}`), text(20, `{"disk":3,"uptime":1}`), text(30, `{"disk":4,"uptime":11}`)}, "0-0, 10-10, 20-30 started 19"},
		"Again":         {[]report{live(0, -21, 0), live(10, -20, 10), live(10, -20, 10), live(0, -21, 0), {at: 10, details: live(10, -20, 10).details, closed: true}}, "0-10"},
		"History":       {[]report{live(0, -21, 0), live(-10, -20, 10)}, "0-0, -10--10"},
		"Within":        {[]report{live(0, -21, 0), live(20, -20, 20), live(10, -19, 10)}, "0-20"},
		"WithinSick":    {[]report{live(0, -21, 0), live(20, -20, 20), {at: 10, sick: true}}, "0-20, 10-10 sick"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var states []model.Health
			for _, r := range c.reports {
				states = tell(states, r)
			}
			if got := shown(states); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestHealthRule_day: a day of reports is a few states, whatever moves in them.
func TestHealthRule_day(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var states []model.Health
	for i := range 8640 {
		states = tell(states, report{at: float64(10 * i), details: fmt.Sprintf(
			`{"uptime":%d,"rms":%.9f,"queue":%d,"fallback":false,"lqs":{"version":"2.1","load":%.2f,"time":"2026-11-30T%02d:%02d"}}`,
			10*i, -10-10*random.Float64(), random.IntN(5), random.Float64(), i/360%24, i/6%60)})
	}
	if len(states) > 10 {
		t.Errorf("%d states", len(states))
	}
	if last := states[len(states)-1].Said(); !last.LogTime.Equal(noon.Add(86390 * time.Second)) {
		t.Errorf("last said at %s", last.LogTime)
	}
}

// anyReports are some of few, so that they say the same now and then.
func anyReports(t *rapid.T) []report {
	var all []report
	at := 0.0
	for range rapid.IntRange(1, 30).Draw(t, "reports") {
		at += rapid.SampledFrom([]float64{1, 10, 30, 121}).Draw(t, "pause")
		details := rapid.SampledFrom([]string{
			":)", `{"rms":-20.5,"uptime":5}`, `{"rms":-20.5,"uptime":9}`, `{"rms":null,"fallback":true}`, `{"disk":1}`, `{"disk":2}`,
		}).Draw(t, "details")
		all = append(all, report{at: at, details: details, sick: rapid.Bool().Draw(t, "sick"), closed: rapid.IntRange(0, 9).Draw(t, "closed") == 0})
	}
	return all
}

// TestMergeHealth_order: another node that gets the states at any moments, in any
// order and again, ends up with those of the first node.
func TestMergeHealth_order(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var here, copies []model.Health
		for _, r := range anyReports(t) {
			here = tell(here, r)
			copies = append(copies, here[len(here)-1])
			if before := here; !slices.Equal(before, tell(here, r)) {
				t.Fatalf("told again, %s becomes %s", shown(before), shown(tell(here, r)))
			}
		}
		there := map[model.Fingerprint]model.Health{}
		again := rapid.SliceOfN(rapid.SampledFrom(copies), 0, 5).Draw(t, "again")
		for _, h := range rapid.Permutation(append(slices.Clone(copies), again...)).Draw(t, "order") {
			if known, ok := there[h.UID()]; ok {
				h = MergeHealth(known, h)
			}
			there[h.UID()] = h
		}
		if len(there) != len(here) {
			t.Fatalf("%d states there, %s here", len(there), shown(here))
		}
		for _, h := range here {
			if there[h.UID()] != h {
				t.Fatalf("there it is %+v, here %+v", there[h.UID()], h)
			}
		}
	})
}

// anyCopy is one of few copies of one state.
func anyCopy(t *rapid.T) model.Health {
	h := live(0, -21, 0).said()
	h.ReceivedAt = rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Second)}).Draw(t, "received")
	if seconds := rapid.IntRange(0, 2).Draw(t, "last"); seconds > 0 {
		at := noon.Add(time.Duration(seconds) * time.Second)
		h.Last = model.Report{LogTime: at, ReceivedAt: at, Details: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "details")}
	}
	h.Signs = model.Sign{Frozen: rapid.Bool().Draw(t, "frozen")}.Text()
	h.Doubts = model.NewDoubts(model.NewDoubt(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "doubt"), "", ""))
	return h
}

func TestMergeHealth_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyCopy(t), anyCopy(t), anyCopy(t)
		if MergeHealth(a, b) != MergeHealth(b, a) {
			t.Fatal("depends on the order")
		}
		if MergeHealth(MergeHealth(a, b), c) != MergeHealth(a, MergeHealth(b, c)) {
			t.Fatal("depends on which two come first")
		}
		if ab := MergeHealth(a, b); MergeHealth(a, a) != a || MergeHealth(ab, b) != ab {
			t.Fatal("a repetition changes it")
		}
	})
}

func TestIsTold(t *testing.T) {
	t.Parallel()
	begun := tell(nil, live(0, -21, 0))[0]
	for seconds, want := range map[float64]bool{0: false, 10: false, 19.9: false, 20: true, 35: true} {
		if got := IsTold(begun, tell([]model.Health{begun}, live(seconds, -20, seconds+1))[0]); got != want {
			t.Errorf("after %g s: %t", seconds, got)
		}
	}
	doubtful := begun
	doubtful.Doubts = model.NewDoubts(model.NewDoubt("log_time", "soon", "is no time"))
	if !IsTold(begun, doubtful) {
		t.Error("a doubt is not told")
	}
}

func TestHealths_NoPlaySince(t *testing.T) {
	t.Parallel()
	now := noon.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		sick   bool
		played time.Time // zero: never; it lasts a minute
		want   time.Time
	}{
		"Plays":      {played: now.Add(-31*time.Minute + time.Microsecond)},
		"Long":       {played: now.Add(-31 * time.Minute), want: now.Add(-30 * time.Minute)},
		"Never":      {want: noon},
		"Sick":       {sick: true, played: noon},
		"StillPlays": {played: now},
	} {
		m := &memory{played: c.played}
		s := NewHealths(m, Config{SilenceBelow: -60, NoPlayAfter: 30 * time.Minute}, zerolog.Nop())
		if got, err := s.NoPlaySince(t.Context(), report{sick: c.sick}.said(), now); err != nil || !got.Equal(c.want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
		m.err = model.ErrUnavailable
		if _, err := s.NoPlaySince(t.Context(), report{}.said(), now); !errors.Is(err, m.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
