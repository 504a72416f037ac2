package reconcile

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// diary records when runs with a node began. Each run asks once for digests of
// the healths, whatever it finds.
type diary struct {
	memoryNode
	runs   chan time.Time
	answer func() error // the answer to every call
}

func newDiary(host int) *diary {
	return &diary{memoryNode: memoryNode{newMemory(host)}, runs: make(chan time.Time, 10_000), answer: func() error { return nil }}
}

func (d *diary) State(ctx context.Context) (peer.State, time.Duration, error) {
	if err := d.answer(); err != nil {
		return peer.State{}, 0, err
	}
	return d.memoryNode.State(ctx)
}

func (d *diary) Digests(ctx context.Context, q model.DigestQuery) ([]model.Digest, error) {
	if q.Kind == model.KindHealth {
		d.runs <- time.Now()
	}
	return d.memoryNode.Digests(ctx, q)
}

// ran returns the times of the runs since the last call.
func (d *diary) ran() []time.Time {
	synctest.Wait()
	var all []time.Time
	for {
		select {
		case at := <-d.runs:
			all = append(all, at)
		default:
			return all
		}
	}
}

// begin runs a reconciler until the test ends.
func begin(t *testing.T, r *Reconciler) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func reconcilerOf(interval time.Duration, l Leases, holder string, nodes ...Node) *Reconciler {
	var peers []Peer
	for i, n := range nodes {
		peers = append(peers, peerOf(i+1, n))
	}
	return New(Config{Interval: interval, BatchSize: 10}, newMemory(0), l, holder, peers, zerolog.Nop())
}

func TestReconciler_Interval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := newDiary(1)
		began := time.Now()
		begin(t, reconcilerOf(time.Hour, &leases{}, "a", node))
		time.Sleep(20 * time.Hour)
		runs := node.ran()
		if len(runs) < 18 || len(runs) > 23 || !runs[0].Equal(began) {
			t.Fatalf("%d runs in 20 h, the first %s after the start", len(runs), runs[0].Sub(began))
		}
		pauses := map[time.Duration]bool{}
		for i := 1; i < len(runs); i++ {
			pause := runs[i].Sub(runs[i-1])
			pauses[pause] = true
			if pause < 54*time.Minute || pause > 66*time.Minute {
				t.Errorf("a pause of %s", pause)
			}
		}
		if len(pauses) < 10 {
			t.Errorf("only %d pauses differ: no jitter", len(pauses))
		}
	})
}

// TestReconciler_Log: the on-air log is checked once for all nodes: at start,
// with each round of runs, and on demand. It is also checked if nodes are away.
func TestReconciler_Log(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nodes := []Node{newDiary(1), newDiary(2), newDiary(3), &undigested{memoryNode{newMemory(4)}, new(int)}}
		r := reconcilerOf(time.Hour, &leases{}, "a", nodes...)
		store := r.store.(*memory)
		begin(t, r)
		time.Sleep(time.Second)
		if n := store.looked(); n != 1 {
			t.Errorf("%d times at start", n)
		}
		time.Sleep(20*time.Hour - time.Second)
		if n := store.looked(); n < 17 || n > 25 {
			t.Errorf("%d times in 20 h", n)
		}
		before := store.looked()
		for range 2 {
			r.Trigger()
			time.Sleep(time.Second)
		}
		if n := store.looked() - before; n != 2 {
			t.Errorf("%d times for two demands", n)
		}
	})
}

func TestReconciler_Trigger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := newDiary(1)
		slow := make(chan struct{})
		r := reconcilerOf(time.Hour, &leases{}, "a", node)
		begin(t, r)
		if n := len(node.ran()); n != 1 {
			t.Fatalf("%d runs at start", n)
		}
		r.Trigger()
		if n := len(node.ran()); n != 1 {
			t.Errorf("%d runs on demand", n)
		}
		node.answer = func() error { <-slow; return nil }
		for range 10 {
			r.Trigger()
			synctest.Wait() // the first run is under way
		}
		node.answer = func() error { return nil }
		close(slow)
		if n := len(node.ran()); n != 2 {
			t.Errorf("%d runs for ten demands, want the one under way and one after it", n)
		}
	})
}

// TestReconciler_Backoff: a node that is away is tried again soon, then less
// and less often. It delays no other node. When it is back, it is compared at
// once.
func TestReconciler_Backoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node, other := newDiary(1), newDiary(2)
		var tries atomic.Int64
		var isBack atomic.Bool
		node.answer = func() error {
			if isBack.Load() {
				return nil
			}
			tries.Add(1)
			return errCable
		}
		r := reconcilerOf(time.Hour, &leases{}, "a", node, other)
		begin(t, r)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := tries.Load(); n < 3 || n > 5 {
			t.Errorf("%d tries in the first 10 s", n)
		}
		if s := r.Status(); s[0].Reachable || s[0].Detail == "" || !s[1].Reachable {
			t.Errorf("status is %+v", s)
		}
		time.Sleep(5 * time.Hour)
		before := tries.Load()
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		looks := int64(5 * time.Hour / lookEvery)
		if got := tries.Load() - before - looks; got < 4 || got > 8 {
			t.Errorf("%d tries beside the looks in 5 h", got)
		}
		if n := len(other.ran()); n < 9 || n > 12 {
			t.Errorf("%d runs with the other node in 10 h", n)
		}
		if n := len(node.ran()); n != 0 {
			t.Errorf("%d runs with a node that is away", n)
		}
		isBack.Store(true)
		time.Sleep(lookEvery)
		if n := len(node.ran()); n != 1 {
			t.Errorf("%d runs when the node was back", n)
		}
		if s := r.Status()[0]; !s.Reachable || s.Detail != "" || s.Reconciled.IsZero() {
			t.Errorf("status is %+v", s)
		}
	})
}

// TestReconciler_Failing: a node that tells its state but can't be compared is
// not tried again at every look. The reason stays visible.
func TestReconciler_Failing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := reconcilerOf(time.Hour, &leases{}, "a", &undigested{memoryNode{newMemory(1)}, &tries})
		begin(t, r)
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if tries < 12 || tries > 20 {
			t.Errorf("%d tries in 5 h", tries)
		}
		if s := r.Status()[0]; !s.Reachable || s.Detail == "" || time.Since(s.Seen) > lookEvery {
			t.Errorf("status is %+v", s)
		}
	})
}

// undigested is a node whose database is broken.
type undigested struct {
	Node
	tries *int
}

func (u *undigested) Digests(_ context.Context, q model.DigestQuery) ([]model.Digest, error) {
	if q.Kind == model.KindEntry {
		*u.tries++
	}
	return nil, errCable
}

// TestReconciler_RetryAfter: a node that asks for a pause gets it.
func TestReconciler_RetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := newDiary(1)
		tries := 0
		node.answer = func() error { tries++; return &peer.StatusError{Status: 503, RetryAfter: 20 * time.Second} }
		begin(t, reconcilerOf(time.Hour, &leases{}, "a", node))
		time.Sleep(19 * time.Second)
		synctest.Wait()
		if tries != 1 {
			t.Errorf("%d tries", tries)
		}
	})
}

// TestReconciler_OneProcess: only one of two processes reconciles at a time,
// and when one dies, the other takes over.
func TestReconciler_OneProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := &leases{}
		node := newDiary(1)
		slow := make(chan struct{})
		node.answer = func() error { <-slow; return nil }
		first, second := reconcilerOf(time.Hour, shared, "a", node, newDiary(2)), reconcilerOf(time.Hour, shared, "b", newDiary(1))
		begin(t, first)
		synctest.Wait()
		begin(t, second)
		time.Sleep(time.Hour) // longer than an unrenewed lease lasts
		synctest.Wait()
		if s := second.Status()[0]; !s.Reconciled.IsZero() || s.Running {
			t.Errorf("two at a time: %+v", s)
		}
		if s := first.Status()[1]; s.Reconciled.IsZero() {
			t.Errorf("a slow node holds up another one: %+v", s)
		}
		close(slow)
		time.Sleep(2 * turnPause)
		synctest.Wait()
		if s := second.Status()[0]; s.Reconciled.IsZero() {
			t.Errorf("did not get its turn: %+v", s)
		}

		// Another process took the lease and died.
		shared.set(func(l *leases) { l.holder, l.expires = "dead", time.Now().Add(leaseTTL) })
		done := make(chan error)
		go func() { done <- second.Once(t.Context()) }()
		before := time.Now()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if waited := time.Since(before); waited < leaseTTL || waited > leaseTTL+2*turnPause {
			t.Errorf("waited %s for a dead process's lease", waited)
		}
	})
}

// TestReconciler_LostLease: a run ends when another process has the lease, or
// when the database does not answer for as long as the lease lasts.
func TestReconciler_LostLease(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose   func(*leases)
		within time.Duration
	}{
		"taken": {func(l *leases) { l.holder, l.expires = "other", time.Now().Add(time.Hour) }, renewEvery},
		"away":  {func(l *leases) { l.err = model.ErrUnavailable }, leaseTTL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shared := &leases{}
				hanging := &hanging{memoryNode{newMemory(1)}}
				r := reconcilerOf(time.Hour, shared, "a", hanging)
				done := make(chan error)
				began := time.Now()
				go func() { done <- r.Once(t.Context()) }()
				time.Sleep(2*time.Minute + time.Second)
				shared.set(test.lose)
				if err := <-done; !errors.Is(err, errLeaseLost) {
					t.Errorf("error is %v", err)
				}
				if lasted := time.Since(began) - 2*time.Minute; lasted > test.within {
					t.Errorf("went on for %s", lasted)
				}
				if s := r.Status()[0]; s.Running {
					t.Errorf("status is %+v", s)
				}
			})
		})
	}

	t.Run("back in time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			shared := &leases{}
			r := reconcilerOf(time.Hour, shared, "a", &hanging{memoryNode{newMemory(1)}})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- r.Once(ctx) }()
			time.Sleep(time.Second)
			shared.set(func(l *leases) { l.err = model.ErrUnavailable })
			time.Sleep(renewEvery)
			shared.set(func(l *leases) { l.err = nil })
			time.Sleep(time.Hour)
			cancel()
			if err := <-done; errors.Is(err, errLeaseLost) || !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v", err)
			}
			if shared.holder != "a" || !shared.expires.IsZero() {
				t.Error("the lease was not given back")
			}
		})
	})
}

// hanging is a node that does not answer.
type hanging struct{ memoryNode }

func (*hanging) State(ctx context.Context) (peer.State, time.Duration, error) {
	<-ctx.Done()
	return peer.State{}, 0, ctx.Err()
}

// TestReconciler_StepSleep: the reconciler pauses between two fetches, within
// one span of time and between several, but not before the first fetch.
func TestReconciler_StepSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, node := newMemory(0), newMemory(1)
		for minute := range 30 {
			node.put(sample(minute))
		}
		r := reconciler(Config{BatchSize: 10, StepSleep: 230 * time.Millisecond}, store, memoryNode{node})
		began := time.Now()
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 2*230*time.Millisecond {
			t.Errorf("three pages took %s", took)
		}
		for _, month := range []int{-3, -2, -1} {
			r := sample(0)
			r.Entry.TrackStart, r.Corrections = epoch.AddDate(0, month, 0), nil
			node.put(r)
		}
		began = time.Now()
		if err := r.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 2*230*time.Millisecond {
			t.Errorf("three months took %s", took)
		}
	})
}

// TestReconciler_Offset: the offset of a node's clock is shown, and changes no
// time.
func TestReconciler_Offset(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newMemory(1)
	node.put(sample(0))
	node.offset = 90 * time.Second
	r := reconciler(Config{BatchSize: 10}, store, memoryNode{node})
	if err := r.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := r.Status()[0]; s.Offset != 90*time.Second || s.Seen.IsZero() || s.Fetched != 1 {
		t.Errorf("status is %+v", s)
	}
	for _, stored := range store.records {
		if !stored.Entry.TrackStart.Equal(sample(0).Entry.TrackStart) {
			t.Errorf("stored %+v", stored.Entry)
		}
	}
}
