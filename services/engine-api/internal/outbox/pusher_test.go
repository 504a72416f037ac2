package outbox

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// bound is the documented bound of the pause after the n-th failure in a row.
func bound(n int) time.Duration {
	b := 250 * time.Millisecond
	for range n - 1 {
		b = min(2*b, 30*time.Second)
	}
	return b
}

func gaps(times []time.Time) []time.Duration {
	list := make([]time.Duration, len(times)-1)
	for i := range list {
		list[i] = times[i+1].Sub(times[i])
	}
	return list
}

func TestPusher_Backoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(record(1)), newNode()
		n.before = func(context.Context, peer.Batch) error { return errNetwork }
		p, _ := run(t, s, n)
		after(time.Hour)
		var late []time.Duration
		for i, gap := range gaps(n.requests()) {
			if gap > bound(i+1) {
				t.Fatalf("pause %d is %s, more than %s", i+1, gap, bound(i+1))
			}
			if bound(i+1) == maxBackoff {
				late = append(late, gap)
			}
		}
		// About 240 pauses are drawn from 0 to 30 s. A third of them is below 10 s,
		// and a third above 20 s.
		slices.Sort(late)
		if k := len(late); k < 120 || late[k/10] > 10*time.Second || late[k-k/10] < 20*time.Second {
			t.Errorf("%d pauses from %s to %s are no full jitter", k, late[0], late[k-1])
		}
		// A success resets the pause.
		n.set(func() { n.before = nil })
		after(maxBackoff)
		if s.counts().Entries != 0 {
			t.Fatal("not sent after the sync node came back")
		}
		n.set(func() { n.sent, n.before = nil, func(context.Context, peer.Batch) error { return errNetwork } })
		s.put(record(2))
		p.Wake()
		after(time.Second)
		if times := n.requests(); len(times) < 2 || times[1].Sub(times[0]) > minBackoff {
			t.Errorf("the first pause after a success is not short: %v", times)
		}
	})
}

func TestPusher_RetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asked, least, most time.Duration }{
		{7 * time.Second, 7 * time.Second, 7*time.Second + bound(1)},
		{time.Hour, maxRetryAfter, maxRetryAfter + bound(1)},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNode()
			n.before = func(context.Context, peer.Batch) error {
				return fmt.Errorf("send: %w", &peer.StatusError{Status: http.StatusTooManyRequests, RetryAfter: c.asked})
			}
			run(t, newStore(record(1)), n)
			after(c.most)
			times := n.requests()
			if len(times) < 2 {
				t.Fatalf("no second try within %s", c.most)
			}
			if gap := times[1].Sub(times[0]); gap < c.least || gap > c.most {
				t.Errorf("asked for %s, the pause is %s", c.asked, gap)
			}
		})
	}
}

func TestPusher_Wake(t *testing.T) {
	t.Parallel()

	t.Run("AtOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			p, _ := run(t, s, n)
			after(10 * time.Second)
			s.put(record(1))
			p.Wake()
			synctest.Wait() // no time passes
			if !s.row(record(1)).synced {
				t.Error("a new entry is not on its way at once")
			}
			if got := len(n.requests()); got != 1 {
				t.Errorf("%d requests for one entry", got)
			}
		})
	})

	t.Run("NotNeeded", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			run(t, s, n)
			s.put(record(1))
			after(lookEvery)
			if !s.row(record(1)).synced {
				t.Error("what was stored by somebody else is not noticed")
			}
		})
	})

	t.Run("WhileSending", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			held := make(chan struct{})
			n.before = func(context.Context, peer.Batch) error { <-held; return nil }
			p, _ := run(t, s, n)
			s.put(record(2))
			p.Wake()
			close(held)
			synctest.Wait()
			if !s.row(record(2)).synced {
				t.Error("what was stored while another one was sent waits")
			}
		})
	})

	t.Run("NotInBackoff", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			n.before = func(context.Context, peer.Batch) error { return errNetwork }
			p, _ := run(t, s, n)
			after(5 * time.Minute)
			before := len(n.requests())
			for i := range 600 { // a busy engine
				s.put(record(2 + i))
				p.Wake()
				after(100 * time.Millisecond)
			}
			if got := len(n.requests()) - before; got > 20 {
				t.Errorf("%d tries within a minute", got)
			}
		})
	})
}

// TestPusher_AnotherNode: a node that is not a sync node gets nothing. It is
// asked again with the same pauses as after any failure.
func TestPusher_AnotherNode(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			n.another = fmt.Errorf("http://node %w", peer.ErrNotSyncNode)
			n.single = single
			p, _ := run(t, s, n)
			if n.checks != 0 {
				t.Error("asked while nothing waits")
			}
			s.put(record(1))
			p.Wake()
			after(time.Hour)
			if o := s.counts(); o.Entries != 1 || len(n.requests()) != 0 {
				t.Errorf("%+v after %d requests", o, len(n.requests()))
			}
			if n.checks < 120 || n.checks > 500 {
				t.Errorf("asked %d times within an hour", n.checks)
			}
			if failed := testutil.ToFloat64(p.metrics.failures.WithLabelValues("address")); failed != float64(n.checks) || testutil.ToFloat64(p.metrics.connected) != 0 {
				t.Errorf("%v failures", failed)
			}
			// The address now leads to the sync node.
			n.set(func() { n.another, n.checks = nil, 0 })
			after(maxBackoff)
			for i := range 3 {
				s.put(record(2 + i))
				p.Wake()
				after(time.Minute)
			}
			if o := s.counts(); o.Entries != 0 || n.checks != 1 {
				t.Errorf("left: %+v, asked %d times", o, n.checks)
			}
			// The node that comes back after a failure may be another one.
			fail := func() {
				n.before, n.refusesOne = func(context.Context, peer.Batch) error { return errNetwork }, func(model.Entry) error { return errNetwork }
			}
			n.set(fail)
			s.put(record(9))
			p.Wake()
			synctest.Wait()
			n.set(func() { n.before, n.refusesOne, n.another = nil, nil, peer.ErrNotSyncNode })
			after(time.Hour)
			if o := s.counts(); o.Entries != 1 {
				t.Errorf("sent to whoever came back: %+v", o)
			}
		})
	}
}

// TestPusher_Hanging: callers that store are not delayed, and the hang ends.
func TestPusher_Hanging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(record(1)), newNode()
		n.before = func(ctx context.Context, _ peer.Batch) error {
			<-ctx.Done()
			return ctx.Err()
		}
		p, _ := run(t, s, n)
		began := time.Now()
		for i := range 5000 {
			s.put(record(2 + i))
			p.Wake()
		}
		if !time.Now().Equal(began) {
			t.Error("waking a pusher whose peer hangs took time")
		}
		after(2 * (deliveryTimeout + maxBackoff))
		if got := len(n.requests()); got < 2 {
			t.Errorf("%d requests: a hang lasts for ever", got)
		}
		if got := kindOf(context.DeadlineExceeded); got != "timeout" {
			t.Errorf("a hang is counted as %s", got)
		}
	})
}

// TestPusher_Slow: a slow sync node can process a hundred records in the time
// of a request. It gets a backlog in batches that it can process, and large
// batches after it has recovered.
func TestPusher_Slow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const all, each = 2000, deliveryTimeout / 100
		s, n := newStore(), newNode()
		for i := range all {
			s.put(record(i))
		}
		n.before = func(ctx context.Context, b peer.Batch) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(len(b.Records)) * each):
				return nil
			}
		}
		p, _ := run(t, s, n)
		after(4 * all * each)
		if o := s.counts(); o != (model.Outbox{}) {
			t.Fatalf("after four times what the sync node needs, %d of %d records wait", o.Entries, all)
		}
		n.set(func() { n.before, n.batches = nil, nil })
		for i := range 2 * all {
			s.put(record(all + i))
		}
		p.Wake()
		after(time.Second)
		if o := s.counts(); o != (model.Outbox{}) {
			t.Errorf("%d records wait when it has recovered", o.Entries)
		}
		largest := 0
		for _, b := range n.batches {
			largest = max(largest, len(b.Records))
		}
		if first := len(n.batches[0].Records); first > maxRecords/4 || largest <= first {
			t.Errorf("batches grew from %d to %d records", first, largest)
		}
	})
}

func TestPusher_Backlog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const all = 3*look + 17
		s, n := newStore(), newNode()
		for i := range all {
			s.put(record((i * 7919) % all)) // stored in no particular order
		}
		for i := range 3 * maxReadHealths {
			s.putHealth(health(i))
		}
		s.putClock(model.Clock{Source: 1, SentAt: start, Body: []byte(`{}`)})
		run(t, s, n)
		if o := s.counts(); o.Entries != 0 || o.Healths != 0 || o.Parked != 0 || len(n.clocks) != 1 {
			t.Fatalf("left: %+v, %d clocks sent", o, len(n.clocks))
		}
		var sent []time.Time
		healths := 0
		for _, b := range n.batches {
			if len(b.Records) > maxRecords || len(b.Healths) > maxHealths {
				t.Errorf("a batch of %d records and %d healths", len(b.Records), len(b.Healths))
			}
			healths += len(b.Healths)
			for _, r := range b.Records {
				sent = append(sent, r.Entry.TrackStart)
			}
		}
		if len(sent) != all || healths != 3*maxReadHealths {
			t.Errorf("%d records and %d healths were sent, of %d and %d", len(sent), healths, all, 3*maxReadHealths)
		}
		if !slices.IsSortedFunc(sent, time.Time.Compare) {
			t.Error("not the oldest first")
		}
		if s.reads > all/look+2 {
			t.Errorf("%d reads", s.reads)
		}
	})
}

// TestPusher_Overlap: the answer to one batch is settled while the next one is
// under way.
func TestPusher_Overlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(), newNode()
		for i := range 2 * maxRecords {
			s.put(record(i))
		}
		second := make(chan struct{})
		sends := 0
		n.before = func(context.Context, peer.Batch) error {
			if sends++; sends == 2 {
				close(second)
			}
			return nil
		}
		s.broken = func(operation string) error {
			if operation == "MarkSynced" {
				select {
				case <-second:
				case <-time.After(time.Second):
					t.Error("a batch is settled before the next one is sent")
				}
			}
			return nil
		}
		run(t, s, n)
		after(10 * time.Second)
	})
}

func TestPusher_Large(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(), newNode()
		for i := range 40 {
			h := health(i)
			h.Details = string(make([]byte, model.MaxDetails))
			s.putHealth(h)
		}
		n.before = func(_ context.Context, b peer.Batch) error {
			size := 0
			for _, h := range b.Healths {
				size += len(h.Details)
			}
			if size > 1<<20 {
				return refusedAs(http.StatusRequestEntityTooLarge)
			}
			return nil
		}
		run(t, s, n)
		if o := s.counts(); o != (model.Outbox{}) {
			t.Errorf("left: %+v", o)
		}
	})
}

func TestPusher_Restart(t *testing.T) {
	t.Parallel()

	t.Run("Resumes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 3 * maxRecords {
				s.put(record(i))
			}
			n.after = func(ctx context.Context, b peer.Batch) error {
				if b.Records[0].Entry.Title != "Title 0" {
					<-ctx.Done() // stored, but the answer never comes
					return ctx.Err()
				}
				return nil
			}
			_, stop := run(t, s, n)
			stop()
			if got := s.counts().Entries; got == 0 {
				t.Fatal("all was acknowledged before the stop")
			}
			n.set(func() { n.after = nil })
			run(t, s, n)
			if o := s.counts(); o.Entries != 0 || len(n.records) != 3*maxRecords {
				t.Errorf("%+v left, the sync node has %d", o, len(n.records))
			}
		})
	})

	for _, c := range []struct {
		name   string
		parked int
		want   int64
	}{{"RetriesParked", maxRetriedAtStart, 0}, {"NotMany", maxRetriedAtStart + 1, maxRetriedAtStart + 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, n := newStore(), newNode()
				for i := range c.parked {
					s.put(record(i))
					s.rows[fingerprint(record(i))].parked = "was wrong"
				}
				run(t, s, n)
				if got := s.counts().Parked; got != c.want {
					t.Errorf("%d parked after a start, want %d", got, c.want)
				}
			})
		})
	}

	t.Run("PeerAway", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			s.rows[fingerprint(record(1))].parked = "was wrong"
			n.another = errNetwork
			run(t, s, n)
			after(time.Hour)
			if why := s.row(record(1)).parked; why != "was wrong" {
				t.Errorf("parked because %q while nobody could take it", why)
			}
			n.set(func() { n.another = nil })
			after(maxBackoff)
			if !s.row(record(1)).synced {
				t.Error("not retried after the sync node came back")
			}
		})
	})

	t.Run("DatabaseAway", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			s.rows[fingerprint(record(1))].parked = "was wrong"
			fails := 3
			s.broken = func(string) error {
				if fails--; fails >= 0 {
					return model.ErrUnavailable
				}
				return nil
			}
			run(t, s, n)
			after(bound(1) + bound(2) + bound(3))
			if !s.row(record(1)).synced {
				t.Error("not retried after the database came back")
			}
		})
	})
}

func fingerprint(r model.Record) model.Fingerprint { return r.Entry.Fingerprint() }

func TestKindOf(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"database":    storeError{fmt.Errorf("read: %w", context.DeadlineExceeded)},
		"address":     fmt.Errorf("http://node %w", peer.ErrNotSyncNode),
		"unsupported": fmt.Errorf("send: %w", peer.ErrUnsupported),
		"access":      fmt.Errorf("send: %w", refusedAs(http.StatusForbidden)),
		"twin":        fmt.Errorf("send: %w", refusedAs(http.StatusConflict)),
		"overloaded":  refusedAs(http.StatusServiceUnavailable),
		"refused":     refusedAs(http.StatusGone),
		"status":      refusedAs(http.StatusBadGateway),
		"timeout":     fmt.Errorf("send: %w", context.DeadlineExceeded),
		"answer":      errIncomplete,
		"network":     fmt.Errorf("send: %w", errNetwork),
	} {
		if got := kindOf(err); got != want || !slices.Contains(failureKinds, got) {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
}

func TestPusher_Stop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode()
		n.before = func(ctx context.Context, _ peer.Batch) error { <-ctx.Done(); return ctx.Err() }
		p := New(newStore(record(1)), nil, n, n, func() *model.Identity { return nil }, zerolog.Nop())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := p.Run(ctx); err != nil || time.Since(began) != time.Second {
			t.Errorf("a stop while something is under way took %s: %v", time.Since(began), err)
		}
	})
}
