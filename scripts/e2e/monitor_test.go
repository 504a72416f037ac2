package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestMonitor lets real monitors watch two sources while engines, networks,
// monitors and the sync node fail. The scenarios mostly wait for heartbeats, so
// they run in parallel and take the place of one test.
func TestMonitor(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for _, s := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Loss", loseHeartbeats},
		{"Cut", cutHeartbeats},
		{"Flapping", flap},
		{"Partition", partition},
		{"TwoMonitors", twoMonitors},
		{"Killed", func(t *testing.T) { killActive(t, 20) }},
		{"Pinned", pin},
	} {
		all.Go(func() {
			t.Run(s.name, func(t *testing.T) {
				began := time.Now()
				s.run(t)
				t.Logf("took %s", time.Since(began).Round(time.Millisecond))
			})
		})
	}
	all.Wait()
}

// loseHeartbeats: if three heartbeats in ten are lost, and the monitor knows of
// that loss, it leaves no source because of it. A loss that begins suddenly is
// another matter: as the decision's documentation says, 3.5 % of such beginnings
// lead to a switch. So at first every third heartbeat is lost, never two in a row.
// Random loss begins when the monitor knows of the loss.
func loseHeartbeats(t *testing.T) {
	const (
		share      = 0.3
		heartbeats = 600
	)
	w := startWatch(t, faster(100*time.Millisecond), 1)
	m := w.monitors[0]
	for _, h := range w.hearts {
		number := 0
		h.link(func() bool { number++; return number%3 > 0 })
	}
	soon(t, func() error {
		for _, source := range m.status(t).Sources {
			if source.Lost < 15 { // more than that makes no difference
				return fmt.Errorf("source %d lost %d", source.Number, source.Lost)
			}
		}
		return nil
	})
	type count struct{ sent, lost, received int }
	counts := func() map[int]count {
		all := map[int]count{}
		for _, source := range m.status(t).Sources {
			sent, lost := w.hearts[source.Number].count()
			all[source.Number] = count{sent, lost, source.Received}
		}
		return all
	}
	before := counts()
	for number, h := range w.hearts {
		random := rand.New(rand.NewPCG(w.seed, uint64(number)))
		h.link(func() bool { return random.Float64() >= share })
	}
	patience.Within(t, patience.Stretch(4*heartbeats*w.interval), func() error {
		for number, h := range w.hearts {
			if sent, _ := h.count(); sent < before[number].sent+heartbeats {
				return fmt.Errorf("source %d sent %d heartbeats", number, sent-before[number].sent)
			}
		}
		return nil
	})
	for number, c := range counts() {
		sent, lost, received := c.sent-before[number].sent, c.lost-before[number].lost, c.received-before[number].received
		t.Logf("source %d: %d heartbeats, %d lost, %d received", number, sent, lost, received)
		if lost < sent/5 || lost > sent*2/5 || received < sent/2 {
			t.Errorf("source %d: of %d heartbeats %d were lost and %d received", number, sent, lost, received)
		}
	}
	if all := w.history(t); len(all) > 0 {
		t.Fatalf("switched because of loss: %+v", all)
	}
	for _, source := range m.status(t).Sources {
		if source.State == "down" {
			t.Errorf("source %d is down because of loss: %s", source.Number, source.Reason)
		}
	}

	// When all heartbeats are lost, it is no longer a loss but a failure, however
	// patient the monitor is.
	cut := w.hearts[1].cut()
	took := w.switched(t, 1, 2).From.Sub(cut)
	t.Logf("after %s of silence it switched", took.Round(time.Millisecond))
	if longest := w.timeoutMax + w.interval/2; took > longest+busy() {
		t.Errorf("it switched after %s, want %s at most", took, longest)
	}
}

// busy is how much later than promised anything may be, because the machine has
// other work. `make bench` measures the delay without other work.
func busy() time.Duration { return patience.Stretch(20 * time.Second) }

// cutHeartbeats: when a source's link is cut, the monitor leaves the source in the
// promised time. This holds for any instant between two heartbeats.
func cutHeartbeats(t *testing.T) {
	r := faster(200 * time.Millisecond)
	r.hold, r.holdMax = 3*r.interval, 3*r.interval
	w := startWatch(t, r, 1)
	const rounds = 9
	var decided, shown []time.Duration
	for round := range rounds {
		soon(t, func() error {
			for _, source := range w.monitors[0].status(t).Sources {
				if source.Lost > 0 { // the machine was busy; the monitor is patient for a while
					return fmt.Errorf("source %d lost %d", source.Number, source.Lost)
				}
			}
			return nil
		})
		active := 1 + round%2
		time.Sleep(time.Duration(w.random.Int64N(int64(r.interval))))
		cut := w.hearts[active].cut()
		record := w.switched(t, round+1, other(active))
		shown = append(shown, time.Since(cut))
		decided = append(decided, record.From.Sub(cut))
		if decided[round] < r.promised() {
			t.Errorf("after %s of silence it switched, %s are no failure", decided[round], r.promised())
		}
		if late := record.Recorded.Sub(record.From); late < 0 || late > busy() {
			t.Errorf("decided at %s, recorded at %s", record.From, record.Recorded)
		}
		w.rest(t)
	}
	for what, all := range map[string][]time.Duration{"decided": decided, "shown by the sync node": shown} {
		slices.Sort(all)
		median, worst := all[rounds/2], all[rounds-1]
		t.Logf("%s after %s (median), %s (worst) of silence; promised are %s", what,
			median.Round(time.Millisecond), worst.Round(time.Millisecond), r.promised())
		if worst > r.promised()+busy() {
			t.Errorf("%s later than promised: %v", what, all)
		}
	}
}

// flap: the link of a source is cut again as soon as the monitor has switched to
// that source. The monitor does not switch back before the hold of the other
// source is over.
func flap(t *testing.T) {
	r := hurried(50 * time.Millisecond)
	r.hold, r.holdMax = 30*r.interval, 60*r.interval
	w := startWatch(t, r, 1)
	const switches = 6
	var last time.Time
	for i := range switches {
		active := 1 + i%2
		w.hearts[active].cut()
		from := w.switched(t, i+1, other(active)).From
		if i > 0 {
			apart := from.Sub(last)
			t.Logf("two switches were %s apart, the hold is from %s to %s", apart.Round(time.Millisecond), r.hold, r.holdMax)
			if apart < r.hold {
				t.Errorf("two switches were %s apart, the hold is %s", apart, r.hold)
			}
		}
		last = from
		w.hearts[active].mend()
		time.Sleep(time.Duration(w.random.Int64N(int64(r.hold / 3)))) // heard again for a while, or not yet
	}
}

// partition: a monitor that is cut off from the sync node decides and switches the
// audio at once. Later it has its decisions recorded, with the true times, even if
// it is killed in between.
func partition(t *testing.T) {
	r := faster(200 * time.Millisecond)
	r.hold, r.holdMax = 3*r.interval, 3*r.interval
	w := startWatch(t, r, 1)
	m := w.monitors[0]
	recorded := 0
	for _, test := range []struct {
		name   string
		fault  fault
		killed bool
	}{
		{"cut", fault{cut: true}, false},
		{"silent", fault{silent: true}, false},
		{"killed", fault{cut: true}, true},
	} {
		m.link.set(test.fault)
		var cuts, runs []time.Time
		for source := 1; source <= 2; source++ { // there and back
			ran := m.ran(t)
			cuts = append(cuts, w.hearts[source].cut())
			soon(t, func() error {
				if all := m.ran(t); len(all) == len(ran) {
					return fmt.Errorf("the command ran for %v only", all)
				}
				return nil
			})
			runs = append(runs, time.Now())
			took := runs[source-1].Sub(cuts[source-1])
			t.Logf("%s: the command ran after %s of silence", test.name, took.Round(time.Millisecond))
			if took > r.timeoutMax+busy() {
				t.Errorf("%s: the command ran after %s of silence", test.name, took)
			}
			if test.killed {
				m.kill(t)
				m.start(t)
				soon(t, func() error {
					if s := m.status(t); !s.Acting || s.Active.Source != other(source) {
						return fmt.Errorf("after its restart: %+v", s)
					}
					return nil
				})
			}
			for _, now := range m.ran(t)[len(ran):] {
				if now != strconv.Itoa(other(source)) {
					t.Fatalf("%s: source %d failed, and the command ran for %v, before that for %v", test.name, source, m.ran(t), ran)
				}
			}
			w.hearts[source].mend()
			soon(t, func() error {
				for _, source := range m.status(t).Sources {
					if source.State != "up" {
						return fmt.Errorf("source %+v", source)
					}
				}
				return nil
			})
		}
		if all := w.history(t); len(all) != recorded {
			t.Fatalf("%s: the sync node can't be reached, and has %+v", test.name, all)
		}
		if s := m.status(t); s.owes() != 2 || !s.Active.Unconfirmed || s.Active.Source != 1 {
			t.Errorf("%s: it says %+v", test.name, s)
		}
		mended := time.Now()
		w.rest(t)
		all := w.history(t)
		if recorded += 2; len(all) != recorded {
			t.Fatalf("%s: %d activations, want %d: %+v", test.name, len(all), recorded, all)
		}
		for k, record := range []switchRecord{all[1], all[0]} {
			if record.Source != 2-k || record.From.Before(cuts[k].Add(r.promised())) || record.From.After(runs[k]) || record.Recorded.Before(mended) {
				t.Errorf("%s: switched to %d between %s and %s, mended at %s, recorded is %+v", test.name, 2-k, cuts[k], runs[k], mended, record)
			}
		}
	}
}

// twoMonitors: however two monitors are cut off, the history has one switch for
// one failure.
func twoMonitors(t *testing.T) {
	w := startWatch(t, hurried(100*time.Millisecond), 2)
	active, recorded := 1, 0
	// fails makes the active source fail, and returns when everything that follows
	// is recorded.
	fails := func(mending func()) {
		t.Helper()
		w.hearts[active].cut()
		mending()
		recorded, active = recorded+1, other(active)
		w.switched(t, recorded, active)
		w.rest(t)
		if all := w.history(t); len(all) != recorded {
			t.Fatalf("%d activations, want %d: %+v", len(all), recorded, all)
		}
	}
	// sees returns when a monitor considers the active source down.
	sees := func(m *monitor) {
		t.Helper()
		soon(t, func() error {
			if s := m.status(t).Sources[active-1]; s.State != "down" {
				return fmt.Errorf("%s: %+v", m.name, s)
			}
			return nil
		})
	}
	runs := func(m *monitor, before int) {
		t.Helper()
		soon(t, func() error {
			if all := m.ran(t); len(all) != before+1 || all[before] != strconv.Itoa(other(active)) {
				return fmt.Errorf("%s ran its command for %v", m.name, all)
			}
			return nil
		})
	}

	for range 3 { // nothing is cut between the monitors and the sync node
		holder, standby := w.acting(t)
		by, idle := len(holder.ran(t)), standby.ran(t)
		fails(func() { runs(holder, by); sees(standby) })
		if now := standby.ran(t); !slices.Equal(now, idle) {
			t.Errorf("%s does not act, and ran its command for %v, before that for %v", standby.name, now, idle)
		}
	}

	for range 2 { // both are cut off: the holder goes on alone
		holder, standby := w.acting(t)
		by, idle := len(holder.ran(t)), standby.ran(t)
		holder.link.set(fault{cut: true})
		standby.link.set(fault{cut: true})
		fails(func() {
			runs(holder, by)
			sees(standby)
			// This also holds long after the lease has ended.
			soon(t, func() error {
				if left := leaseLeft(t, w.sync.url()); left > 0 {
					return fmt.Errorf("the lease lasts for another %g s", left)
				}
				return nil
			})
			if now := standby.ran(t); !slices.Equal(now, idle) {
				t.Errorf("%s does not hold the lease, and ran its command for %v, before that for %v", standby.name, now, idle)
			}
			if all := w.history(t); len(all) != recorded {
				t.Errorf("both are cut off, and the sync node has %+v", all)
			}
			holder.link.set(fault{})
			standby.link.set(fault{})
		})
	}

	for range 2 { // the holder is cut off: it acts, and so does the monitor that gets the lease
		holder, standby := w.acting(t)
		alone, together := len(holder.ran(t)), standby.ran(t)
		holder.link.set(fault{cut: true})
		fails(func() {
			runs(holder, alone)
			soon(t, func() error {
				now := standby.ran(t)
				if len(now) == len(together) || now[len(now)-1] != strconv.Itoa(other(active)) {
					return fmt.Errorf("%s ran its command for %v, before that for %v", standby.name, now, together)
				}
				return nil
			})
			w.switched(t, recorded+1, other(active))
			holder.link.set(fault{})
		})
		if now, _ := w.acting(t); now != standby {
			t.Errorf("%s acts, %s has the lease", now.name, standby.name)
		}
	}

	// The holder decides while both are cut off. The standby gets the lease before
	// the holder can report, and sees no reason to switch. So the decision is out
	// of date, although the history is as the holder knew it.
	holder, standby := w.acting(t)
	by, idle := len(holder.ran(t)), len(standby.ran(t))
	holder.link.set(fault{cut: true})
	standby.link.set(fault{cut: true})
	w.hearts[active].cut()
	runs(holder, by)
	w.hearts[active].mend()
	soon(t, func() error {
		if s := standby.status(t).Sources[active-1]; s.State != "up" {
			return fmt.Errorf("%s: %+v", standby.name, s)
		}
		return nil
	})
	standby.link.set(fault{})
	soon(t, func() error {
		if now := standby.ran(t); len(now) == idle || now[len(now)-1] != strconv.Itoa(active) {
			return fmt.Errorf("%s ran its command for %v, %d before", standby.name, now, idle)
		}
		return nil
	})
	holder.link.set(fault{})
	w.rest(t)
	if all := w.history(t); len(all) != recorded {
		t.Errorf("an old decision is recorded: %+v", all)
	}
	fails(func() {}) // the monitor that has the lease decides upon the same epoch
}

// leaseLeft is the number of seconds for which a monitor still holds the lease.
func leaseLeft(t testing.TB, base string) float64 {
	t.Helper()
	var l struct {
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal([]byte(mustCall(t, http.MethodGet, base+"/api/v1/source/lease", "", http.StatusOK)), &l); err != nil {
		t.Fatal(err)
	}
	return l.Seconds
}

// killActive kills the acting monitor around each failure, at random instants.
// Each switch is in the history once, and the audio follows. This also holds if
// the killed monitor comes back after another one has taken over.
func killActive(t *testing.T, rounds int) {
	w := startWatch(t, hurried(50*time.Millisecond), 2)
	for round := range rounds {
		active := 1 + round%2
		holder, standby := w.acting(t)
		var before [2]int
		for i, m := range w.monitors {
			before[i] = len(m.ran(t))
		}
		w.hearts[active].cut()
		// The kill comes anywhere from before the monitor suspects anything until
		// everything is done.
		time.Sleep(time.Duration(w.random.Int64N(int64(w.promised() * 3 / 2))))
		holder.kill(t)
		atOnce := w.random.IntN(2) == 0
		if atOnce {
			holder.start(t)
		}
		w.switched(t, round+1, other(active))
		if !atOnce {
			// If the switch was recorded before the kill, the standby must take
			// over nevertheless, because it knows nothing of the audio.
			soon(t, func() error {
				if !standby.status(t).Acting {
					return errors.New("the standby does not act")
				}
				return nil
			})
		}
		soon(t, func() error {
			for i, m := range w.monitors {
				if slices.Contains(m.ran(t)[before[i]:], strconv.Itoa(other(active))) {
					return nil
				}
			}
			return fmt.Errorf("round %d: nobody ran the command for %d", round, other(active))
		})
		if !atOnce {
			holder.start(t)
		}
		w.rest(t)
		if n := len(w.history(t)); n != round+1 {
			t.Fatalf("round %d: %d activations, want %d: %+v", round, n, round+1, w.history(t)[:2])
		}
	}
}

// pin: what a person pinned stays on air, whatever fails and however long.
func pin(t *testing.T) {
	w := startWatch(t, hurried(50*time.Millisecond), 2)
	mustCall(t, http.MethodPut, w.sync.url()+"/api/v1/source/active/1?pin=true", `{"by": "M. Tester", "reason": "outside broadcast"}`, http.StatusNoContent)
	w.rest(t)
	// holds: the monitor knows that it must not switch, though it otherwise would.
	holds := func(s monitorStatus) bool { return s.Alarm != "" && s.Active.Pinned && s.Active.Source == 1 }
	// alarmed returns the acting monitor once it holds.
	alarmed := func() *monitor {
		t.Helper()
		var holder *monitor
		soon(t, func() error {
			holder, _ = w.acting(t)
			if s := holder.status(t); !holds(s) {
				return fmt.Errorf("%s: %+v", holder.name, s)
			}
			return nil
		})
		return holder
	}
	faults := []struct {
		name  string
		fails func()
	}{
		{"both engines fail", func() { w.hearts[2].cut() }},
		{"an engine comes back", func() { w.hearts[2].mend() }},
		{"the monitor is killed", func() {
			m := alarmed()
			m.kill(t)
			m.start(t)
		}},
		{"the sync node is killed", func() { w.sync.restart(t) }},
		{"the monitor is killed while it is cut off", func() {
			m := alarmed()
			m.link.set(fault{cut: true})
			m.kill(t)
			m.start(t)
			soon(t, func() error { // the monitor remembers
				if s := m.status(t); !s.Acting || !holds(s) {
					return fmt.Errorf("%s: %+v", m.name, s)
				}
				return nil
			})
			m.link.set(fault{})
		}},
		{"both monitors are killed", func() {
			for _, m := range w.monitors {
				m.kill(t)
			}
			for _, m := range w.monitors {
				m.start(t)
			}
		}},
	}
	for range 2 {
		w.hearts[1].cut()
		alarmed()
		w.random.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
		for _, f := range faults {
			f.fails()
			alarmed()
			if all := w.history(t); len(all) != 1 {
				t.Fatalf("%s: %+v", f.name, all)
			}
		}
		w.rest(t)
	}
	for _, m := range w.monitors {
		if all := m.ran(t); slices.Contains(all, "2") {
			t.Errorf("%s ran its command for %v", m.name, all)
		}
	}

	// It was the pin that held the source on air.
	w.hearts[1].cut()
	alarmed()
	mustCall(t, http.MethodPut, w.sync.url()+"/api/v1/source/active/1?pin=false", `{"by": "M. Tester"}`, http.StatusNoContent)
	w.switched(t, 3, 2)
}
