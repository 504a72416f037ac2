package decision_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/services/status-monitor/internal/decision"
)

// TestMain sets on how many sequences the invariants are tried. With -short it
// is a fifth of that. The command line may say otherwise, such as
// -rapid.checks=1000000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

const (
	interval = time.Second
	twoGone  = 2*interval + interval/2 // two in a row are missing
)

// engine is a source as it really is, and what arrived from it. It keeps what
// the invariants need to know, apart from what the monitor thinks.
type engine struct {
	number int
	// alive and loss are what the engine does from now on; changed is since when.
	alive   bool
	loss    float64
	changed time.Time
	next    time.Time // when it sends

	last        time.Time // arrival; zero: none yet
	clean       time.Time // since when no two in a row are missing, if all went well while nobody listened
	surely      time.Time // the same, if nothing went well
	lost        bool      // more than one interval passed between two arrivals, ever
	fellSilent  bool      // for long enough to be down for certain; until it was clean for the hold
	mayBeDown   bool      // it may have been down at some time
	sick        bool      // it said so at some time
	waiting     int       // arrivals while nobody listened
	maintenance bool
}

// world is a random station with a monitor, in simulated time.
type world struct {
	t       *rapid.T
	cfg     decision.Config
	chance  *rand.Rand
	engines []*engine
	s       decision.State
	now     time.Time
	past    []moment

	epoch      int64 // of the sync node
	known      bool  // an answer has arrived
	pinned     bool  // as the last answer that counts said
	manual     bool  // the same, until the monitor switched
	standby    decision.Standby
	alarm      bool
	grace      time.Time // the end of the grace
	slept      time.Time // until then nobody listened; zero: never
	switched   map[int]time.Time
	anySwitch  time.Time
	deliveries []delivery

	truth decision.Authority // what the sync node would answer
	ahead int                // activations that no answer that counts knows of
	// chain are the activations that were decided upon one epoch. delivered is how
	// many of them are delivered. lost: somebody else was faster.
	chain struct {
		base      int64
		sources   []int
		delivered int
		lost      bool
	}
}

// moment is a step that was made, for replaying.
type moment struct {
	before  decision.State
	e       decision.Event
	now     time.Time
	actions []decision.Action
}

// delivery is an answer of the sync node that is still on its way, or the news
// that it refused an activation.
type delivery struct {
	at        time.Time
	answer    decision.Authority
	overtaken bool
}

func newWorld(t *rapid.T) *world {
	seconds := func(from, to int, what string) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, what)) * time.Second
	}
	sources := rapid.IntRange(1, 4).Draw(t, "sources")
	cfg := decision.Config{
		HeartbeatInterval: interval,
		HeartbeatTimeout:  seconds(3, 5, "timeout"),
		RecoveryHold:      seconds(3, 8, "hold"),
		PreferDefault:     rapid.Bool().Draw(t, "prefer default"),
		DefaultSource:     rapid.IntRange(1, sources+1).Draw(t, "default"),
	}
	cfg.HeartbeatTimeoutMax = cfg.HeartbeatTimeout + seconds(0, 4, "timeout max")
	cfg.RecoveryHoldMax = cfg.RecoveryHold + seconds(0, 10, "hold max")
	cfg.StartGrace = cfg.HeartbeatTimeout + seconds(0, 3, "grace")
	w := &world{
		t: t, cfg: cfg, now: noon, grace: noon.Add(cfg.StartGrace), switched: map[int]time.Time{},
		chance: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "chance"), 0)),
	}
	for n := 1; n <= sources; n++ { // source sources+1 is a studio line
		w.cfg.Watched = append(w.cfg.Watched, n)
		w.engines = append(w.engines, &engine{
			number: n, alive: rapid.SampledFrom([]bool{true, true, true, false}).Draw(t, "alive"),
			next: noon.Add(time.Duration(w.chance.Int64N(int64(interval)))), changed: noon,
		})
	}
	w.s = decision.New(w.cfg, noon)
	return w
}

// run lets time pass until then, tick by tick, as it passes for a monitor.
func (w *world) run(until time.Time) {
	for {
		at, do := until, func() {}
		if next := w.s.Next(); !next.IsZero() && next.Before(at) {
			at, do = next, func() { w.step(decision.Tick{}) }
		}
		for i, d := range w.deliveries {
			if !d.at.After(at) {
				at, do = later(d.at, w.now), func() { // it may have waited while nobody listened
					w.deliveries = slices.Delete(w.deliveries, i, i+1)
					if d.overtaken {
						w.ahead = 0
						w.step(decision.Overtaken{})
					} else {
						w.answer(d.answer)
					}
				}
			}
		}
		for _, e := range w.engines {
			if !e.next.After(at) {
				at, do = e.next, func() {
					if e.sends(w.chance) {
						w.step(decision.Heartbeats{w.arrive(e, 1)})
					}
				}
			}
		}
		w.now = at
		do()
		if at.Equal(until) {
			return
		}
	}
}

// sends reports whether the heartbeat that is due now arrives.
func (e *engine) sends(chance *rand.Rand) bool {
	e.next = e.next.Add(interval)
	return e.alive && chance.Float64() >= e.loss
}

// sleep lets time pass in which the monitor does nothing at all.
func (w *world) sleep(d time.Duration) {
	until := w.now.Add(d)
	for _, e := range w.engines {
		for e.next.Before(until) {
			if e.sends(w.chance) {
				e.waiting++
			}
		}
	}
	w.grace = w.grace.Add(d + interval/2)
	w.now, w.slept = until, until
	// Heartbeats go first, but may still be in the socket after a longer sleep.
	tickFirst := until.Sub(w.s.Next()) > interval && rapid.Bool().Draw(w.t, "tick first")
	if tickFirst {
		w.step(decision.Tick{})
	}
	var all decision.Heartbeats
	for _, e := range w.engines {
		e.surely = until
		if e.waiting > 0 {
			all = append(all, w.arrive(e, e.waiting))
		}
		e.waiting = 0
	}
	w.step(all)
	if !tickFirst {
		w.step(decision.Tick{})
	}
}

// arrive takes an engine's heartbeats off the network.
func (w *world) arrive(e *engine, count int) decision.Heartbeat {
	gap := w.now.Sub(later(e.last, noon))
	listened := w.now.Sub(later(later(e.last, noon), w.slept))
	if e.clean.IsZero() || listened >= twoGone {
		e.clean = w.now
	}
	if e.surely.IsZero() || gap >= twoGone {
		e.surely = w.now
	}
	if w.silence(e) >= twoGone {
		e.mayBeDown = e.mayBeDown || e.sick || gap >= w.cfg.HeartbeatTimeout+interval/2
	}
	if e.last.IsZero() {
		e.fellSilent, e.mayBeDown = w.now.After(w.grace), !w.now.Before(noon.Add(w.cfg.StartGrace))
	} else {
		e.lost = e.lost || gap > interval
		e.fellSilent = e.fellSilent || listened > w.cfg.HeartbeatTimeoutMax+interval
	}
	e.last = w.now
	if e.fellSilent && w.now.Sub(e.clean) >= w.cfg.RecoveryHold {
		e.fellSilent = false
	}
	return decision.Heartbeat{Source: e.number, Count: count}
}

// silence of an engine, as a permanent listener would measure it.
func (w *world) silence(e *engine) time.Duration { return w.now.Sub(later(e.last, noon)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// answer takes in an answer of the sync node.
func (w *world) answer(a decision.Authority) {
	before := w.s.Active()
	if !before.Known || a.Epoch >= before.Epoch+int64(w.ahead) {
		w.pinned, w.manual, w.ahead = a.Pinned, a.Manual, 0
	}
	w.known = true
	if a.Active != before.Source { // somebody else switched, or an answer lies
		clear(w.switched)
		w.anySwitch = time.Time{}
	}
	w.step(a)
}

// happen lets one random thing happen.
func (w *world) happen() {
	e := w.engines[rapid.IntRange(1, len(w.engines)).Draw(w.t, "engine")-1]
	kinds := []string{
		"dies", "dies", "lives", "lives", "lives", "loses", "beats", "sick", "well", "probe",
		"operator", "operator", "answer", "stale answer", "maintenance", "standby", "early tick", "sleep",
	}
	switch rapid.SampledFrom(kinds).Draw(w.t, "happens") {
	case "dies":
		e.alive, e.changed = false, w.now
	case "lives":
		e.alive, e.loss, e.changed = true, 0, w.now
	case "loses":
		e.alive, e.loss, e.changed = true, rapid.SampledFrom([]float64{0.1, 0.3, 0.6}).Draw(w.t, "loss"), w.now
	case "beats": // out of turn
		w.step(decision.Heartbeats{w.arrive(e, rapid.IntRange(0, 2).Draw(w.t, "count"))})
	case "sick":
		e.sick = true
		w.step(decision.Health{Source: e.number, At: w.now})
	case "well":
		w.step(decision.Health{Source: e.number, Healthy: true, At: w.now})
	case "probe":
		w.step(decision.Probe{Source: e.number, Failure: rapid.SampledFrom([]string{"", "refused"}).Draw(w.t, "failure")})
	case "operator": // switches, pins or releases
		w.epoch++
		w.truth = decision.Authority{
			Active: rapid.IntRange(1, len(w.engines)+1).Draw(w.t, "to"), Epoch: w.epoch,
			Pinned: rapid.SampledFrom([]bool{true, false, false}).Draw(w.t, "pin"), Manual: rapid.Bool().Draw(w.t, "manual"),
		}
		w.answer(w.truth)
	case "answer": // one that is known already, or one from before an activation
		if a := w.s.Active(); a.Known {
			w.answer(decision.Authority{Active: rapid.IntRange(1, len(w.engines)+1).Draw(w.t, "to"), Epoch: a.Epoch, Pinned: a.Pinned})
		}
	case "stale answer":
		if a := w.s.Active(); a.Known {
			w.step(decision.Authority{Active: 1, Epoch: a.Epoch - 1, Pinned: true})
		}
	case "maintenance":
		e.maintenance = !e.maintenance
		w.step(decision.Maintenance{Source: e.number, On: e.maintenance})
	case "standby":
		w.standby = rapid.SampledFrom([]decision.Standby{{}, {}, {On: true}, nobody("its lease ran out")}).Draw(w.t, "standby")
		w.step(w.standby)
	case "early tick": // does nothing
		next, made := w.s.Next(), len(w.past)
		w.step(decision.Tick{})
		if w.now.Equal(next) { // a tick was due
			return
		}
		if len(w.past[made].actions) > 0 || !w.s.Next().Equal(next) {
			w.t.Fatalf("a tick that was not due did %v, next %v instead of %v", w.past[made].actions, w.s.Next(), next)
		}
	case "sleep":
		w.sleep(time.Duration(rapid.IntRange(2, 30).Draw(w.t, "asleep")) * time.Second)
	}
}

// step makes one step and checks what must hold of the step.
func (w *world) step(e decision.Event) {
	m := moment{before: w.s, e: e, now: w.now}
	w.s, m.actions = w.s.Step(e, w.now)
	w.past = append(w.past, m)
	for _, a := range m.actions {
		switch a := a.(type) {
		case decision.Activate:
			w.checkSwitch(a)
		case decision.Alarm:
			if a.Raised == w.alarm || a.Raised && (w.otherActs() || w.now.Before(noon.Add(w.cfg.StartGrace))) {
				w.t.Fatalf("out of turn: %s", text(a))
			}
			if a.Reason == "another monitor acts now" && !w.otherActs() {
				w.t.Fatalf("none does: %s", text(a))
			}
			w.alarm = a.Raised
		}
	}
	if next := w.s.Next(); !next.IsZero() && !next.After(w.now) {
		w.t.Fatalf("next is %v, now is %v", next, w.now)
	}
	if w.alarm != (w.s.Alarm() != "") {
		w.t.Fatal("the alarm differs from what was told")
	}
	w.checkPromise()
}

// checkSwitch checks what must hold of every activation.
func (w *world) checkSwitch(a decision.Activate) {
	fail := func(why string) { w.t.Fatalf("%s: %s", text(a), why) }
	switch {
	case w.pinned:
		fail("breaks a pin")
	case !w.known:
		fail("nobody said what is active")
	case w.standby.On:
		fail("it may not act")
	case w.now.Before(noon.Add(w.cfg.StartGrace)):
		fail("the start is not over")
	case !slices.Contains(w.cfg.Watched, a.Source) || a.Source == a.From:
		fail("no source to switch to")
	}
	to := w.engines[a.Source-1]
	switch {
	case to.maintenance:
		fail("it is in maintenance")
	case to.last.IsZero() || w.now.Sub(later(to.last, w.slept)) >= twoGone:
		fail("it is not heard")
	case to.fellSilent:
		fail("it fell silent and was not clean for the hold since")
	}

	// The source that is left.
	if a.From <= len(w.engines) && a.Reason != "the default source is up again" {
		from := w.engines[a.From-1]
		switch {
		case w.silence(from) < twoGone:
			fail("for a single lost datagram")
		case !from.last.IsZero() && !from.mayBeDown && !from.sick && w.silence(from) < w.cfg.HeartbeatTimeout+interval/2:
			fail("before the timeout")
		case from.alive && from.loss == 0 && w.now.Sub(from.changed) > w.cfg.HeartbeatTimeoutMax:
			fail("though it sent all its heartbeats")
		}
	} else if !w.cfg.PreferDefault || a.Source != w.cfg.DefaultSource || w.manual {
		fail("for no reason")
	}

	// The hold.
	if last, ok := w.switched[a.Source]; ok && w.now.Sub(last) < w.cfg.RecoveryHold {
		fail("twice to one source within a hold")
	}
	if len(w.engines) == 2 && !w.cfg.PreferDefault && !w.anySwitch.IsZero() && w.now.Sub(w.anySwitch) < w.cfg.RecoveryHold {
		fail("two switches within a hold")
	}
	w.switched[a.Source], w.anySwitch, w.manual = w.now, w.now, false

	if w.chain.base != a.Epoch {
		w.chain.base, w.chain.sources, w.chain.delivered, w.chain.lost = a.Epoch, nil, 0, false
	}
	w.chain.sources = append(w.chain.sources, a.Source)
	w.ahead++
	if rapid.Bool().Draw(w.t, "delivered") {
		w.deliver()
	}
}

// deliver lets the sync node learn of all that was activated, in order, if
// nobody was faster. Its answer to each comes some time later, in any order.
func (w *world) deliver() {
	soon := func() time.Time { return w.now.Add(time.Duration(w.chance.Int64N(int64(8 * interval)))) }
	c := &w.chain
	for ; c.delivered < len(c.sources); c.delivered++ {
		if c.lost = c.lost || w.epoch != c.base+int64(c.delivered); c.lost {
			at := soon()
			w.deliveries = append(w.deliveries, delivery{at: at, overtaken: true}, delivery{at: at.Add(interval), answer: w.truth})
			continue
		}
		w.epoch++
		w.truth = decision.Authority{Active: c.sources[c.delivered], Epoch: w.epoch}
		w.deliveries = append(w.deliveries, delivery{at: soon(), answer: w.truth})
	}
}

// otherActs reports whether it is known that another monitor acts.
func (w *world) otherActs() bool { return w.standby.On && w.standby.Why == "" }

// checkPromise: a source that is silent for too long is not active, or there is
// an alarm, unless another monitor acts.
func (w *world) checkPromise() {
	active := w.s.Active()
	if w.otherActs() {
		if w.alarm {
			w.t.Fatalf("%v: an alarm, though another monitor acts", w.now.Sub(noon))
		}
		return
	}
	if !w.now.After(w.grace) {
		return
	}
	if !active.Known {
		if !w.alarm {
			w.t.Fatalf("%v: it is not known which source is active, and there is no alarm", w.now.Sub(noon))
		}
		return
	}
	if active.Source > len(w.engines) {
		return
	}
	e := w.engines[active.Source-1]
	bound := w.cfg.HeartbeatTimeoutMax + interval/2
	if !e.lost {
		bound = w.cfg.HeartbeatTimeout + interval/2
	}
	silence := w.silence(e)
	if !w.slept.IsZero() {
		silence = w.now.Sub(later(later(e.last, noon), w.slept)) - interval/2
	}
	if silence < bound {
		return
	}
	if !w.alarm {
		w.t.Fatalf("%v: source %d is active and silent for %v, and there is no alarm", w.now.Sub(noon), e.number, silence)
	}
	if active.Pinned || w.standby.On {
		return
	}
	for _, other := range w.engines {
		heard := !other.last.IsZero() && w.now.Sub(other.last) < twoGone
		clean := !other.surely.IsZero() && other.last.Sub(other.surely) >= w.cfg.RecoveryHoldMax
		if other != e && heard && clean && !other.sick && !other.maintenance {
			w.t.Fatalf("%v: source %d is active and silent for %v, though %d is up", w.now.Sub(noon), e.number, silence, other.number)
		}
	}
}

// checkReplay: the same step again gives the same, even from a state of the
// past.
func (w *world) checkReplay() {
	if len(w.past) == 0 {
		return
	}
	from := w.chance.IntN(len(w.past))
	s := w.past[from].before
	for _, m := range w.past[from:] {
		var actions []decision.Action
		s, actions = s.Step(m.e, m.now)
		if !slices.Equal(actions, m.actions) {
			w.t.Fatalf("%v: did %v, and the second time %v", m.now.Sub(noon), m.actions, actions)
		}
	}
	if !reflect.DeepEqual(s, w.s) {
		w.t.Fatal("the second time it ends in another state")
	}
}

// TestStep_Invariants: the promises of the package, over random sequences.
func TestStep_Invariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		defer func() { // even if rapid ends the sequence by a panic
			if t.Failed() {
				t.Log(w.history())
			}
		}()
		if rapid.Bool().Draw(t, "known from the start") {
			w.answer(decision.Authority{Active: rapid.IntRange(1, len(w.engines)+1).Draw(t, "active")})
		}
		for range rapid.IntRange(0, 14).Draw(t, "things") {
			w.run(w.now.Add(time.Duration(rapid.IntRange(0, 80).Draw(t, "pause")) * 100 * time.Millisecond))
			w.happen()
		}
		w.run(w.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * time.Second))
		w.checkReplay()
	})
}

// history is what the monitor did, for a failure's message.
func (w *world) history() string {
	var b strings.Builder
	for _, m := range w.past {
		for _, a := range m.actions {
			fmt.Fprintln(&b, text(a))
		}
	}
	return b.String()
}
