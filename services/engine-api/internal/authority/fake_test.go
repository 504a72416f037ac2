package authority

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

var start = time.Date(2020, 6, 27, 17, 0, 0, 0, time.UTC)

// syncNode is a sync node in memory.
type syncNode struct {
	mu          sync.Mutex
	activations []model.Activation
	// trouble, if set, is called before each call.
	trouble func(ctx context.Context, call string) error
	without bool  // has no history
	older   bool  // has no list by epoch
	another error // why it is not a sync node
	checks  int
	asked   []time.Time
	calls   map[string]int
	wishes  []peer.ActivateRequest
}

func (n *syncNode) begin(ctx context.Context, call string) error {
	n.mu.Lock()
	if call == "ActiveSource" {
		n.asked = append(n.asked, time.Now())
	}
	if n.calls == nil {
		n.calls = map[string]int{}
	}
	n.calls[call]++
	trouble := n.trouble
	n.mu.Unlock()
	if trouble == nil {
		return nil
	}
	return trouble(ctx, call)
}

func (n *syncNode) fail(trouble func(ctx context.Context, call string) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trouble = trouble
}

func (n *syncNode) called(call string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[call]
}

// activate is a switch by another client.
func (n *syncNode) activate(source int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	epoch := int64(len(n.activations) + 1)
	n.activations = append(n.activations, model.Activation{
		Epoch: epoch, Source: source, From: start.Add(time.Duration(epoch) * time.Minute), RecordedAt: start, By: "somebody",
	})
}

func (n *syncNode) active() model.ActiveSource {
	if len(n.activations) == 0 {
		return model.ActiveSource{Source: 1}
	}
	last := n.activations[len(n.activations)-1]
	return model.ActiveSource{Source: last.Source, Since: &last.From, Epoch: last.Epoch, Pinned: last.Pinned}
}

func (n *syncNode) CheckSyncNode(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.checks++
	return n.another
}

func (n *syncNode) ActiveSource(ctx context.Context) (model.ActiveSource, error) {
	if err := n.begin(ctx, "ActiveSource"); err != nil {
		return model.ActiveSource{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.active(), nil
}

func (n *syncNode) Activate(ctx context.Context, r peer.ActivateRequest) error {
	if err := n.begin(ctx, "Activate"); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wishes = append(n.wishes, r)
	if *r.Epoch != n.active().Epoch {
		return model.ErrStaleEpoch
	}
	n.activations = append(n.activations, model.Activation{
		Epoch: *r.Epoch + 1, Source: r.Source, From: start.Add(time.Hour), RecordedAt: start, By: r.By, Reason: r.Reason, Pinned: *r.Pin,
	})
	return nil
}

func (n *syncNode) Activations(ctx context.Context, offset, limit int) ([]model.Activation, error) {
	if err := n.begin(ctx, "Activations"); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.without {
		return nil, nil
	}
	list := slices.Clone(n.activations)
	slices.Reverse(list)
	return list[min(offset, len(list)):min(offset+limit, len(list))], nil
}

func (n *syncNode) ActivationsAfter(ctx context.Context, after int64, limit int) ([]model.Activation, error) {
	if err := n.begin(ctx, "ActivationsAfter"); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.older {
		return nil, peer.ErrUnsupported
	}
	var page []model.Activation
	for _, a := range n.activations {
		if a.Epoch > after && len(page) < limit && !n.without {
			page = append(page, a)
		}
	}
	return page, nil
}

// notes are a Memory in memory.
type notes struct {
	mu          sync.Mutex
	activations map[int64]model.Activation
	broken      bool
	writes      int
}

func (m *notes) ActiveSource(context.Context, time.Time) (model.ActiveSource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var last model.Activation
	for epoch, a := range m.activations {
		if epoch > last.Epoch {
			last = a
		}
	}
	switch {
	case m.broken:
		return model.ActiveSource{}, model.ErrUnavailable
	case last.Epoch == 0:
		return model.ActiveSource{}, model.ErrNotFound
	}
	return model.ActiveSource{Source: last.Source, Since: &last.From, Epoch: last.Epoch, Pinned: last.Pinned}, nil
}

func (m *notes) RememberActivations(_ context.Context, list []model.Activation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return model.ErrUnavailable
	}
	for _, a := range list {
		m.writes++
		m.activations[a.Epoch] = a
	}
	return nil
}

func (m *notes) set(broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
}

// changes counts calls of the changed hook.
type changes struct {
	mu sync.Mutex
	n  int
}

func (c *changes) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *changes) since(before int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n - before
}

type deployment struct {
	*Follower
	t       *testing.T
	node    *syncNode
	notes   *notes
	changes *changes
	stop    func()
}

func deploy(t *testing.T, node *syncNode, memory *notes) *deployment {
	t.Helper()
	d := &deployment{t: t, node: node, notes: memory, changes: &changes{}}
	d.Follower = New(node, memory, 7, d.changes.add, zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	d.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(d.stop)
	synctest.Wait()
	return d
}

func newNotes() *notes { return &notes{activations: map[int64]model.Activation{}} }

// is fails if the follower's answer differs from this one.
func (d *deployment) is(source int, epoch int64, stale bool) {
	d.t.Helper()
	got, err := d.ActiveSource(d.t.Context(), time.Now())
	if err != nil || got.Source != source || got.Epoch != epoch || got.Stale != stale {
		d.t.Errorf("%+v, %v; want source %d, epoch %d, stale %t", got, err, source, epoch, stale)
	}
}

func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
