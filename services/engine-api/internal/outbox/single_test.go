package outbox

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

func TestPusher_OriginalSyncNode(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 2*maxReadSingly + 5 {
				s.put(record(i))
			}
			void := record(7)
			void.Corrections = []model.Correction{{Kind: model.CorrectionVoid, At: start, By: "somebody", Reason: "not played"}}
			void.Normalize()
			s.put(void)
			s.putHealth(health(1))
			n.single = true
			n.refusesOne = func(e model.Entry) error {
				if e.Title == "Title 3" {
					return refusedAs(http.StatusConflict)
				}
				return nil
			}
			p, _ := run(t, s, n)
			if o := s.counts(); o != (model.Outbox{Healths: 1, Parked: 1}) {
				t.Errorf("left: %+v", o)
			}
			if got := len(n.ones); got != 2*maxReadSingly+5-2 {
				t.Errorf("%d entries were sent", got)
			}
			if !slices.IsSortedFunc(n.ones, func(a, b model.Entry) int { return a.TrackStart.Compare(b.TrackStart) }) {
				t.Error("not the oldest first")
			}
			// A new entry goes at once, and batches are not tried meanwhile.
			before := len(n.requests())
			s.put(record(1000))
			p.Wake()
			synctest.Wait()
			if !s.row(record(1000)).synced || len(n.requests()) != before+1 {
				t.Errorf("%d requests for one entry", len(n.requests())-before)
			}
			// The sync node is replaced.
			n.set(func() { n.single = false })
			after(probeEvery + lookEvery)
			if o := s.counts(); o != (model.Outbox{Parked: 1}) {
				t.Errorf("left after the sync node was replaced: %+v", o)
			}
			ones := len(n.ones)
			s.put(record(1001))
			p.Wake()
			synctest.Wait()
			if !s.row(record(1001)).synced || len(n.ones) != ones {
				t.Error("not by batches after the sync node was replaced")
			}
		})
	})

	t.Run("ProbedDuringBacklog", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 2000 {
				s.put(record(i))
			}
			n.single = true
			n.refusesOne = func(model.Entry) error {
				<-time.After(time.Second) // slow
				return nil
			}
			run(t, s, n)
			after(time.Minute)
			n.set(func() { n.single = false })
			after(probeEvery)
			if o := s.counts(); o.Entries != 0 || len(n.batches) == 0 {
				t.Errorf("left: %+v after %d batches", o, len(n.batches))
			}
		})
	})

	// The peer knows neither batches nor single entries: the address is wrong.
	t.Run("Nothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			n.single = true
			n.refusesOne = func(model.Entry) error { return peer.ErrUnsupported }
			run(t, s, n)
			after(time.Hour)
			if o := s.counts(); o.Entries != 1 || len(n.requests()) > 400 {
				t.Errorf("%+v after %d requests within an hour", o, len(n.requests()))
			}
		})
	})

	t.Run("Access", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(record(1)), newNode()
			n.single = true
			n.refusesOne = func(model.Entry) error { return refusedAs(http.StatusUnauthorized) }
			run(t, s, n)
			after(time.Hour)
			if o := s.counts(); o.Entries != 1 {
				t.Errorf("left: %+v", o)
			}
		})
	})

	t.Run("RefusesAll", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, n := newStore(), newNode()
			for i := range 1200 { // more than a batch
				s.put(record(i))
			}
			n.single = true
			n.refusesOne = func(model.Entry) error { return refusedAs(http.StatusBadRequest) }
			run(t, s, n)
			after(10 * time.Minute)
			if o := s.counts(); o.Parked > 100 {
				t.Errorf("%d parked within ten minutes", o.Parked)
			}
		})
	})
}
