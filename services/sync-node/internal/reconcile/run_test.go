package reconcile

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// TestRun_WrongNode: if another node answers than the configured one, nothing
// is exchanged with it.
func TestRun_WrongNode(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(2)
	store.put(sample(1))
	node.put(sample(2))
	r := reconciler(Config{BatchSize: 10}, store, memoryNode{node})
	if err := r.Once(t.Context()); !errors.Is(err, errWrongNode) {
		t.Errorf("error is %v", err)
	}
	if len(store.records) != 1 || len(node.records) != 1 {
		t.Errorf("%d records here, %d there", len(store.records), len(node.records))
	}
	if s := r.Status()[0]; s.Reachable || !strings.Contains(s.Detail, "number is 2") {
		t.Errorf("status is %+v", s)
	}
}

// TestRun_Poison: a record that can't be stored delays no other, and stays with
// the node.
func TestRun_Poison(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	poison := sample(30)
	poison.Entry.Title = "poison"
	node.put(sample(29), poison, sample(31))
	invalid := model.Health{Source: 1, LogTime: epoch, Details: "\x00"}
	node.putHealths(false, invalid, model.Health{Source: 1, LogTime: epoch})
	store.poison = "poison"
	r := reconciler(Config{BatchSize: 2}, store, memoryNode{node})
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(store.records) != 2 || len(store.health) != 1 {
		t.Errorf("has %d records and %d health statuses", len(store.records), len(store.health))
	}
	state, _, _ := memoryNode{node}.State(t.Context())
	if state.Outbox.Entries != 1 || state.Outbox.Healths != 1 {
		t.Errorf("waits: %+v", state.Outbox)
	}
	// The refusals are shown together with the end of the run.
	if s := r.Status()[0]; s.Refused != 2 || s.Reconciled.IsZero() || !strings.HasPrefix(s.Detail, "2 refused, the first: ") {
		t.Errorf("status is %+v", s)
	}

	// The same holds if the node refuses.
	store.poison, node.poison = "", "toxic"
	toxic := sample(40)
	toxic.Entry.Title = "toxic"
	store.put(toxic)
	lose(node, poison)
	delete(node.health, invalid.UID())
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := r.Status()[0]; s.Refused != 1 || s.Detail != "1 refused, the first: the node refuses a record: poison" {
		t.Errorf("status is %+v", s)
	}
	node.poison = ""
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := r.Status()[0]; s.Refused != 0 || s.Detail != "" || len(node.records) != 3 {
		t.Errorf("status is %+v", s)
	}
}

// TestRun_Settle: if both sides are equal but the node does not know that, the
// run tells it. A run can't tell it about records of other sources, and does
// not try for ever.
func TestRun_Settle(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	for _, side := range []*memory{store, node} {
		for minute := range 50 {
			side.put(sample(minute))
		}
		side.putHealths(false, model.Health{Source: 1, LogTime: epoch})
	}
	stranger := sample(-300)
	stranger.Entry.LogSource = 2
	waiting := func() model.Outbox {
		state, _, _ := memoryNode{node}.State(t.Context())
		return state.Outbox
	}
	acks := 0
	way := &acknowledged{memoryNode{node}, &acks}
	r := reconciler(Config{BatchSize: 10}, store, way)
	once := func() {
		t.Helper()
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	once()
	if o := waiting(); o.Entries != 0 || o.Healths != 0 {
		t.Errorf("still waits: %+v", o)
	}
	node.put(stranger)
	acks = 0
	once()
	once()
	if acks != 50 {
		t.Errorf("acknowledged %d in vain", acks)
	}
	another := sample(10)
	another.Entry.ShowName = "Zorro"
	another.Normalize()
	node.put(another)
	once()
	if o := waiting(); o.Entries != 1 {
		t.Errorf("waits: %+v", o)
	}
}

// acknowledged counts the acknowledgements that the node gets.
type acknowledged struct {
	memoryNode
	n *int
}

func (a *acknowledged) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	*a.n += len(b.Acks)
	return a.memoryNode.Send(ctx, b)
}

// TestRun_Moved: a record that is sent may move the node's copy into a span of
// time that is already done. What only the node knows of that record still
// arrives.
func TestRun_Moved(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	here, there, other := sample(0), sample(0), sample(1)
	here.Corrections = []model.Correction{{
		Kind: model.CorrectionAmend, At: epoch, By: "M. Tester", Reason: "late", Changes: model.Changes{TrackStart: new(epoch.Add(26 * time.Hour))},
	}}
	here.Normalize()
	store.put(here, other)
	node.put(there, other)
	r := reconciler(Config{BatchSize: 1}, store, memoryNode{node})
	want := union(store, node)
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(contents(store.records), want) || !maps.Equal(contents(node.records), want) {
		t.Errorf("the sync node has %v, the node %v, want %v", contents(store.records), contents(node.records), want)
	}
	if state, _, _ := (memoryNode{node}).State(t.Context()); state.Outbox.Entries != 0 {
		t.Errorf("waits: %+v", state.Outbox)
	}
}

// TestRun_Kinds: trouble with one kind of records does not prevent the exchange
// of the others.
func TestRun_Kinds(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	node.put(sample(1))
	node.putHealths(false, model.Health{Source: 1, LogTime: epoch})
	r := New(Config{BatchSize: 10, Interval: time.Hour}, brokenEntries{store}, &leases{}, "test",
		[]Peer{{Number: 1, Node: memoryNode{node}}}, zerolog.Nop())
	if err := r.Once(t.Context()); !errors.Is(err, errOwn) {
		t.Errorf("error is %v", err)
	}
	if len(store.health) != 1 {
		t.Error("the health status did not come")
	}
	if s := r.Status()[0]; !s.Reachable || s.Detail == "" {
		t.Errorf("status is %+v: it is not the node's fault", s)
	}
}

type brokenEntries struct{ *memory }

func (b brokenEntries) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	if q.Kind == model.KindEntry {
		return nil, model.ErrUnavailable
	}
	return b.memory.Digests(ctx, q)
}
