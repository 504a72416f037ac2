package decision_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

// host is an engine with its engine-api, as they really are, and what the monitor
// can know of them.
type host struct {
	number int
	beats  bool          // it sends heartbeats
	every  time.Duration // how often it reports its health

	alive, serves, linked bool // the engine lives, the engine-api answers, the network to the host works
	fallback              bool
	since                 time.Time // since when the above is so

	reports, plays decision.Words // what the engine-api heard and did not tell yet
	reported       time.Time
	played         time.Time
	next, asks     time.Time // when it reports or sends a heartbeat, and is asked
	told           time.Time // when the fallback was told last
	fallbackTold   time.Time // since when fallback was told without a break
	known          time.Time // the last sign of life that the monitor can know of
	clean          time.Time // since when it has had no trouble of its own
}

// well reports whether nothing is wrong with the host.
func (h *host) well() bool { return h.alive && h.serves && h.linked }

// silentFor is the silence of a host in which so many signs are missing.
func (w *quietWorld) silentFor(h *host, missing int) time.Duration {
	if h.beats {
		return time.Duration(missing)*interval + interval/2
	}
	return time.Duration(missing)*h.every + h.every/2 + w.cfg.Lag
}

// quietWorld is a station of engines with and without heartbeats, in simulated
// time. No datagram is lost, except when a network is cut.
type quietWorld struct {
	t      *rapid.T
	cfg    decision.Config
	chance *rand.Rand
	hosts  []*host
	s      decision.State
	now    time.Time
	linked bool        // the monitor's own network works
	cut    time.Time   // since when it does not, or has been working again
	cuts   []time.Time // when it was cut
	past   []string

	switched time.Time
	pinned   bool
	standby  bool
	byHand   time.Time // when somebody last changed what the monitor may do
}

func newQuietWorld(t *rapid.T) *quietWorld {
	count := rapid.IntRange(2, 3).Draw(t, "sources")
	w := &quietWorld{
		t: t, now: noon, linked: true, cut: noon, cfg: defaults(),
		chance: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "chance"), 0)),
	}
	w.cfg.Lag, w.cfg.DefaultSource = lag, 1
	for n := 1; n <= count; n++ {
		h := &host{
			number: n, beats: rapid.IntRange(0, 3).Draw(t, "beats") == 0, alive: true, serves: true, linked: true, since: noon, clean: noon,
			every: time.Duration(rapid.SampledFrom([]int{10, 10, 20, 45, 60}).Draw(t, "every")) * time.Second,
		}
		h.next, h.asks = noon.Add(w.part(h.pace())), noon.Add(w.part(5*time.Second))
		if !h.beats {
			w.cfg.Quiet = append(w.cfg.Quiet, n)
		}
		w.cfg.Watched = append(w.cfg.Watched, n)
		w.hosts = append(w.hosts, h)
	}
	w.s = decision.New(w.cfg, noon)
	w.step(decision.Authority{Active: 1, Epoch: 1})
	return w
}

func (h *host) pace() time.Duration {
	if h.beats {
		return interval
	}
	return h.every
}

// part is a random part of a time.
func (w *quietWorld) part(d time.Duration) time.Duration {
	return time.Duration(w.chance.Int64N(int64(d)))
}

// run lets time pass until then.
func (w *quietWorld) run(until time.Time) {
	for w.now.Before(until) {
		at, do := until, func() {}
		if next := w.s.Next(); !next.IsZero() && next.Before(at) {
			at, do = next, func() { w.step(decision.Tick{}) }
		}
		for _, h := range w.hosts {
			if h.next.Before(at) {
				at, do = h.next, func() { w.speak(h) }
			}
			if h.asks.Before(at) {
				at, do = h.asks, func() { w.ask(h) }
			}
		}
		w.now = at
		do()
	}
}

// speak lets an engine send its heartbeat or its report, and perhaps a play.
func (w *quietWorld) speak(h *host) {
	h.next = h.next.Add(h.pace())
	switch {
	case !h.alive:
	case h.beats && h.linked && w.linked:
		w.sign(h, w.now)
		w.step(decision.Heartbeats{{Source: h.number, Count: 1}})
	case !h.beats && h.serves:
		h.reports.Count, h.reported = h.reports.Count+1, w.now
		if w.chance.IntN(8) == 0 {
			h.plays.Count, h.played = h.plays.Count+1, w.now
		}
	}
}

// ask asks an engine-api.
func (w *quietWorld) ask(h *host) {
	h.asks = w.now.Add(5*time.Second - w.part(500*time.Millisecond))
	life := decision.Life{Source: h.number, Took: w.part(10 * time.Millisecond)}
	if !h.serves || !h.linked || !w.linked {
		if w.chance.IntN(2) == 0 { // it hangs
			h.asks, life.Took = h.asks.Add(2*time.Second), 2*time.Second
		}
		life.Unanswered = true
		w.step(life)
		return
	}
	life.Reports, life.Plays = h.reports, h.plays
	life.Reports.Ago, life.Plays.Ago = w.now.Sub(h.reported), w.now.Sub(h.played)
	h.reports, h.plays = decision.Words{}, decision.Words{}
	if !h.beats && life.Reports.Count > 0 {
		w.sign(h, h.reported)
	}
	w.step(life)
	if h.beats && h.alive { // it reports its health as well
		h.reported = w.now
	}
	if h.reported.After(h.told) {
		h.told = h.reported
		switch {
		case !h.fallback:
			h.fallbackTold = time.Time{}
		case h.fallbackTold.IsZero():
			h.fallbackTold = w.now
		}
		w.step(decision.Health{Source: h.number, Healthy: true, Fallback: h.fallback, At: h.told})
	}
}

// sign notes a sign of life that the monitor learns of now.
func (w *quietWorld) sign(h *host, at time.Time) {
	h.known = later(h.known, at)
}

// happen lets one random thing happen.
func (w *quietWorld) happen() {
	h := w.hosts[rapid.IntRange(1, len(w.hosts)).Draw(w.t, "host")-1]
	before := *h
	switch rapid.SampledFrom([]string{"dies", "dies", "lives", "lives", "engine-api", "update", "link", "network", "network", "fallback", "fallback", "operator", "standby"}).Draw(w.t, "happens") {
	case "dies":
		h.alive = false
	case "lives":
		h.alive, h.serves, h.linked, h.fallback = true, true, true, false
	case "engine-api":
		h.serves = !h.serves
	case "update": // of the engine-api: it starts again and has heard nothing
		h.serves = false
		w.note(h, before)
		w.run(w.now.Add(w.part(8 * time.Second)))
		before = *h
		h.serves, h.reports, h.plays = true, decision.Words{}, decision.Words{}
	case "link":
		h.linked = !h.linked
	case "network":
		w.linked, w.cut = !w.linked, w.now
		if !w.linked {
			w.cuts = append(w.cuts, w.now)
		}
	case "fallback":
		h.fallback = !h.fallback
	case "operator":
		active := w.s.Active()
		w.pinned = rapid.Bool().Draw(w.t, "pin")
		w.byHand = w.now
		if h.number != active.Source {
			w.switched = w.now
		}
		w.step(decision.Authority{Active: h.number, Epoch: active.Expected + 1, Pinned: w.pinned, Manual: true})
	case "standby":
		w.standby = !w.standby
		w.step(decision.Standby{On: w.standby, Why: "its lease ran out"})
		w.byHand = w.now
	}
	w.note(h, before)
}

// note remembers since when a host is as it is.
func (w *quietWorld) note(h *host, before host) {
	if h.alive != before.alive || h.serves != before.serves || h.linked != before.linked {
		h.since, h.clean = w.now, w.now
	}
}

func (w *quietWorld) step(e decision.Event) {
	before := w.s
	var actions []decision.Action
	w.s, actions = w.s.Step(e, w.now)
	again, same := before.Step(e, w.now)
	if !slices.Equal(actions, same) || again.Next() != w.s.Next() {
		w.t.Fatal("the second time it ends in another state")
	}
	for _, a := range actions {
		w.past = append(w.past, text(a))
		if a, ok := a.(decision.Activate); ok {
			w.checkSwitch(before, a)
		}
	}
	if next := w.s.Next(); !next.IsZero() && !next.After(w.now) {
		w.t.Fatalf("next is %v, now is %v", next, w.now)
	}
	w.checkPromise()
}

// checkSwitch checks what must hold of every activation.
func (w *quietWorld) checkSwitch(before decision.State, a decision.Activate) {
	fail := func(why string) { w.t.Fatalf("%s: %s", text(a), why) }
	if w.pinned || w.standby {
		fail("it may not switch")
	}
	to, from := w.hosts[a.Source-1], w.hosts[a.From-1]
	now := w.s.Sources()
	if now[a.Source-1].Condition == decision.Down {
		fail("it is down")
	}
	// Just after the monitor's own network was cut, a source that is up may not have
	// been reached again, and one that is sick may have been.
	reached := w.now.Sub(w.cut) > 2*w.cfg.Lag
	if reached && now[a.Source-1].Condition != decision.Up && slices.ContainsFunc(now, func(s decision.Source) bool {
		return s.Condition == decision.Up && s.Number != a.From && (w.hosts[s.Number-1].beats || w.hosts[s.Number-1].well() && w.now.Sub(w.hosts[s.Number-1].clean) > time.Minute)
	}) {
		fail("another is up")
	}
	if w.now.Sub(to.known) > now[a.Source-1].DownAfter {
		fail("it is not heard")
	}
	silence := w.now.Sub(later(from.known, noon))
	if strings.Contains(a.Reason, "is sick") {
		if from.fallbackTold.IsZero() || w.now.Sub(from.fallbackTold) < w.cfg.SickAfter {
			fail("it was not sick for long enough")
		}
		if !w.switched.IsZero() && w.now.Sub(w.switched) < w.cfg.RecoveryHold {
			fail("within a hold")
		}
	} else {
		missing := 3
		switch {
		case before.Sources()[a.From-1].Condition == decision.Down: // and was not up again yet
			missing = 2
		case from.beats:
			missing = 4
		}
		if silence < w.silentFor(from, missing) {
			fail(fmt.Sprintf("after %v of silence", silence))
		}
		// All that was wrong is the monitor's own network, or an update. If the
		// network was cut again meanwhile, nobody can tell.
		again := slices.DeleteFunc(slices.Clone(w.cuts), func(at time.Time) bool { return !at.After(from.known) })
		if from.well() && from.clean.Before(from.known) && len(again) < 2 {
			fail("nothing was wrong with it")
		}
	}
	w.switched = w.now
}

// checkPromise: a source that is silent for longer than its promise is not active,
// if another one has been well for long. Otherwise there is an alarm.
func (w *quietWorld) checkPromise() {
	active := w.hosts[w.s.Active().Source-1]
	silence := w.now.Sub(later(active.known, noon))
	if silence <= 2*w.cfg.Lag || !w.now.After(noon.Add(5*time.Minute)) {
		return
	}
	state := w.s.Sources()[active.number-1]
	if silence <= state.DownAfter+2*w.cfg.Lag {
		return
	}
	for _, h := range w.hosts {
		if h != active && !w.pinned && !w.standby && w.now.Sub(w.byHand) > time.Minute && h.well() && !h.fallback && w.linked && w.now.Sub(later(h.clean, w.cut)) > w.cfg.RecoveryHoldMax+10*time.Minute {
			w.t.Fatalf("%v: source %d is active and silent for %v, though %d is well", w.now.Sub(noon), active.number, silence, h.number)
		}
	}
	justUp := slices.ContainsFunc(w.s.Sources(), func(s decision.Source) bool {
		return s.Condition == decision.Up && w.now.Sub(s.Since) <= w.cfg.Lag
	})
	if w.s.Alarm() == "" && state.Recovering.IsZero() && !justUp {
		w.t.Fatalf("%v: source %d is active and silent for %v, and there is no alarm", w.now.Sub(noon), active.number, silence)
	}
}

// TestStep_InvariantsWithoutHeartbeats: the promises of the package for stations
// of which some engines send no heartbeat, over random histories.
func TestStep_InvariantsWithoutHeartbeats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newQuietWorld(t)
		defer func() { // even if rapid ends the history by a panic
			if t.Failed() {
				t.Log(strings.Join(w.past, "\n"))
			}
		}()
		w.run(w.now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "start")) * time.Second))
		for range rapid.IntRange(0, 6).Draw(t, "things") {
			w.happen()
			w.run(w.now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "pause")) * time.Second))
		}
		w.run(w.now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "end")) * time.Second))
	})
}
