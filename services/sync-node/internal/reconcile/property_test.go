package reconcile

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer/original"
)

// epoch is a time in the middle of a month. Records of these tests are from
// around that time.
var epoch = time.Date(2026, 10, 20, 7, 0, 0, 0, time.UTC)

// drawAt draws a time in one of a few hours, days and months.
func drawAt(t *rapid.T) time.Time {
	return epoch.
		AddDate(0, -rapid.SampledFrom([]int{0, 0, 0, 1, 5}).Draw(t, "months"), -rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "days")).
		Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "hours")) * time.Hour).
		Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "minutes")) * time.Minute)
}

// drawRecord draws a copy of one of a few records, with some of its detail and
// some of its corrections.
func drawRecord(source int) *rapid.Generator[model.Record] {
	return rapid.Custom(func(t *rapid.T) model.Record {
		r := model.Record{Entry: model.Entry{
			LogSource: source, TrackStart: drawAt(t), Title: rapid.SampledFrom([]string{"Halah", "Ghost Highway"}).Draw(t, "title"),
			Duration:   time.Duration(rapid.IntRange(0, 2).Draw(t, "duration")) * time.Minute,
			TimeslotID: int64(rapid.IntRange(0, 1).Draw(t, "timeslot")),
			ShowName:   rapid.SampledFrom([]string{"", "Nightline"}).Draw(t, "show"),
			Manual:     rapid.Bool().Draw(t, "manual"),
		}}
		for i := range rapid.IntRange(0, 2).Draw(t, "corrections") {
			c := model.Correction{Kind: model.CorrectionVoid, At: epoch.Add(time.Duration(i) * time.Minute), By: "M. Tester", Reason: "never heard"}
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 1:
				c.Kind, c.Changes.Title = model.CorrectionAmend, new("Halah (live)")
			case 2: // the record moves to another bucket
				c.Kind, c.Changes.TrackStart = model.CorrectionAmend, new(r.Entry.TrackStart.Add(26*time.Hour))
			}
			r.Corrections = append(r.Corrections, c)
		}
		r.Normalize()
		return r
	})
}

func drawHealth(source int) *rapid.Generator[model.Health] {
	return rapid.Custom(func(t *rapid.T) model.Health {
		return model.Health{Source: source, LogTime: drawAt(t), Healthy: rapid.Bool().Draw(t, "healthy")}
	})
}

// peerOf returns the node as a peer, original or not.
func peerOf(number int, node Node) Peer {
	asOriginal, _ := node.(Original)
	return Peer{Number: number, URL: "http://node", Node: node, Original: asOriginal}
}

// reconciler returns a reconciler of a single node.
func reconciler(cfg Config, store Store, node Node) *Reconciler {
	cfg.Interval = time.Hour
	return New(cfg, store, &leases{}, "test", []Peer{peerOf(1, node)}, zerolog.Nop())
}

// union returns what both sides must have in the end.
func union(sides ...*memory) map[model.Fingerprint]model.Content {
	all := map[model.Fingerprint]model.Record{}
	for _, m := range sides {
		for id, r := range m.records {
			if known, ok := all[id]; ok {
				r = model.MergeRecords(known, r)
			}
			all[id] = r
		}
	}
	return contents(all)
}

func contents(records map[model.Fingerprint]model.Record) map[model.Fingerprint]model.Content {
	all := map[model.Fingerprint]model.Content{}
	for id, r := range records {
		all[id] = r.Content()
	}
	return all
}

var errCable = errors.New("somebody pulled the cable")

// TestRun_Equal: it does not matter what both sides hold, what fails on the
// way, and who writes meanwhile. A run without trouble ends with the union on
// both sides. By the next run at the latest, nothing waits at the node.
func TestRun_Equal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		store, node := newMemory(0), newMemory(1)
		for _, side := range []*memory{store, node} {
			side.put(rapid.SliceOfN(drawRecord(1), 0, 20).Draw(t, "records")...)
			side.putHealths(false, rapid.SliceOfN(drawHealth(1), 0, 8).Draw(t, "healths")...)
			if rapid.Bool().Draw(t, "clock") {
				side.clocks[1] = model.Clock{Source: 1, SentAt: drawAt(t), Body: []byte(`{}`)}
			}
		}
		store.put(rapid.SliceOfN(drawRecord(2), 0, 2).Draw(t, "of another node")...)
		for id, r := range node.records { // as if the sync node had lost its database
			r.Entry.Synced = rapid.Bool().Draw(t, "synced")
			node.records[id] = r
		}
		cfg := Config{BatchSize: rapid.IntRange(1, 5).Draw(t, "batch")}

		// What goes wrong, and what others do during the runs.
		failing := rapid.IntRange(0, 40).Draw(t, "failing call")
		lost := rapid.IntRange(0, 40).Draw(t, "lost answer")
		news := rapid.SliceOfN(drawRecord(1), 0, 5).Draw(t, "news")
		pushes := rapid.IntRange(0, 3).Draw(t, "pushes")
		way := &troubled{Node: memoryNode{node}}
		way.before = func(call int) error {
			if call%3 == 0 && len(news) > 0 {
				node.put(news[0])
				news = news[1:]
			}
			if call%4 == 0 {
				memoryNode{node}.push(store, pushes)
			}
			if call == failing {
				return errCable
			}
			return nil
		}
		way.after = func(call int) error {
			if call == lost {
				return errCable
			}
			return nil
		}
		r := reconciler(cfg, store, way)
		for range 3 {
			if err := r.Once(t.Context()); err != nil && !errors.Is(err, errCable) {
				t.Fatal(err)
			}
		}

		node.put(news...)
		news = nil
		way.before, way.after = func(int) error { return nil }, nil
		want := union(store, node)
		for id, r := range store.records {
			if r.Entry.LogSource != 1 {
				delete(want, id)
			}
		}
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := contents(node.records); !maps.Equal(got, want) {
			t.Fatalf("the node has %d records, want %d", len(got), len(want))
		}
		for id, content := range want {
			if ours := store.records[id]; ours.Content() != content {
				t.Fatalf("the sync node has %+v", ours)
			}
		}
		if len(store.health) != len(node.health) || !maps.Equal(store.health, node.health) {
			t.Fatalf("health statuses: %d here, %d there", len(store.health), len(node.health))
		}
		if !store.clocks[1].SentAt.Equal(node.clocks[1].SentAt) {
			t.Fatalf("clocks: %v here, %v there", store.clocks[1], node.clocks[1])
		}
		// Records that were equal and still waited may be found stuck only by this
		// run.
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		state, _, _ := memoryNode{node}.State(t.Context())
		if state.Outbox.Entries != 0 || state.Outbox.Healths != 0 {
			t.Fatalf("still waits: %+v", state.Outbox)
		}
		audits, err := r.Audit(t.Context())
		if err != nil || len(audits) != 1 || !audits[0].Equal() {
			t.Fatalf("audit says %+v, %v", audits, err)
		}
		if kinds := audits[0].Kinds; kinds[0].Equal != int64(len(want)) || kinds[1].Equal != int64(len(node.health)) {
			t.Fatalf("audit counts %+v, want %d and %d", kinds, len(want), len(node.health))
		}
	})
}

// TestRun_Nodes: the number of nodes does not matter, nor that one is original
// and some are away. At the end of a run the sync node has all records of the
// nodes that are present. Each of these nodes has all records of its own
// source, and all activations are here.
func TestRun_Nodes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const nodes, old = 5, 5 // the last one is original
		store := newMemory(0)
		var peers []Peer
		sides := map[int]*memory{}
		var away [nodes + 1]atomic.Bool
		var activations []model.Activation
		for number := 1; number <= nodes; number++ {
			side := newMemory(number)
			sides[number] = side
			side.put(rapid.SliceOfN(drawRecord(number), 0, 8).Draw(t, "records")...)
			store.put(rapid.SliceOfN(drawRecord(number), 0, 8).Draw(t, "records here")...)
			if number == old {
				for id, r := range side.records { // it knows no corrections
					r.Corrections = nil
					r.Normalize()
					side.records[id] = r
				}
				peers = append(peers, peerOf(number, &originalNode{memoryNode: memoryNode{side}, playlog: playedBy(side), most: 3}))
				continue
			}
			side.putHealths(false, rapid.SliceOfN(drawHealth(number), 0, 3).Draw(t, "healths")...)
			// Records of another node's source go through the outbox.
			side.put(rapid.SliceOfN(drawRecord(number%nodes+1), 0, 2).Draw(t, "of another source")...)
			for range rapid.IntRange(0, 3).Draw(t, "activations") {
				a := model.Activation{Epoch: int64(len(side.activations) + 1), Source: rapid.IntRange(1, nodes).Draw(t, "source"), From: drawAt(t), RecordedAt: epoch}
				side.activations = append(side.activations, a)
				activations = append(activations, a)
			}
			way := &troubled{Node: memoryNode{side}, before: func(int) error {
				if away[number].Load() {
					return errCable
				}
				return nil
			}}
			peers = append(peers, Peer{Number: number, Node: way})
		}
		r := New(Config{Interval: time.Hour, BatchSize: rapid.IntRange(1, 5).Draw(t, "batch")}, store, &leases{}, "test", peers, zerolog.Nop())

		// verify fails if a node that is present has other records than the sync
		// node.
		verify := func() {
			t.Helper()
			for number, side := range sides {
				if away[number].Load() {
					continue
				}
				here, there := of(number, store), of(number, side)
				if number == old {
					for id := range there {
						if _, ok := here[id]; !ok {
							t.Fatalf("the sync node lacks a record of the original node")
						}
					}
					continue
				}
				if !maps.Equal(here, there) || !maps.Equal(healthsOf(number, store), healthsOf(number, side)) {
					t.Fatalf("node %d has %d records, the sync node %d of its", number, len(there), len(here))
				}
				if unknown, _ := store.UnknownActivations(t.Context(), side.activations); len(unknown) > 0 {
					t.Fatalf("the sync node lacks %d activations of node %d", len(unknown), number)
				}
			}
		}
		gone := rapid.IntRange(1, nodes-1).Draw(t, "away")
		away[gone].Store(true)
		if err := r.Once(t.Context()); !errors.Is(err, errCable) {
			t.Fatalf("error is %v", err)
		}
		verify()
		if s := r.Status()[gone-1]; s.Reachable || !s.Reconciled.IsZero() {
			t.Fatalf("the node that is away: %+v", s)
		}
		away[gone].Store(false)
		for _, side := range sides { // records of other sources go through the outbox
			memoryNode{side}.push(store, 1000)
		}
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		verify()
		if unknown, _ := store.UnknownActivations(t.Context(), activations); len(unknown) > 0 {
			t.Fatalf("the sync node lacks %d activations", len(unknown))
		}
		audits, err := r.Audit(t.Context())
		if err != nil || len(audits) != nodes {
			t.Fatal(audits, err)
		}
		for _, a := range audits {
			if a.Equal() != (a.Number != old) {
				t.Fatalf("audit says %+v", a)
			}
		}
	})
}

// of returns the contents of all records of a source.
func of(source int, m *memory) map[model.Fingerprint]model.Content {
	all := map[model.Fingerprint]model.Content{}
	for id, r := range m.records {
		if r.Entry.LogSource == source {
			all[id] = r.Content()
		}
	}
	return all
}

func healthsOf(source int, m *memory) map[model.Fingerprint]model.Health {
	all := maps.Clone(m.health)
	maps.DeleteFunc(all, func(_ model.Fingerprint, h model.Health) bool { return h.Source != source })
	return all
}

func playedBy(m *memory) []original.Played {
	var all []original.Played
	for _, r := range m.records {
		all = append(all, original.Played{Entry: r.Entry})
	}
	return all
}

// TestRun_Frugal: equal records are not fetched, and for a difference only the
// hours that differ.
func TestRun_Frugal(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	var all []model.Record
	for i := range 2000 {
		all = append(all, model.Record{Entry: model.Entry{LogSource: 1, TrackStart: epoch.Add(time.Duration(i) * 3 * time.Minute), Title: strconv.Itoa(i)}})
	}
	node.put(all...)
	store.put(all...)
	const missing = 777
	all[missing].Normalize()
	delete(store.records, all[missing].Entry.Fingerprint())
	var records, calls atomic.Int64
	way := counting{memoryNode{node}, &records, &calls}
	r := reconciler(Config{BatchSize: 20}, store, way)
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(store.records) != len(all) {
		t.Errorf("%d records, want %d", len(store.records), len(all))
	}
	// One record tells when the history begins, and the others are those of an
	// hour.
	if got := records.Load(); got != 1+20 {
		t.Errorf("fetched %d records for one that was missing", got)
	}
	if got := calls.Load(); got > 20 {
		t.Errorf("asked %d times", got)
	}
}

// counting counts what comes over the wire.
type counting struct {
	memoryNode
	records, calls *atomic.Int64
}

func (c counting) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	c.calls.Add(1)
	return c.memoryNode.Digests(ctx, q)
}

func (c counting) Records(ctx context.Context, source int, from, to time.Time, after string, limit int) ([]model.Record, string, error) {
	c.calls.Add(1)
	page, next, err := c.memoryNode.Records(ctx, source, from, to, after, limit)
	c.records.Add(int64(len(page)))
	return page, next, err
}
