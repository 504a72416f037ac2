package act

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/delivery/deliverytest"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
)

// writtenAgain is how soon a write into the database is tried again.
const writtenAgain = time.Second

var errNetwork = fmt.Errorf("%w: connection refused", model.ErrUnavailable)

// store is the monitor's database in memory. It keeps the promises of *repo.Node.
type store struct {
	deliverytest.Ledger
	notes  map[string]model.Note
	proofs int // how many were noted
}

func (s *store) StoreNote(ctx context.Context, n model.Note) error {
	return s.Do(ctx, "note", func() { s.keep(n) })
}

func (s *store) keep(n model.Note) {
	if s.notes == nil {
		s.notes = map[string]model.Note{}
	}
	s.notes[n.Name] = n
	s.proofs++
}

func (s *store) Note(ctx context.Context, name string) (n model.Note, err error) {
	err = s.Do(ctx, "read", func() { n = s.notes[name] })
	if err == nil && n.Name == "" {
		err = model.ErrNotFound
	}
	return n, err
}

// node is a sync node in memory, which admits activations as the real one does.
type node struct {
	mu      sync.Mutex
	records []model.Activation
	asked   []peer.ActivateRequest
	times   []time.Time
	// before, if set, is called before a request is served, and after afterwards.
	before, after func(ctx context.Context, r peer.ActivateRequest) error
	// behind is how far the node's clock is behind ours.
	behind time.Duration
	reign  reign // the last one
	// reigns are those before it.
	reigns []reign
}

// reign is a period with the lease.
type reign struct {
	holder string
	epoch  int64
}

// reigned gives the lease to somebody.
func (n *node) reigned(holder string) (epoch int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reigns = append(n.reigns, n.reign)
	n.reign = reign{holder, n.reign.epoch + 1}
	return n.reign.epoch
}

// deposed reports whether another monitor has had the lease since.
func (n *node) deposed(l *model.Lease) bool {
	return l != nil && slices.ContainsFunc(append(n.reigns, n.reign), func(r reign) bool {
		return r.epoch > l.Epoch && r.holder != l.Holder
	})
}

func (n *node) set(before func(context.Context, peer.ActivateRequest) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.before = before
}

func (n *node) Activate(ctx context.Context, r peer.ActivateRequest) error {
	n.mu.Lock()
	n.asked, n.times = append(n.asked, r), append(n.times, time.Now())
	before, after := n.before, n.after
	n.mu.Unlock()
	if before != nil {
		if err := before(ctx, r); err != nil {
			return err
		}
	}
	if err := n.serve(r); err != nil {
		return err
	}
	if after != nil {
		return after(ctx, r)
	}
	return nil
}

func (n *node) serve(r peer.ActivateRequest) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now().Add(-n.behind)
	a := model.Activation{Source: r.Source, From: r.At, RecordedAt: now, By: r.By, Reason: r.Reason}
	switch {
	case r.At.IsZero():
		a.From = now
	case r.At.After(now.Add(5 * time.Second)):
		return model.Invalid("at", r.At.Format(time.RFC3339), "must not be in the future")
	case r.At.After(now):
		a.From = now
	}
	last := n.last()
	repeats := func(told model.Activation) bool {
		return told.Source == r.Source && told.From.Equal(a.From) && told.By == r.By
	}
	switch {
	case !r.At.IsZero() && slices.ContainsFunc(n.records, repeats):
		return nil // whatever came after it
	case n.deposed(r.Lease), r.Epoch != nil && *r.Epoch != last.Epoch:
		return fmt.Errorf("%w: answered 412", model.ErrStaleEpoch)
	case last.Pinned:
		return fmt.Errorf("%w: answered 409", model.ErrPinned)
	}
	a.Epoch = last.Epoch + 1
	n.records = append(n.records, a)
	return nil
}

func (n *node) last() model.Activation {
	if len(n.records) == 0 {
		return model.Activation{}
	}
	return n.records[len(n.records)-1]
}

// switchTo is somebody else's activation.
func (n *node) switchTo(source int, pin bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.records = append(n.records, model.Activation{
		Epoch: n.last().Epoch + 1, Source: source, From: time.Now(), By: "somebody", Pinned: pin,
	})
}

func (n *node) epoch() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last().Epoch
}

// sources are the sources of the records, in order.
func (n *node) sources() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []int
	for _, a := range n.records {
		all = append(all, a.Source)
	}
	return all
}

func (n *node) requests() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.times)
}

// monitor is an Actor with all that it needs.
type monitor struct {
	*Actor
	log       *loggingtest.Lines
	mu        sync.Mutex
	overtaken int
	lease     model.Lease
	stop      func() // returns when Run has returned
}

// reigns sets the lease under which the monitor decides from now on.
func (m *monitor) reigns(epoch int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease = model.Lease{Holder: "a", Epoch: epoch}
}

func (m *monitor) activationsWait() bool {
	return m.Waiting()[0].Count > 0
}

func (m *monitor) wasOvertaken() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.overtaken
}

// prepared makes an Actor that does not run yet.
func prepared(t *testing.T, cfg Config, s Store, n SyncNode) *monitor {
	t.Helper()
	m := &monitor{log: &loggingtest.Lines{}}
	var err error
	lease := func() model.Lease {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.lease
	}
	if m.Actor, err = New(cfg, s, n, "monitor-a", lease, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.overtaken++
	}, zerolog.New(m.log)); err != nil {
		t.Fatal(err)
	}
	return m
}

// start runs it until the end of the test, or until stop.
func (m *monitor) start(t *testing.T) *monitor {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	m.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(m.stop)
	return m
}

// begin starts the monitor with what waits loaded.
func begin(t *testing.T, cfg Config, s Store, n SyncNode) *monitor {
	t.Helper()
	m := prepared(t, cfg, s, n)
	m.load(t)
	return m.start(t)
}

// load brings back what waits from before a restart.
func (m *monitor) load(t *testing.T) {
	t.Helper()
	if err := m.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// after lets time pass, and waits for whatever happens then.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// activate decides for a source upon an epoch, a moment after the last decision.
func (m *monitor) activate(t *testing.T, source int, epoch int64) {
	time.Sleep(time.Millisecond)
	m.Activate(decision.Activate{Source: source, From: 9, At: time.Now(), Epoch: epoch, Reason: "was silent"})
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

var errBroken = errors.New("disk full")
