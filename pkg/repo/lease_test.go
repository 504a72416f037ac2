package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

func acquire(t *testing.T, db interface {
	AcquireLease(context.Context, string, string, time.Duration) (model.Lease, error)
}, name, holder string, ttl time.Duration) model.Lease {
	t.Helper()
	lease, err := db.AcquireLease(t.Context(), name, holder, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

// TestStation_Activate_deposed: a decision counts unless another holder has had
// the lease since.
func TestStation_Activate_deposed(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const name = "monitor"
		s := db.Station(t, 1)
		reign := func(holder string) *model.Lease {
			t.Helper()
			l := acquire(t, db, name, holder, time.Hour)
			if l.Holder != holder {
				t.Fatalf("%+v", l)
			}
			if err := db.ReleaseLease(t.Context(), name, holder); err != nil {
				t.Fatal(err)
			}
			return &l
		}
		tries, accepted := 0, int64(0)
		try := func(what string, lease *model.Lease, want error) {
			t.Helper()
			tries++
			r := asked(model.Activation{Source: 1 + tries%2, From: noon.Add(time.Duration(tries) * time.Second), RecordedAt: noon, By: what})
			if lease != nil {
				r.Mandate = &source.Mandate{Lease: *lease, Upon: accepted}
			}
			_, err := s.Activate(t.Context(), r, source.Admit)
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
			if err == nil {
				accepted++
			}
		}
		lost := &model.Lease{Name: name, Holder: "a", Epoch: 7}
		try("of a database that was lost, before anybody had the lease of this one", lost, nil)
		first := reign("a")
		try("of a database that was lost, whose holder is the only one here", lost, nil)
		reign("a")
		try("the same holder again", first, nil)
		second := reign("b")
		acquire(t, db, "other", "c", time.Hour)
		third := reign("a")
		try("another one since", first, model.ErrDeposed)
		try("another one before the same holder again", second, model.ErrDeposed)
		try("the last one", third, nil)
		try("of a database that was lost", lost, model.ErrDeposed)
		try("a holder whose name differs in case", &model.Lease{Name: name, Holder: "A", Epoch: third.Epoch}, model.ErrDeposed)
		try("a person", nil, nil)
		if got, err := db.ActiveSource(t.Context(), noon.Add(time.Hour)); err != nil || got.Epoch != 5 {
			t.Errorf("%+v, %v: want 5 switches", got, err)
		}
	})
}

// TestStation_Activate_clockBehind: whatever the monitor's clock shows and
// whatever people told before, each decision of the monitor is a separate
// record and active. A decision that is delivered again is recognized.
func TestStation_Activate_clockBehind(t *testing.T) {
	t.Parallel()
	s := repotest.Open(t, repotest.KindSQLite).Station(t, 1)
	lease := acquire(t, s, "monitor", "a", time.Hour)
	now, said := noon, 0
	rapid.Check(t, func(rt *rapid.T) {
		behind := time.Duration(rapid.IntRange(0, 3_000).Draw(rt, "behind")) * time.Second
		if behind > 0 {
			behind += time.Microsecond // and so never equals another one's time
		}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 600).Draw(rt, "seconds")) * time.Second)
			before, err := s.ActiveSource(t.Context(), now)
			if err != nil && !errors.Is(err, model.ErrNotFound) {
				rt.Fatal(err)
			}
			a := model.Activation{Source: rapid.IntRange(1, 2).Draw(rt, "source"), From: now, RecordedAt: now, By: "a person"}
			var r source.Request
			said++ // each time a person has a new reason and time; the monitor's are always the same
			switch rapid.SampledFrom([]string{"person", "person tells", "monitor", "monitor"}).Draw(rt, "who") {
			case "person":
				a.Source, a.Reason = 1+before.Source%2, fmt.Sprint(said) // not the active source
				r = asked(a)
				r.Epoch = &before.Epoch
			case "person tells":
				a.Reason = fmt.Sprint(said)
				earlier := time.Duration(rapid.IntRange(1, 5_000).Draw(rt, "earlier")) * time.Second
				a.From = now.Add(-earlier - time.Duration(said)*time.Millisecond)
				r = asked(a)
				r.Epoch = &before.Epoch
			case "monitor":
				a.By, a.From = "a monitor", now.Add(-behind)
				r = decided(a, source.Mandate{Lease: lease, Upon: before.Epoch})
				r.At.Time = a.From // also if that is the current time
			}
			for range rapid.IntRange(1, 3).Draw(rt, "deliveries") {
				stored, err := s.Activate(t.Context(), r, source.Admit)
				if err != nil && r.IsLate() || err == nil && stored.Epoch != before.Epoch+1 {
					rt.Fatalf("%+v, %v: want epoch %d", stored, err, before.Epoch+1)
				}
			}
			if active, err := s.ActiveSource(t.Context(), now); err != nil || active.Epoch != before.Epoch+1 || r.Mandate != nil && active.Source != a.Source {
				rt.Fatalf("active is %+v, %v after %+v", active, err, a)
			}
		}
	})
}

func TestDB_AcquireLease(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		const name = "monitor"
		lease := func() model.Lease {
			t.Helper()
			l, err := db.Lease(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		want := func(l model.Lease, holder string, epoch int64, atLeast, atMost time.Duration) {
			t.Helper()
			if l.Name != name || l.Holder != holder || l.Epoch != epoch || l.Remaining < atLeast || l.Remaining > atMost {
				t.Errorf("%+v, want epoch %d of %s for %s to %s", l, epoch, holder, atLeast, atMost)
			}
		}
		want(lease(), "", 0, 0, 0)
		release := func(holder string) {
			t.Helper()
			if err := db.ReleaseLease(t.Context(), name, holder); err != nil {
				t.Fatal(err)
			}
		}
		release("a") // nobody has the lease
		want(acquire(t, db, name, "a", time.Hour), "a", 1, 59*time.Minute, time.Hour)
		want(acquire(t, db, name, "b", time.Hour), "a", 1, 59*time.Minute, time.Hour)
		want(acquire(t, db, name, "A", time.Hour), "a", 1, 59*time.Minute, time.Hour)
		want(acquire(t, db, name, "a", 2*time.Hour), "a", 1, 119*time.Minute, 2*time.Hour)
		if l := acquire(t, db, "other", "b", time.Hour); l.Holder != "b" || l.Epoch != 1 {
			t.Errorf("%+v of another name", l)
		}
		want(acquire(t, db, name, "a", time.Minute), "a", 1, 119*time.Minute, 2*time.Hour) // a lease is never shortened
		for _, epoch := range []int64{0, 1} {                                              // before the first one, and before it was renewed
			if taken, err := db.TakeLeaseAfter(t.Context(), name, "b", epoch); err != nil || taken {
				t.Errorf("taken %t, %v", taken, err)
			}
		}
		release("b")
		want(lease(), "a", 1, 119*time.Minute, 2*time.Hour)
		if at, now := lease().Expires, time.Now().Add(2*time.Hour); at.Before(now.Add(-time.Minute)) || at.After(now.Add(time.Minute)) {
			t.Errorf("expires at %s", at)
		}
		release("a")
		want(lease(), "a", 1, 0, 0)
		release("a")
		want(acquire(t, db, name, "b", time.Hour), "b", 2, 59*time.Minute, time.Hour)
		want(acquire(t, db, name, "a", time.Hour), "b", 2, 59*time.Minute, time.Hour)
		release("b")
		want(acquire(t, db, name, "b", time.Hour), "b", 3, 59*time.Minute, time.Hour)
	})
}

// TestDB_AcquireLease_late: a renewal begins in time but is executed after
// another holder took the lease, or after the lease was released. It does not
// bring the lease back.
func TestDB_AcquireLease_late(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, db *repo.Node, raw *sql.DB) error{
		"Taken": func(t *testing.T, db *repo.Node, raw *sql.DB) error {
			execSQL(t, raw, "UPDATE lease SET expires_at = UTC_TIMESTAMP(6)")
			_, err := db.AcquireLease(t.Context(), "monitor", "b", time.Hour)
			return err
		},
		"Released": func(t *testing.T, db *repo.Node, _ *sql.DB) error {
			return db.ReleaseLease(t.Context(), "monitor", "a")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := repotest.MigratedURL(t, repotest.KindMariaDB)
			db := repotest.OpenURL(t, url)
			epoch := acquire(t, db, "monitor", "a", time.Hour).Epoch
			if err := end(t, db, rawSQL(t, repotest.KindMariaDB, url)); err != nil {
				t.Fatal(err)
			}
			if renewed, err := repotest.OpenURL(t, url).RenewLeaseLate(t.Context(), "monitor", "a", epoch, 60); err != nil || renewed {
				t.Errorf("renewed %t, %v", renewed, err)
			}
		})
	}
}

// TestDB_AcquireLease_concurrent: holders in two processes take a short lease
// from one another. By the clock of the database, no reign begins before the
// previous one has ended, and no epoch has two holders.
func TestDB_AcquireLease_concurrent(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, url string) {
		r := &reigns{t: t, all: map[int64]reign{}, tired: map[string]int64{}}
		var all sync.WaitGroup
		for _, process := range []*repo.Node{db, repotest.OpenURL(t, url)} {
			for i := range 6 {
				holder := fmt.Sprint("holder ", i%2) // the same in both processes
				all.Go(func() {
					for !r.isEnough() {
						r.compete(process, holder)
					}
				})
			}
		}
		all.Wait()
		r.check()
	})
}

// reigns are the leases as their holders were told.
type reigns struct {
	t     *testing.T
	mu    sync.Mutex
	all   map[int64]reign  // by epoch
	tired map[string]int64 // for each holder, the epoch that it no longer renews
}

// reign says since when a holder had the lease, and until when it was promised.
type reign struct {
	holder      string
	since, till time.Time
}

const leaseTTL = 20 * time.Millisecond

func (r *reigns) isEnough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all) >= 8 || r.t.Failed()
}

// compete tries to get or keep the lease. A holder lets the lease expire after
// a while.
func (r *reigns) compete(db *repo.Node, holder string) {
	l, err := db.Lease(r.t.Context(), "monitor")
	if err == nil && (l.Remaining == 0 || !r.isTired(holder, l.Epoch)) {
		l, err = db.AcquireLease(r.t.Context(), "monitor", holder, leaseTTL)
	}
	if err != nil {
		r.t.Error(err)
		return
	}
	if l.Holder == holder && l.Remaining > 0 {
		r.granted(l)
	}
}

func (r *reigns) isTired(holder string, epoch int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tired[holder] == epoch
}

func (r *reigns) granted(l model.Lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The time when the statement that granted the lease read the clock. A
	// statement of another holder may have waited between reading the clock and
	// reading the lease.
	granted := l.Expires.Add(-leaseTTL)
	one, known := r.all[l.Epoch]
	if known && one.holder != l.Holder {
		r.t.Errorf("epoch %d belongs to %s and %s", l.Epoch, one.holder, l.Holder)
	}
	if !known || granted.Before(one.since) {
		one.since = granted
	}
	if l.Expires.After(one.till) {
		one.till = l.Expires
	}
	one.holder = l.Holder
	r.all[l.Epoch] = one
	if granted.Sub(one.since) > 2*leaseTTL {
		r.tired[l.Holder] = l.Epoch
	}
}

func (r *reigns) check() {
	epochs := slices.Sorted(maps.Keys(r.all))
	for i, epoch := range epochs[1:] {
		before, one := r.all[epochs[i]], r.all[epoch]
		if one.since.Before(before.till) {
			r.t.Errorf("epoch %d of %s begins at %s, epoch %d of %s was promised until %s", epoch, one.holder, one.since, epochs[i], before.holder, before.till)
		}
	}
}
