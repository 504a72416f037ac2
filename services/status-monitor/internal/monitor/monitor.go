package monitor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/logging"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/act"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/heartbeat"
)

// queueLength is how many events may wait for the loop. If it is full, the sync
// node's follower and the probes wait; they ask again anyway. Heartbeats never
// wait.
const queueLength = 256

const (
	// loadAgain is the pause between attempts to load what waits from before a
	// restart, while the database is away.
	loadAgain = 250 * time.Millisecond
	// quiet is how long a database may take before that is logged: at the first
	// start its schema has to be made.
	quiet = 2 * time.Second
)

// Heartbeats is where heartbeats arrive; *heartbeat.Listener is one.
type Heartbeats interface {
	Arrived() <-chan struct{}
	Take(into []heartbeat.Beat) []heartbeat.Beat
}

// Actor carries out what was decided. It waits neither for the network nor for the
// database, except in Load; *act.Actor is one.
type Actor interface {
	Load(ctx context.Context) error
	Activate(a decision.Activate)
	Switched(s act.Switch)
	Notify(n act.Notice)
	Act(on bool)
	Asserted() (source int, known bool)
	Told() (t act.Told, known bool)
	Remember(t act.Told)
	Undelivered() (u decision.Undelivered, known bool)
}

// Said tells who made the source active, and the newest activations, as the sync
// node said last.
type Said func() (by, reason string, history []model.Activation)

// Monitor is the loop. Make it with New and Run it once.
type Monitor struct {
	name  string
	beats Heartbeats
	actor Actor
	said  Said
	log   zerolog.Logger
	grace time.Duration

	events  chan decision.Event
	done    chan struct{} // closed when nobody takes events any longer
	metrics metrics
	shown   atomic.Pointer[shown]

	// The fields below belong to the loop.
	state   decision.State
	acting  bool
	loaded  bool      // what waited from before a restart is loaded
	telling telling   // how far the receivers were told
	alarmed time.Time // since when the alarm is raised
	taken   []heartbeat.Beat
}

// New makes the loop of a monitor of that name, which starts now.
func New(name string, cfg decision.Config, beats Heartbeats, actor Actor, said Said, log zerolog.Logger) *Monitor {
	m := &Monitor{
		name: name, beats: beats, actor: actor, said: said, log: log, grace: cfg.StartGrace,
		events: make(chan decision.Event, queueLength), done: make(chan struct{}), metrics: newMetrics(),
		state: decision.New(cfg, time.Now()), acting: true,
	}
	m.publish()
	return m
}

// Learn hands an event to the loop. It waits while too many events wait, and has
// no effect when the loop has ended.
func (m *Monitor) Learn(e decision.Event) {
	select {
	case m.events <- e:
	case <-m.done:
	}
}

// Run decides until ctx ends, and returns nil then.
func (m *Monitor) Run(ctx context.Context) error {
	defer close(m.done)
	loaded := make(chan struct{})
	var loading sync.WaitGroup
	defer loading.Wait()
	loading.Go(func() {
		m.load(ctx)
		close(loaded)
	})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due := m.state.Next()
		timer.Stop()
		var over <-chan time.Time
		if !due.IsZero() {
			timer.Reset(time.Until(due))
			over = timer.C
		}
		select {
		case <-ctx.Done():
			return nil
		case <-loaded:
			loaded, m.loaded = nil, true
			m.telling.begin(m.asserted())
			m.telling.told, m.telling.known = m.actor.Told()
			m.hear()
			var e decision.Event = decision.Tick{}
			if u, known := m.actor.Undelivered(); known {
				e = u
			}
			m.step(e, time.Now())
		case <-m.beats.Arrived():
			m.hear()
		case e := <-m.events:
			learned := time.Now()
			m.hear()
			m.step(e, learned)
		case <-over:
			m.hear()
			m.step(decision.Tick{}, due)
		}
	}
}

// load brings back what waits from before a restart. If the database stays away
// until the start is over, the monitor goes on without it.
func (m *Monitor) load(ctx context.Context) {
	trouble := logging.NewLasting(m.log, "the deliveries from before the restart can't be read")
	began := time.Now()
	for {
		err := m.actor.Load(ctx)
		since := time.Since(began)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			trouble.Report(nil)
			return
		case since >= m.grace:
			m.log.Error().Err(err).Msg("the monitor goes on without the deliveries from before the restart")
			return
		case since > quiet:
			trouble.Report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(loadAgain):
		}
	}
}

// hear takes the heartbeats that have arrived.
func (m *Monitor) hear() {
	m.taken = m.beats.Take(m.taken[:0])
	if len(m.taken) == 0 {
		return
	}
	heard := make(decision.Heartbeats, len(m.taken))
	for i, b := range m.taken {
		heard[i] = decision.Heartbeat{Source: b.Source, Count: b.Count, Numbered: b.Relayed, Missing: b.Missing}
	}
	m.step(heard, m.taken[0].At)
}

// step decides about one event and hands on what follows. since is when it
// could have been decided at the earliest.
func (m *Monitor) step(e decision.Event, since time.Time) {
	now := time.Now()
	next, actions := m.state.Step(e, now)
	m.state = next
	switch raised := m.state.Alarm() != ""; {
	case !raised:
		m.alarmed = time.Time{}
	case m.alarmed.IsZero():
		m.alarmed = now
	}
	// Published first: those who hear of the actions may look here for the reason.
	m.publish()
	m.follow(e)
	by, reason, history := m.said()
	switched := act.Switch{At: now, By: by, Reason: reason}
	if isOwn(e) {
		switched.By, switched.Reason = m.name, "decided before the restart"
	}
	for _, action := range actions {
		switch a := action.(type) {
		case decision.Changed:
			m.changed(a)
		case decision.Alarm:
			m.alarm(a)
		case decision.Activate:
			m.log.Warn().Int("source", a.Source).Int("previous", a.From).Str("reason", a.Reason).Msg("switching the active source")
			m.actor.Activate(a)
			m.metrics.switches.Inc()
			m.metrics.latency.Observe(time.Since(since).Seconds())
			switched = act.Switch{At: a.At, By: m.name, Reason: a.Reason}
		}
	}
	if m.loaded && m.state.Active().Known {
		m.tell(history, switched, now)
	}
	if _, answered := e.(decision.Authority); answered {
		m.telling.answered = now
	}
}

func isOwn(e decision.Event) bool {
	_, own := e.(decision.Undelivered)
	return own
}

// follow notes whether this monitor acts now.
func (m *Monitor) follow(e decision.Event) {
	if s, ok := e.(decision.Standby); ok {
		m.telling.other = s.On && s.Why == ""
	}
	_, standby := m.state.Watching()
	if m.acting == !standby {
		return
	}
	m.acting = !standby
	m.actor.Act(m.acting)
	m.telling.begin(m.asserted())
	if m.acting {
		m.log.Info().Msg("this monitor acts now")
	} else {
		m.log.Info().Msg("this monitor only watches now")
	}
}

// asserted is the source for which the actor is known to have acted; 0: none.
func (m *Monitor) asserted() int {
	source, known := m.actor.Asserted()
	if !known {
		return 0
	}
	return source
}

func (m *Monitor) changed(c decision.Changed) {
	level := zerolog.WarnLevel
	if c.To == decision.Up {
		level = zerolog.InfoLevel
	}
	m.log.WithLevel(level).Int("source", c.Source).Stringer("from", c.From).Stringer("to", c.To).Str("reason", c.Reason).Msg("the state of a source changed")
	if m.acting {
		m.actor.Notify(act.Notice{Type: act.NoticeSource, At: c.At, Source: c.Source, State: c.To.String(), Reason: c.Reason})
	}
}

func (m *Monitor) alarm(a decision.Alarm) {
	n := act.Notice{Type: act.NoticeAlarmCleared, At: a.At, Source: m.state.Active().Source, Reason: a.Reason}
	if a.Raised {
		n.Type = act.NoticeAlarm
		m.log.Error().Str("reason", a.Reason).Msg("the alarm is raised")
	} else {
		m.log.Info().Str("reason", a.Reason).Msg("the alarm is over")
	}
	m.actor.Notify(n)
}
