package authority_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/status-monitor/internal/authority"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// How long to wait for the memory at the start.
const (
	recallFor   = 10 * time.Second
	recallAgain = 250 * time.Millisecond
)

// nothing is a log that nobody reads.
var nothing = zerolog.Nop()

// errAway is what a call of a node that can't be reached returns.
var errAway = fmt.Errorf("%w: connection refused", model.ErrUnavailable)

// hang is a node that does not answer.
func hang(ctx context.Context, _ string) error {
	<-ctx.Done()
	return fmt.Errorf("%w: %w", model.ErrUnavailable, ctx.Err())
}

// slow is a node that takes so long to answer.
func slow(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", model.ErrUnavailable, ctx.Err())
	case <-time.After(d):
		return nil
	}
}

func away(context.Context, string) error { return errAway }

// syncNode has the lease and the history, in memory.
type syncNode struct {
	mu           sync.Mutex
	holder       string
	epoch        int64 // of the lease
	expires      time.Time
	history      []model.Activation // in the order in which they were accepted
	maintenances []model.Maintenance
}

func (n *syncNode) lease() model.Lease {
	l := model.Lease{Name: "monitor", Epoch: n.epoch}
	if left := time.Until(n.expires); left > 0 {
		l.Holder, l.Remaining = n.holder, left
	}
	return l
}

func (n *syncNode) acquire(holder string, ttl time.Duration) model.Lease {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch last := n.lease(); {
	case last.Remaining <= 0:
		n.holder, n.epoch, n.expires = holder, n.epoch+1, time.Now().Add(ttl)
	case last.Holder == holder && last.Remaining < ttl:
		n.expires = time.Now().Add(ttl)
	}
	return n.lease()
}

func (n *syncNode) release(holder string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.holder == holder {
		n.expires = time.Time{}
	}
}

// held is the holder of the lease now.
func (n *syncNode) held() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, _, _ := strings.Cut(n.lease().Holder, "/")
	return name
}

// activate is somebody's switch, now or so long ago.
func (n *syncNode) activate(source int, by string, ago time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.history = append(n.history, model.Activation{
		Epoch: int64(len(n.history)) + 1, Source: source, From: time.Now().Add(-ago), RecordedAt: time.Now(), By: by, Reason: "a test", Pinned: by == "pinner",
	})
}

// forget loses the node's database.
func (n *syncNode) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.history = nil
}

func (n *syncNode) work(maintenances ...model.Maintenance) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.maintenances = maintenances
}

// newest is the history sorted by when each switch happened, newest first.
func (n *syncNode) newest() []model.Activation {
	list := slices.Clone(n.history)
	slices.SortFunc(list, func(a, b model.Activation) int {
		if c := b.From.Compare(a.From); c != 0 {
			return c
		}
		return int(b.Epoch - a.Epoch)
	})
	return list
}

// link is one monitor's way to the sync node.
type link struct {
	node *syncNode
	mu   sync.Mutex
	// before is called before a call, and after when the call was done. If after
	// fails, the answer is lost.
	before, after func(ctx context.Context, call string) error
	calls         []string
	at            []time.Time
}

// set changes what happens to calls; nil: nothing special.
func (l *link) set(before func(context.Context, string) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = before
}

func (l *link) called(call string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := 0
	for _, c := range l.calls {
		if c == call {
			count++
		}
	}
	return count
}

func (l *link) do(ctx context.Context, call string, f func()) error {
	l.mu.Lock()
	l.calls, l.at = append(l.calls, call), append(l.at, time.Now())
	before, after := l.before, l.after
	l.mu.Unlock()
	if before != nil {
		if err := before(ctx, call); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f()
	if after != nil {
		return after(ctx, call)
	}
	return nil
}

func (l *link) AcquireLease(ctx context.Context, holder string, ttl time.Duration) (lease model.Lease, err error) {
	err = l.do(ctx, "AcquireLease", func() { lease = l.node.acquire(holder, ttl) })
	return lease, err
}

func (l *link) Lease(ctx context.Context) (lease model.Lease, err error) {
	err = l.do(ctx, "Lease", func() {
		l.node.mu.Lock()
		defer l.node.mu.Unlock()
		lease = l.node.lease()
	})
	return lease, err
}

func (l *link) ReleaseLease(ctx context.Context, holder string) error {
	return l.do(ctx, "ReleaseLease", func() { l.node.release(holder) })
}

func (l *link) ActiveSource(ctx context.Context) (active model.ActiveSource, err error) {
	err = l.do(ctx, "ActiveSource", func() {
		l.node.mu.Lock()
		defer l.node.mu.Unlock()
		active = model.ActiveSource{Source: 1}
		if len(l.node.history) > 0 {
			newest, accepted := l.node.newest()[0], l.node.history[len(l.node.history)-1]
			active = model.ActiveSource{Source: newest.Source, Since: &newest.From, Epoch: accepted.Epoch, Pinned: accepted.Pinned}
		}
	})
	return active, err
}

func (l *link) Activations(ctx context.Context, offset, limit int) (list []model.Activation, err error) {
	err = l.do(ctx, "Activations", func() {
		l.node.mu.Lock()
		defer l.node.mu.Unlock()
		list = l.node.newest()
		list = list[min(offset, len(list)):min(offset+limit, len(list))]
	})
	return list, err
}

func (l *link) Maintenances(ctx context.Context) (list []model.Maintenance, err error) {
	err = l.do(ctx, "Maintenances", func() {
		l.node.mu.Lock()
		defer l.node.mu.Unlock()
		list = slices.Clone(l.node.maintenances)
	})
	return list, err
}

// notes are a Memory.
type notes struct {
	mu     sync.Mutex
	stored []model.Note
	broken func(ctx context.Context) error // nil: works
}

func (m *notes) set(broken func(ctx context.Context) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
}

func (m *notes) do(ctx context.Context, f func()) error {
	m.mu.Lock()
	broken := m.broken
	m.mu.Unlock()
	if broken != nil {
		return broken(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	return nil
}

func (m *notes) StoreNote(ctx context.Context, n model.Note) error {
	return m.do(ctx, func() { m.stored = append(m.stored, n) })
}

func (m *notes) Note(ctx context.Context, name string) (n model.Note, err error) {
	missing := true
	err = m.do(ctx, func() {
		for _, s := range slices.Backward(m.stored) {
			if s.Name == name {
				n, missing = s, false
				return
			}
		}
	})
	if err == nil && missing {
		err = model.ErrNotFound
	}
	return n, err
}

// count is how many notes were stored.
func (m *notes) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.stored)
}

// last is the note that was stored last.
func (m *notes) last() model.Note {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stored[len(m.stored)-1]
}

// defaults is the configuration when nothing is set.
func defaults() authority.Config {
	var cfg authority.Config
	if err := config.Load(&cfg, nil); err != nil {
		panic(err)
	}
	return cfg
}

// monitor is one monitor with its host: what survives a restart, and the
// Follower that runs.
type monitor struct {
	*authority.Follower
	name   string
	cfg    authority.Config
	link   *link
	memory *notes
	cancel context.CancelFunc
	done   chan struct{}

	mu sync.Mutex
	// events leave out an Authority that says the same again, and the reason of
	// Standby at the start.
	events []string
	acts   bool
	other  bool // it was last told that another one acts
	last   decision.Authority
	told   int // how often Authority came
}

func newMonitor(name string, node *syncNode) *monitor {
	return &monitor{name: name, cfg: defaults(), link: &link{node: node}, memory: &notes{}}
}

// start starts it. A monitor that was not started does not act.
func (m *monitor) start() {
	ctx, cancel := context.WithCancel(context.Background())
	m.Follower = authority.New(m.cfg, m.link, m.memory, m.name, 1, m.learn, nothing)
	m.cancel, m.done = cancel, make(chan struct{})
	go func() {
		defer close(m.done)
		_ = m.Run(ctx)
	}()
}

// stop stops it as an operator does.
func (m *monitor) stop() {
	m.cancel()
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acts, m.other, m.last = false, false, decision.Authority{}
}

// kill stops it without a last word, neither to the node nor to its memory.
func (m *monitor) kill() {
	m.link.set(away)
	m.memory.set(func(context.Context) error { return model.ErrUnavailable })
	m.stop()
	m.memory.set(nil)
}

func (m *monitor) learn(e decision.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	say := func(format string, args ...any) { m.events = append(m.events, fmt.Sprintf(format, args...)) }
	switch e := e.(type) {
	case decision.Standby:
		if m.acts = !e.On; m.acts != m.View().Acting {
			say("the view says otherwise")
		}
		switch m.other = e.On && e.Why == ""; {
		case m.other:
			say("another acts")
		case e.Why != "" && e.Why != "the sync node has not said since the start which monitor may act":
			say("acts false, as %s", e.Why)
		default:
			say("acts %t", m.acts)
		}
	case decision.Maintenance:
		say("maintenance %d %t", e.Source, e.On)
	case decision.Authority:
		m.told++
		if v := m.View(); v.Active.Epoch != e.Epoch || v.Active.Source != e.Active {
			say("the view says otherwise")
		}
		if e == m.last {
			return
		}
		m.last = e
		text := fmt.Sprintf("active %d epoch %d", e.Active, e.Epoch)
		if e.Pinned {
			text += " pinned"
		}
		if e.Manual {
			text += " manual"
		}
		if e.Reset {
			text += " reset"
		}
		say("%s", text)
		if e.Reset { // said once
			m.last.Reset = false
		}
	}
}

func (m *monitor) isActing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.acts
}

// times is how often Authority was told.
func (m *monitor) times() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.told
}

// heard returns what was told since the last time.
func (m *monitor) heard() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() { m.events = nil }()
	return strings.Join(m.events, ", ")
}

// expect compares what was told since the last time.
func (m *monitor) expect(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	if got := m.heard(); got != want {
		t.Errorf("%s: got %q, want %q", m.name, got, want)
	}
}

// detail compares why it acts or not.
func (m *monitor) detail(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	if got := m.View().ActingDetail; got != want {
		t.Errorf("%s: got %q, want %q", m.name, got, want)
	}
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
