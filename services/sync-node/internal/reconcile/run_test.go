package reconcile

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/stationtime"
)

// TestRun_WrongNode: a node that is not the one that it is configured as gets
// and gives nothing.
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
	if s := r.Status()[0]; s.Reachable || !strings.Contains(s.Detail, "number 2") {
		t.Errorf("status is %+v", s)
	}
}

// TestRun_Poison: a record that can't be stored holds up no other, and stays
// with the node.
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
	if got := r.nodes[0].tally.Load().refused.Load(); got != 2 {
		t.Errorf("counts %d refused", got)
	}
}

// TestRun_Settle: where both sides are equal but the node does not know it, the
// run tells it; what is not of the node's own source it can't, and does not try
// for ever.
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

// acknowledged counts what the node is told.
type acknowledged struct {
	memoryNode
	n *int
}

func (a *acknowledged) Send(ctx context.Context, b peer.Batch) (peer.Results, error) {
	*a.n += len(b.Acks)
	return a.memoryNode.Send(ctx, b)
}

// original is a node that knows nothing but pages.
type original struct {
	memoryNode
	playlog    []model.Entry
	ignorePage bool
	asked      int
}

func (o *original) State(context.Context) (peer.State, time.Duration, error) {
	return peer.State{}, 0, peer.ErrUnsupported
}

func (o *original) Playlog(_ context.Context, number, limit int, _ *stationtime.Zone) ([]model.Entry, error) {
	o.asked++
	if o.ignorePage {
		number = 0
	}
	limit = min(limit, 7) // it gives no more at once, whatever is asked for
	entries, _ := page(o.playlog, number*limit, limit)
	return entries, nil
}

func TestRun_Original(t *testing.T) {
	t.Parallel()
	for _, ignorePage := range []bool{false, true} {
		t.Run(strconv.FormatBool(ignorePage), func(t *testing.T) {
			t.Parallel()
			store := newMemory(0)
			node := &original{memoryNode: memoryNode{newMemory(1)}, ignorePage: ignorePage}
			for minute := range 30 {
				e := sample(minute).Entry
				e.LogSource = 0 // it does not say so
				node.playlog = append(node.playlog, e)
			}
			r := reconciler(Config{BatchSize: 10}, store, node)
			if err := r.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			want, pages := 30, 6
			if ignorePage {
				want, pages = 7, 2
			}
			if len(store.records) != want || node.asked != pages {
				t.Errorf("%d records of %d in %d pages", len(store.records), want, node.asked)
			}
			for _, record := range store.records {
				if record.Entry.LogSource != 1 {
					t.Fatalf("stored %+v", record.Entry)
				}
			}
			if s := r.Status()[0]; !s.Reachable || s.Reconciled.IsZero() || s.Fetched != int64(want) {
				t.Errorf("status is %+v", s)
			}
		})
	}
}

// TestRun_Kinds: trouble with one kind of records does not keep the others from
// being exchanged.
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

func (b brokenEntries) Digests(ctx context.Context, q repo.DigestQuery) ([]model.Digest, error) {
	if q.Kind == model.KindEntry {
		return nil, model.ErrUnavailable
	}
	return b.memory.Digests(ctx, q)
}
