package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
)

// line is where heartbeats arrive.
type line struct {
	wake chan struct{}
	mu   sync.Mutex
	all  []heartbeat.Beat
}

func (l *line) Arrived() <-chan struct{} { return l.wake }

func (l *line) Take(into []heartbeat.Beat) []heartbeat.Beat {
	l.mu.Lock()
	defer l.mu.Unlock()
	into = append(into, l.all...)
	l.all = nil
	return into
}

func (l *line) beat(source int) {
	l.mu.Lock()
	i := slices.IndexFunc(l.all, func(b heartbeat.Beat) bool { return b.Source == source })
	if i < 0 {
		i = len(l.all)
		l.all = append(l.all, heartbeat.Beat{Source: source})
	}
	l.all[i].At = time.Now()
	l.all[i].Count++
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// actor records what it is told.
type actor struct {
	mu       sync.Mutex
	heard    []string
	at       []time.Time
	loadErr  error
	asserted int
	unsure   bool // it does not know whether the last source still holds
	// undelivered waits from before a restart.
	undelivered decision.Undelivered
	told        *act.Told // nil: nothing is known from before
	// view is what the monitor shows at that time.
	view func() View
}

func (a *actor) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard, a.at = append(a.heard, fmt.Sprintf(format, args...)), append(a.at, time.Now())
}

func (a *actor) Load(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loadErr
}

func (a *actor) Activate(d decision.Activate) {
	if v := a.view(); v.Active.Source != d.Source || !v.Active.Unconfirmed {
		a.note("activate: shown is %+v", v)
	}
	a.note("activate %d after %d, epoch %d", d.Source, d.From, d.Epoch)
}

func (a *actor) Switched(s act.Switch) {
	what := "switched to"
	if s.Over {
		what = "told of"
	}
	a.note("%s %d from %d by %s: %s", what, s.Source, s.Previous, s.By, s.Reason)
}

func (a *actor) Told() (act.Told, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told == nil {
		return act.Told{}, false
	}
	return *a.told, true
}

func (a *actor) Remember(t act.Told) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = &t
}

func (a *actor) Notify(n act.Notice) {
	if v := a.view(); n.Type == act.NoticeAlarm && (v.Alarm == "" || v.Alarmed.IsZero()) || n.Type == act.NoticeAlarmCleared && v.Alarm != "" {
		a.note("notice: shown is %+v", v)
	}
	a.note("notice %s %d %s", n.Type, n.Source, n.State)
}

func (a *actor) Act(on bool) {
	a.note("act %t", on)
	if !on {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asserted = 0
	}
}

func (a *actor) Undelivered() (decision.Undelivered, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.undelivered, a.undelivered.Count > 0
}

func (a *actor) Asserted() (int, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asserted, a.asserted != 0 && !a.unsure
}

// take returns what the actor was told since the last time, as far as it is of
// those kinds, and when it was told the last of it.
func (a *actor) take(kinds ...string) ([]string, time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var of []string
	var last time.Time
	for i, h := range a.heard {
		if slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(h, k) }) {
			of, last = append(of, h), a.at[i]
		}
	}
	a.heard, a.at = nil, nil
	return of, last
}

// station is a monitor with two engines whose heartbeats come every second while
// they are alive.
type station struct {
	*Monitor
	line  *line
	actor *actor
	alive [2]bool
	by    string
	// history is what the sync node says.
	history []model.Activation
}

func config() decision.Config {
	return decision.Config{
		HeartbeatInterval: time.Second, HeartbeatTimeout: 4 * time.Second, HeartbeatTimeoutMax: 20 * time.Second,
		RecoveryHold: 30 * time.Second, RecoveryHoldMax: 5 * time.Minute, StartGrace: 10 * time.Second,
		DefaultSource: 1, Watched: []int{1, 2},
	}
}

// start runs the monitor until the test ends.
func start(t *testing.T, prepare func(s *station)) *station {
	t.Helper()
	s := &station{line: &line{wake: make(chan struct{}, 1)}, actor: new(actor), alive: [2]bool{true, true}}
	s.Monitor = New("status-monitor a", config(), s.line, s.actor, func() (string, string, []model.Activation) { return s.by, "because", s.history }, zerolog.Nop())
	s.actor.view = s.View
	if prepare != nil {
		prepare(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.Learn(decision.Tick{}) // has no effect, and blocks nobody
	})
	synctest.Wait() // it reads the station's fields at once, which the test then changes
	return s
}

// pass lets time go by.
func (s *station) pass(seconds int) {
	for range seconds {
		for i, alive := range s.alive {
			if alive {
				s.line.beat(i + 1)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
}

func (s *station) expect(t *testing.T, kinds []string, want ...string) time.Time {
	t.Helper()
	got, last := s.actor.take(kinds...)
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	return last
}

var doings = []string{"activate", "switched", "told", "act "}

// TestMonitor_Switch: the active engine falls silent.
func TestMonitor_Switch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, func(s *station) { s.actor.asserted = 1 })
		s.Learn(decision.Authority{Active: 1, Epoch: 7})
		s.pass(15)
		s.expect(t, doings)
		last := time.Now().Add(-time.Second)
		s.alive[0] = false
		s.pass(5)
		at := s.expect(t, doings, "activate 2 after 1, epoch 7", "switched to 2 from 1 by status-monitor a: source 1 is down: no heartbeat for 4.5 s")
		if took := at.Sub(last); took != 4500*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		// What the sync node then says is no further switch.
		s.Learn(decision.Authority{Active: 2, Epoch: 8})
		s.pass(2)
		s.expect(t, doings)
		v := s.View()
		if v.Active.Source != 2 || v.Active.Unconfirmed || v.Sources[0].Condition != decision.Down || v.Sources[1].Condition != decision.Up || !v.Grace.IsZero() {
			t.Errorf("%+v", v)
		}
		if n := testutil.ToFloat64(s.metrics.switches); n != 1 {
			t.Errorf("%v switches counted", n)
		}
		if n := testutil.CollectAndCount(s); n < 10 {
			t.Errorf("%d metrics", n)
		}
		// Both are gone: that is the alarm, and nothing else.
		s.alive[1] = false
		s.actor.take()
		s.pass(10)
		s.expect(t, []string{"activate", "switched", "act ", "notice alarm", "notice:"}, "notice alarm 2 ")
		if v := s.View(); v.Alarm == "" || v.Alarmed.IsZero() {
			t.Errorf("%+v", v)
		}
		s.alive[1] = true
		s.pass(60)
		s.expect(t, []string{"activate", "switched", "notice alarm", "notice:"}, "notice alarm-cleared 2 ")
	})
}

// TestMonitor_Others: somebody else switches; a monitor that acts tells the
// receivers.
func TestMonitor_Others(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, func(s *station) { s.by = "M. Tester" })
		s.Learn(decision.Authority{Active: 1})
		s.pass(12)
		s.expect(t, doings, "switched to 1 from 0 by M. Tester: because") // the previous source was not known
		s.Learn(decision.Authority{Active: 2, Epoch: 1, Manual: true})
		s.pass(1)
		s.expect(t, doings, "switched to 2 from 1 by M. Tester: because")

		s.Learn(decision.Standby{On: true})
		s.pass(1)
		s.expect(t, doings, "act false")
		s.Learn(decision.Authority{Active: 1, Epoch: 2})
		s.alive[0] = false
		s.pass(10)
		s.expect(t, append(doings, "notice"))
		s.alive[0] = true
		s.pass(40)
		s.actor.mu.Lock()
		s.actor.asserted, s.actor.unsure = 1, true
		s.actor.mu.Unlock()
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, doings, "act true", "switched to 1 from 0 by M. Tester: because")
	})
}

// TestMonitor_NobodyActs: a monitor that may not act tells of the alarm
// nevertheless, and of nothing else.
func TestMonitor_NobodyActs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, nil)
		told := append(slices.Clone(doings), "notice")
		s.Learn(decision.Standby{On: true, Why: "nobody said who may"})
		s.Learn(decision.Authority{Active: 1, Epoch: 7})
		synctest.Wait()
		s.alive[0] = false
		s.pass(9)
		s.expect(t, told, "act false") // the start is not over
		s.pass(2)
		s.expect(t, told, "notice alarm 1 ")
		if v := s.View(); !v.Standby || v.Alarmed.IsZero() || v.Alarm != "source 1 is active and down, and this monitor may not switch, because nobody said who may: no heartbeat since the monitor started" {
			t.Errorf("%+v", v)
		}
		s.Learn(decision.Standby{On: true})
		s.pass(1)
		s.expect(t, told, "notice alarm-cleared 1 ")
		s.Learn(decision.Standby{On: true, Why: "its lease ran out"})
		s.pass(1)
		s.expect(t, told, "notice alarm 1 ")
		s.Learn(decision.Standby{})
		s.pass(1)
		s.expect(t, []string{"act", "notice alarm"}, "act true", "activate 2 after 1, epoch 7", "notice alarm-cleared 2 ")
	})
}

// TestMonitor_Load: the database comes late, or not at all.
func TestMonitor_Load(t *testing.T) {
	t.Parallel()
	for name, comes := range map[string]bool{"Late": true, "Never": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, func(s *station) { s.actor.loadErr = errors.New("away") })
				go s.Learn(decision.Authority{Active: 1})
				s.pass(5)
				s.expect(t, doings)
				if comes {
					s.actor.mu.Lock()
					s.actor.loadErr, s.actor.asserted = nil, 1
					s.actor.mu.Unlock()
					s.pass(1)
					s.expect(t, doings)
				}
				s.pass(15)
				s.actor.take()
				s.alive[0] = false
				s.pass(5)
				s.expect(t, []string{"activate"}, "activate 2 after 1, epoch 0")
			})
		})
	}
}

// TestMonitor_Undelivered: what was decided before a restart is not decided
// again. The command runs for it if it is not known whether it did.
func TestMonitor_Undelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, func(s *station) {
			s.alive[0] = false
			s.actor.undelivered = decision.Undelivered{Source: 2, Epoch: 7, Count: 1}
		})
		s.Learn(decision.Authority{Active: 1, Epoch: 7}) // as it was remembered from before
		s.pass(30)
		s.expect(t, doings, "switched to 2 from 0 by status-monitor a: decided before the restart")
		if v := s.View(); v.Active.Source != 2 || !v.Active.Unconfirmed {
			t.Errorf("%+v", v.Active)
		}
	})
}
