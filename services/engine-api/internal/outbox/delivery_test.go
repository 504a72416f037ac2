package outbox

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// has reports whether a batch carries a record of that title.
func has(b peer.Batch, title string) bool {
	return slices.ContainsFunc(b.Records, func(r model.Record) bool { return r.Entry.Title == title })
}

func TestPusher_Refused(t *testing.T) {
	t.Parallel()

	t.Run("ByRecord", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1), record(2), record(3)), newNode()
			n.refuses = func(r model.Record) string {
				if r.Entry.Title == "Title 2" {
					return "not this one"
				}
				return ""
			}
			run(t, s, n)
			if got := s.row(record(2)).parked; got != "not this one" {
				t.Errorf("parked because %q", got)
			}
			if o := s.counts(); o.Entries != 0 || o.Parked != 1 || len(n.requests()) != 1 {
				t.Errorf("%+v after %d requests", o, len(n.requests()))
			}
			after(time.Hour)
			if got := len(n.requests()); got != 1 {
				t.Errorf("what is parked was sent again: %d requests", got)
			}
		})
	})

	for _, status := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity} {
		t.Run(fmt.Sprint("Poisoned", status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, n := newStore(), newNode()
				for i := range maxRecords {
					s.put(record(i))
				}
				poisoned := []int{0, 60, 61, 123, 200, 321, 499}
				n.before = func(_ context.Context, b peer.Batch) error {
					if slices.ContainsFunc(poisoned, func(i int) bool { return has(b, fmt.Sprint("Title ", i)) }) {
						return refusedAs(status)
					}
					return nil
				}
				run(t, s, n)
				if o := s.counts(); o.Entries != 0 || o.Parked != int64(len(poisoned)) {
					t.Errorf("left: %+v", o)
				}
				for _, i := range poisoned {
					if got := s.row(record(i)).parked; !strings.Contains(got, fmt.Sprint(status)) {
						t.Errorf("record %d is parked because %q", i, got)
					}
				}
				// Each poisoned record costs a way down a tree of 10 levels, with two
				// requests at each level.
				if got := len(n.requests()); got > len(poisoned)*2*10+1 {
					t.Errorf("%d requests", got)
				}
			})
		})
	}

	t.Run("HealthAndClock", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			s.putHealth(health(1), health(2))
			s.putClock(model.Clock{Source: 1, SentAt: start, Body: []byte(`{}`)})
			n.before = func(_ context.Context, b peer.Batch) error {
				if len(b.Clocks) > 0 || slices.ContainsFunc(b.Healths, func(h model.Health) bool { return !h.Healthy }) {
					return refusedAs(http.StatusBadRequest)
				}
				return nil
			}
			run(t, s, n)
			if o := s.counts(); o != (model.Outbox{Parked: 1}) {
				t.Errorf("left: %+v", o)
			}
			if clocks, _ := s.UnsyncedClocks(t.Context()); len(clocks) > 0 {
				t.Error("a clock that is refused waits for ever")
			}
		})
	})

	// A peer that refuses everything must not make the pusher park everything.
	t.Run("All", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 1200 { // more than a batch
				s.put(record(i))
			}
			n.before = func(context.Context, peer.Batch) error { return refusedAs(http.StatusBadRequest) }
			run(t, s, n)
			after(10 * time.Minute)
			if o := s.counts(); o.Parked > 100 {
				t.Errorf("%d records parked within ten minutes", o.Parked)
			}
			if got := len(n.requests()); got > 1200 {
				t.Errorf("%d requests within ten minutes", got)
			}
			n.set(func() { n.before = nil })
			after(maxBackoff)
			if o := s.counts(); o.Entries != 0 {
				t.Errorf("left: %+v", o)
			}
		})
	})

	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		t.Run(fmt.Sprint("Access", status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, n := newStore(record(1), record(2)), newNode()
				n.before = func(context.Context, peer.Batch) error { return refusedAs(status) }
				run(t, s, n)
				after(time.Hour)
				if o := s.counts(); o.Parked != 0 || o.Entries != 2 {
					t.Errorf("a wrong token changed the outbox: %+v", o)
				}
				if got := len(n.requests()); got > 400 {
					t.Errorf("%d requests within an hour", got)
				}
			})
		})
	}
}

func TestPusher_LostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(record(1), record(2)), newNode()
		s.putHealth(health(1))
		lost := 0
		n.after = func(context.Context, peer.Batch) error {
			if lost++; lost <= 3 {
				return errNetwork // stored, but the node does not learn of it
			}
			return nil
		}
		run(t, s, n)
		after(bound(1) + bound(2) + bound(3))
		if o := s.counts(); o != (model.Outbox{}) {
			t.Errorf("left: %+v", o)
		}
		if len(n.batches) != 4 || len(n.records) != 2 || len(n.healths) != 1 {
			t.Errorf("stored %d times: %d records, %d healths", len(n.batches), len(n.records), len(n.healths))
		}
	})
}

func TestPusher_Storm(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError} {
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 2 * look {
				s.put(record(i))
			}
			calls := 0
			n.before = func(context.Context, peer.Batch) error {
				if calls++; calls%3 != 0 { // two of three fail
					return refusedAs(status)
				}
				return nil
			}
			run(t, s, n)
			after(time.Minute)
			if o := s.counts(); o != (model.Outbox{}) {
				t.Errorf("%d: left: %+v", status, o)
			}
		})
	}
}

func TestPusher_Merged(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			n.knows = func(r model.Record) model.Record {
				r.Entry.ShowName = "Morning Show"
				return r
			}
			run(t, s, n)
			if got := s.row(record(1)); !got.synced || got.record.Entry.ShowName != "Morning Show" || len(n.requests()) != 1 {
				t.Errorf("%+v after %d requests", got, len(n.requests()))
			}
		})
	})

	// An older sync node keeps the greater length, though a smaller one was told
	// later. That is no reason to send it again.
	t.Run("NoNews", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			told := record(1)
			told.Entry.Duration, told.Entry.ReceivedAt = time.Minute, time.Now().UTC().Truncate(time.Microsecond)
			s, requests := newStore(told), 0
			run(t, s, answering(func(b peer.Batch) peer.Results {
				requests++
				longer := record(1)
				longer.Entry.Duration = time.Hour
				return peer.Results{Records: []peer.Result{{Merged: &longer}}}
			}))
			if got := s.row(told); !got.synced || got.record.Entry.Duration != time.Minute || requests != 1 {
				t.Errorf("%+v after %d requests", got, requests)
			}
		})
	})

	t.Run("AnotherRecord", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(record(1))
			run(t, s, answering(func(peer.Batch) peer.Results {
				other := record(2)
				return peer.Results{Records: []peer.Result{{Merged: &other}}}
			}))
			if o := s.counts(); o.Parked != 1 || len(s.rows) != 1 {
				t.Errorf("%+v, %d rows", o, len(s.rows))
			}
		})
	})

	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStore(record(1))
			run(t, s, answering(func(b peer.Batch) peer.Results {
				merged := b.Records[0]
				merged.Entry.Duration = -time.Second
				return peer.Results{Records: []peer.Result{{Merged: &merged}}}
			}))
			if o := s.counts(); o.Parked != 1 {
				t.Errorf("%+v", o)
			}
		})
	})
}

// answering is a peer that gives any answer.
type answering func(peer.Batch) peer.Results

func (a answering) Send(_ context.Context, b peer.Batch) (peer.Results, error) { return a(b), nil }

func (a answering) Store(context.Context, model.Entry) error { return peer.ErrUnsupported }

func (a answering) CheckSyncNode(context.Context) error { return nil }

func TestPusher_Incomplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(record(1), record(2))
		asked := 0
		run(t, s, answering(func(peer.Batch) peer.Results {
			asked++
			return peer.Results{Records: []peer.Result{{}}}
		}))
		after(time.Hour)
		if o := s.counts(); o.Entries != 2 || asked > 400 {
			t.Errorf("%+v after %d requests", o, asked)
		}
	})
}

// TestPusher_ChangedMeanwhile: an entry that is corrected while it is under way
// is sent again.
func TestPusher_ChangedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(record(1)), newNode()
		var p *Pusher
		more := record(1)
		more.Entry.ShowName = "Morning Show"
		n.after = func(_ context.Context, b peer.Batch) error {
			if b.Records[0].Entry.ShowName == "" {
				s.put(more)
				p.Wake()
			}
			return nil
		}
		p, _ = run(t, newStore(), n) // the pusher exists before its first record
		p.store, p.receiver = s, s
		p.Wake()
		synctest.Wait()
		if got := n.records[fingerprint(more)]; !s.row(more).synced || got.Entry.ShowName != "Morning Show" {
			t.Errorf("the sync node has %+v", got)
		}
	})
}

// TestPusher_StateGoesOn: a state that goes on while it is under way is sent
// again, as often as it goes on, and never parked.
func TestPusher_StateGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := newStore(), newNode()
		p, _ := run(t, s, n)
		said := func(reports int) model.Health {
			h := health(0)
			h.Last.LogTime = h.LogTime.Add(time.Duration(reports) * 10 * time.Second)
			return h
		}
		n.set(func() {
			n.after = func(_ context.Context, b peer.Batch) error {
				if len(b.Healths) == 1 && b.Healths[0] == said(1) {
					s.putHealth(said(2))
				}
				return nil
			}
		})
		for reports := 1; reports < 3*maxTaken; reports++ {
			s.putHealth(said(reports))
			p.Wake()
			synctest.Wait()
			after(lookEvery)
			if o := s.counts(); o.Healths != 0 || o.Parked != 0 {
				t.Fatalf("after %d reports: %+v", reports, o)
			}
		}
		last := said(3*maxTaken - 1)
		if got := n.healths[last.UID()]; got != last {
			t.Errorf("the sync node has %+v", got)
		}
	})
}

// TestPusher_Stuck: a record that the peer takes, but that stays in the outbox,
// is not sent for ever. The records after it do not wait.
func TestPusher_Stuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const records, healths = 2*look + 1, maxReadHealths + 1
		s, n := newStore(), newNode()
		for i := range records {
			s.put(record(i))
		}
		for i := range healths {
			s.putHealth(health(i))
		}
		s.deaf = true
		run(t, s, n)
		if o := s.counts(); o.Entries > look {
			t.Errorf("left at first: %+v", o)
		}
		after(2 * maxTaken * lookEvery)
		if o := s.counts(); o.Entries != 0 || o.Healths != 0 || o.Parked != records+healths {
			t.Errorf("left: %+v", o)
		}
		if got := len(n.requests()); got > 2*maxTaken*(records/maxRecords+1) {
			t.Errorf("%d requests", got)
		}
	})
}

// TestPusher_CannotWrite: a node whose disk is full can't mark records as sent.
// It sends them less and less often.
func TestPusher_CannotWrite(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"MarkSynced", "AbsorbHealths", "MarkClocksSynced"} {
		for _, single := range []bool{false, operation == "MarkSynced"} {
			synctest.Test(t, func(t *testing.T) {
				s, n := newStore(record(1)), newNode()
				n.single = single
				s.putHealth(health(1))
				s.putClock(model.Clock{Source: 1, SentAt: start, Body: []byte(`{}`)})
				failed := 0
				s.broken = func(o string) error {
					if o != operation {
						return nil
					}
					failed++
					return model.ErrUnavailable
				}
				run(t, s, n)
				after(time.Hour)
				// On average half of 30 s, after some shorter ones.
				if most := int(2 * time.Hour / maxBackoff * 3 / 2); failed < 10 || failed > most {
					t.Errorf("%s: %d times in an hour, want at most %d", operation, failed, most)
				}
			})
		}
	}
}

func TestPusher_DatabaseFails(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"Outbox", "Unsynced", "UnsyncedHealths", "UnsyncedClocks", "MarkSynced", "AbsorbHealths", "MarkClocksSynced", "Park", "Receive"} {
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1), record(2), record(3)), newNode()
			s.putHealth(health(1))
			s.putClock(model.Clock{Source: 1, SentAt: start, Body: []byte(`{}`)})
			n.refuses = func(r model.Record) string {
				if r.Entry.Title == "Title 2" {
					return "not this one"
				}
				return ""
			}
			n.knows = func(r model.Record) model.Record {
				if r.Entry.Title == "Title 3" {
					r.Entry.Label = "Known"
				}
				return r
			}
			failed := 0
			s.broken = func(o string) error {
				if o == operation && failed < 4 {
					failed++
					return model.ErrUnavailable
				}
				return nil
			}
			run(t, s, n)
			after(bound(1) + bound(2) + bound(3) + bound(4))
			if o := s.counts(); o != (model.Outbox{Parked: 1}) || failed != 4 {
				t.Errorf("%s failed %d times: left %+v", operation, failed, o)
			}
		})
	}
}
