package authority

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/source"
)

var (
	errAway = errors.New("connection refused")
	away1   = func(context.Context, string) error { return errAway }
	hangs   = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
)

// atMost is the longest time between two looks at the sync node.
const atMost = refreshEvery + jitter

func TestFollower_ActiveSource(t *testing.T) {
	t.Parallel()

	t.Run("Follows", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			d.is(1, 0, false)
			d.node.activate(2)
			before := d.changes.since(0)
			after(atMost)
			d.is(2, 1, false)
			if got := d.changes.since(before); got != 1 {
				t.Errorf("%d changes told of one", got)
			}
			before = d.changes.since(0)
			after(time.Minute)
			if got := d.changes.since(before); got != 0 {
				t.Errorf("%d changes told of none", got)
			}
		})
	})

	t.Run("AwayAndBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			d.node.activate(2)
			after(atMost)
			before := d.changes.since(0)
			d.node.fail(away1)
			after(atMost)
			d.is(2, 1, true)
			after(time.Hour)
			d.is(2, 1, true)
			if got := d.changes.since(before); got != 1 {
				t.Errorf("%d changes told while the sync node was away", got)
			}
			d.node.fail(nil)
			after(atMost)
			d.is(2, 1, false)
		})
	})

	t.Run("Hangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			d.node.fail(hangs)
			after(atMost + refreshTimeout)
			began := time.Now()
			d.is(1, 0, true)
			if !time.Now().Equal(began) {
				t.Error("the answer waited for the sync node")
			}
			d.node.fail(nil)
			after(atMost + refreshTimeout)
			d.is(1, 0, false)
		})
	})

	t.Run("Restart", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			memory := newNotes()
			d := deploy(t, &syncNode{}, memory)
			for source := range 3 {
				d.node.activate(source + 1)
			}
			memory.set(true) // the database is away for a while
			after(2 * atMost)
			memory.set(false)
			after(atMost)
			d.stop()
			if len(memory.activations) != 3 || memory.activations[2].By != "somebody" {
				t.Errorf("remembered: %+v", memory.activations)
			}
			away := &syncNode{trouble: away1}
			d = deploy(t, away, memory)
			d.is(3, 3, true)
			if got, _ := d.ActiveSource(t.Context(), time.Now()); got.Since == nil || !got.Since.Equal(start.Add(3*time.Minute)) {
				t.Errorf("since %v", got.Since)
			}
		})
	})

	// Another node is not believed, and is not asked to activate anything.
	t.Run("AnotherNode", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{another: peer.ErrNotSyncNode}, newNotes())
			d.node.activate(2)
			after(time.Minute)
			d.is(7, 0, true)
			if _, err := d.Activate(t.Context(), source.Request{Source: 3, Arrived: start}, source.Admit); !errors.Is(err, model.ErrSyncNodeAway) || !errors.Is(err, peer.ErrNotSyncNode) {
				t.Errorf("activate: %v", err)
			}
			if d.node.called("ActiveSource")+d.node.called("Activate") != 0 {
				t.Errorf("asked: %v", d.node.calls)
			}
			set := func(another error) {
				d.node.mu.Lock()
				defer d.node.mu.Unlock()
				d.node.another, d.node.checks = another, 0
			}
			set(nil)
			after(time.Minute)
			d.is(2, 1, false)
			if d.node.checks != 1 {
				t.Errorf("asked %d times what it is", d.node.checks)
			}
			d.node.fail(away1)
			after(atMost)
			set(peer.ErrNotSyncNode)
			d.node.fail(nil)
			d.node.activate(4)
			after(time.Minute)
			d.is(2, 1, true)
		})
	})

	t.Run("NeverAsked", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{trouble: away1}, newNotes())
			d.is(7, 0, true)
			d.notes.set(true)
			if _, err := d.ActiveSource(t.Context(), time.Now()); !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("without database and sync node: %v", err)
			}
		})
	})

	// Activations that are already copied are not read repeatedly.
	t.Run("ReadsOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			for source := range 3 {
				d.node.activate(source + 1)
				after(time.Minute)
			}
			if got := d.node.called("ActivationsAfter"); got != 1+3 || d.notes.writes != 3 {
				t.Errorf("the history was read %d times, and %d activations written", got, d.notes.writes)
			}
			d.node.mu.Lock()
			d.node.without = true
			d.node.mu.Unlock()
			d.node.activate(1)
			after(time.Minute)
			if got := d.node.called("ActivationsAfter"); got != 5 {
				t.Errorf("a history that lacks the latest was read %d times", got-4)
			}
		})
	})

	// Everything that was missed is copied, even activations older than the copy.
	t.Run("LongAbsence", func(t *testing.T) {
		t.Parallel()
		for _, older := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, &syncNode{older: older}, newNotes())
				d.node.fail(away1)
				after(time.Hour)
				for i := range 2*pageSize + 7 {
					d.node.activate(i%3 + 1)
				}
				trouble := 2 // the second page fails twice
				d.node.fail(func(_ context.Context, call string) error {
					if call == "ActivationsAfter" && len(d.notes.activations) == pageSize && trouble > 0 {
						trouble--
						return errAway
					}
					return nil
				})
				after(5 * atMost)
				want := 2*pageSize + 7
				if older {
					want = fewLatest
				}
				if got := len(d.notes.activations); got != want || d.notes.writes != want {
					t.Errorf("%d activations are copied, %d times, want %d", got, d.notes.writes, want)
				}
				if older {
					return
				}
				d.node.mu.Lock() // the sync node found this one again
				d.node.activations = slices.Insert(d.node.activations, 0, model.Activation{Epoch: -1, Source: 4, From: start, RecordedAt: start})
				d.node.mu.Unlock()
				after(reviewEvery + atMost)
				if _, ok := d.notes.activations[-1]; !ok {
					t.Error("what the sync node found again was never copied")
				}
			})
		}
	})

	// A sync node that lost its history and starts again is believed at once. The
	// memory contradicts it only while it is away.
	t.Run("NewHistory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			for range 52 {
				d.node.activate(2)
			}
			after(atMost)
			d.is(2, 52, false)
			d.node.mu.Lock()
			d.node.activations = nil
			d.node.mu.Unlock()
			after(atMost)
			d.is(1, 0, false)
			d.node.activate(3)
			after(atMost)
			d.is(3, 1, false)
			if got := d.notes.activations[1].Source; got != 3 || len(d.notes.activations) != 52 {
				t.Errorf("of %d activations the first is of source %d", len(d.notes.activations), got)
			}
			d.stop()
			d.node.fail(away1)
			d = deploy(t, d.node, d.notes)
			d.is(2, 52, true)
			d.node.fail(nil)
			after(atMost)
			d.is(3, 1, false)
		})
	})

	t.Run("Jitter", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			after(10 * time.Minute)
			d.node.mu.Lock()
			defer d.node.mu.Unlock()
			seen := map[time.Duration]bool{}
			for i, at := range d.node.asked[1:] {
				pause := at.Sub(d.node.asked[i])
				if pause < refreshEvery-jitter || pause > atMost {
					t.Errorf("pause of %s", pause)
				}
				seen[pause] = true
			}
			if len(seen) < 100 {
				t.Errorf("%d different pauses of %d", len(seen), len(d.node.asked))
			}
		})
	})
}

func TestFollower_Activate(t *testing.T) {
	t.Parallel()
	now := source.Request{Source: 2, Arrived: start, By: "somebody", Reason: "tired"}

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			d.node.activate(5)
			got, err := d.Activate(t.Context(), now, func(r source.Request, k source.Known) (source.Decision, error) {
				if last := k.Last; last.Epoch != 1 || last.Source != 5 || !last.From.Equal(start.Add(time.Minute)) {
					t.Errorf("asked about %+v", last)
				}
				return source.Admit(r, k)
			})
			if err != nil || got.Epoch != 2 {
				t.Fatalf("%+v, %v", got, err)
			}
			d.is(2, 2, false) // at once
			w := d.node.wishes[0]
			if w.Source != 2 || w.By != "somebody" || w.Reason != "tired" || *w.Pin || !w.PassedOn || *w.Epoch != 1 || !w.At.IsZero() {
				t.Errorf("passed on %+v", w)
			}
		})
	})

	t.Run("HappenedBefore", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			before := now
			before.At.Time = start.Add(-time.Hour)
			before.Pin = new(true)
			if _, err := d.Activate(t.Context(), before, source.Admit); err != nil {
				t.Fatal(err)
			}
			if w := d.node.wishes[0]; !w.At.Equal(before.At.Time) || w.OwnClock || !*w.Pin {
				t.Errorf("passed on %+v", w)
			}
		})
	})

	t.Run("NotAdmitted", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			_, err := d.Activate(t.Context(), now, func(source.Request, source.Known) (source.Decision, error) {
				return source.Decision{}, model.ErrPinned
			})
			if !errors.Is(err, model.ErrPinned) || d.node.called("Activate") != 0 {
				t.Errorf("%v after %d calls", err, d.node.called("Activate"))
			}
		})
	})

	t.Run("SomebodyFaster", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			asked := 0
			if _, err := d.Activate(t.Context(), now, func(r source.Request, k source.Known) (source.Decision, error) {
				if asked++; asked <= 2 {
					d.node.activate(9) // between the look and the switch
				}
				return source.Admit(r, k)
			}); err != nil || asked != 3 {
				t.Errorf("%v, asked %d times", err, asked)
			}
			d.is(2, 3, false)
			another := now
			another.Source = 3
			if _, err := d.Activate(t.Context(), another, func(r source.Request, k source.Known) (source.Decision, error) {
				d.node.activate(9)
				return source.Admit(r, k)
			}); !errors.Is(err, model.ErrSyncNodeAway) {
				t.Errorf("always too late: %v", err)
			}
		})
	})

	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"Away", errAway, model.ErrSyncNodeAway},
		{"Unavailable", model.ErrUnavailable, model.ErrSyncNodeAway},
		{"Token", &peer.StatusError{Status: 403}, model.ErrSyncNodeAway},
		{"Original", peer.ErrUnsupported, model.ErrSyncNodeAway},
		{"Pinned", model.ErrPinned, model.ErrPinned},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, &syncNode{}, newNotes())
				d.node.fail(func(_ context.Context, call string) error {
					if call == "Activate" {
						return c.err
					}
					return nil
				})
				if _, err := d.Activate(t.Context(), now, source.Admit); !errors.Is(err, c.want) || errors.Is(err, model.ErrSyncNodeAway) != errors.Is(c.want, model.ErrSyncNodeAway) {
					t.Errorf("%v, want %v", err, c.want)
				}
			})
		})
	}

	// A node that would only pass the request on refuses a request that was
	// passed on.
	t.Run("PassedOn", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			circling := now
			circling.PassedOn = true
			before := d.node.called("ActiveSource")
			if _, err := d.Activate(t.Context(), circling, source.Admit); !errors.Is(err, model.ErrLoop) || d.node.called("ActiveSource") != before {
				t.Errorf("%v, and asked the sync node %d times", err, d.node.called("ActiveSource")-before)
			}
		})
	})

	// A switch to the source that is already active and pinned succeeds again,
	// and is not passed on.
	t.Run("PinnedAgain", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			pinned := now
			pinned.Pin = new(true)
			for _, r := range []source.Request{pinned, now, pinned} {
				if got, err := d.Activate(t.Context(), r, source.Admit); err != nil || got.Epoch != 1 || !got.Pinned {
					t.Errorf("%+v, %v", got, err)
				}
			}
			if got := d.node.called("Activate"); got != 1 {
				t.Errorf("passed on %d times", got)
			}
		})
	})

	// A monitor's decision can be out of date even if nobody switched.
	t.Run("Deposed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			asked := 0
			d.node.fail(func(_ context.Context, call string) error {
				if call != "Activate" {
					return nil
				}
				asked++
				return model.ErrStaleEpoch
			})
			decided := now
			decided.Mandate = &source.Mandate{Lease: model.Lease{Holder: "a", Epoch: 3}}
			if _, err := d.Activate(t.Context(), decided, source.Admit); !errors.Is(err, model.ErrStaleEpoch) || errors.Is(err, model.ErrSyncNodeAway) || asked != 1 {
				t.Errorf("%v after %d requests, want %v", err, asked, model.ErrStaleEpoch)
			}
			d.node.fail(nil)
			if _, err := d.Activate(t.Context(), decided, source.Admit); err != nil {
				t.Fatal(err)
			}
			if l := d.node.wishes[len(d.node.wishes)-1].Lease; l == nil || *l != decided.Mandate.Lease {
				t.Errorf("passed on under %+v", l)
			}
			// The time is of this node's clock now, whatever the monitor's clock says.
			skewed := decided
			skewed.Source, skewed.Mandate = 5, nil
			skewed.At.Time, skewed.Sent = decided.Arrived.Add(-time.Hour-time.Second), decided.Arrived.Add(-time.Hour)
			if _, err := d.Activate(t.Context(), skewed, source.Admit); err != nil {
				t.Fatal(err)
			}
			if w := d.node.wishes[len(d.node.wishes)-1]; !w.At.Equal(decided.Arrived.Add(-time.Second)) || !w.OwnClock {
				t.Errorf("passed on as of %s, by this node's clock: %t", w.At, w.OwnClock)
			}
		})
	})

	t.Run("Hangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			d.node.fail(hangs)
			began := time.Now()
			_, err := d.Activate(t.Context(), now, source.Admit)
			if took := time.Since(began); !errors.Is(err, model.ErrSyncNodeAway) || took > 2*refreshTimeout {
				t.Errorf("%v after %s", err, took)
			}
			d.is(1, 0, true)
		})
	})

	t.Run("CallerLeaves", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := deploy(t, &syncNode{}, newNotes())
			ctx, cancel := context.WithCancel(t.Context())
			d.node.fail(func(ctx context.Context, _ string) error { cancel(); return hangs(ctx, "") })
			_, err := d.Activate(ctx, now, source.Admit)
			d.node.fail(nil)
			if err == nil {
				t.Error("activated")
			}
			d.is(1, 0, false)
		})
	})
}

func TestFollower_Activations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, &syncNode{}, newNotes())
		d.node.activate(2)
		if list, err := d.Activations(t.Context(), 0, 5); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		d.node.fail(away1)
		if _, err := d.Activations(t.Context(), 0, 5); !errors.Is(err, model.ErrSyncNodeAway) {
			t.Errorf("without the sync node: %v", err)
		}
	})
}
