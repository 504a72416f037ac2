package source

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
)

// draw is any request that arrives at that time.
func (m *memory) draw(t *rapid.T, arrived time.Time) Request {
	r := Request{
		Source: rapid.IntRange(1, 3).Draw(t, "source"), Arrived: arrived, By: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by"),
		Pin: rapid.SampledFrom([]*bool{nil, nil, nil, new(true), new(false)}).Draw(t, "pin"),
	}
	if rapid.Bool().Draw(t, "tells its time") {
		r.At = told(arrived.Add(time.Duration(rapid.IntRange(-20, 3).Draw(t, "at")) * time.Second))
	}
	knew := int64(max(0, len(m.accepted)-rapid.IntRange(0, 2).Draw(t, "missed")))
	switch rapid.IntRange(0, 2).Draw(t, "who") {
	case 1:
		r.Epoch = &knew
	case 2:
		r.ByMonitor, r.Mandate = true, &Mandate{Lease: model.Lease{Name: "monitor", Holder: "m", Epoch: 1}, Upon: knew}
		r.Pin = nil
		if r.tellsTime() {
			skew := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 2, 3, -3, 3600, -3600}).Draw(t, "skew")) * time.Second
			r.Sent, r.At.Time = arrived.Add(-skew), r.At.Time.Add(-skew)
		}
	}
	return r
}

// mayComeAgain: a time that is a little ahead becomes another one, so only an
// epoch keeps such a request from being stored twice.
func mayComeAgain(r Request) bool {
	return r.tellsTime() && !r.IsLate() && r.epoch() == nil
}

// TestAdmit_history: however requests come, arrive again, and clocks jump.
func TestAdmit_history(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		var delivered []Request // late ones that were accepted
		now := noon
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "pass")) * time.Second)
			m.deposed = rapid.IntRange(0, 9).Draw(t, "deposed") == 0
			r := m.draw(t, now)
			before := slices.Clone(m.accepted)
			d, err := m.Activate(t.Context(), r, Admit)
			if err != nil && !errors.Is(err, model.ErrStaleEpoch) && !errors.Is(err, model.ErrPinned) && !errors.Is(err, model.ErrDeposed) {
				t.Fatalf("%+v: %v", r, err)
			}
			if err != nil || d.Stored {
				if err == nil && !slices.Contains(m.accepted, d.Activation) {
					t.Fatalf("%+v is not stored, as is said of %+v", d, r)
				}
				continue
			}
			m.check(t, r, d, before)
			if r.IsLate() {
				delivered = append(delivered, r)
			}
			if !mayComeAgain(r) {
				m.mustNotChange(t, r)
			}
		}
		for _, r := range delivered {
			later := time.Duration(rapid.IntRange(0, 100).Draw(t, "later")) * time.Second
			r.Arrived = r.Arrived.Add(later)
			if !r.Sent.IsZero() {
				r.Sent = r.Sent.Add(later - time.Duration(rapid.IntRange(-300, 300).Draw(t, "under way, ms"))*time.Millisecond)
			}
			if d, err := m.Activate(t.Context(), r, Admit); err != nil || !d.Stored {
				t.Fatalf("%+v comes again: %+v, %v", r, d, err)
			}
		}
	})
}

// check looks at what was accepted.
func (m *memory) check(t *rapid.T, r Request, d Decision, before []model.Activation) {
	t.Helper()
	knew, was := r.epoch(), last(before)
	active, err := m.ActiveSource(t.Context(), r.Arrived)
	switch {
	case err != nil:
		t.Fatal(err)
	case d.Epoch != int64(len(before))+1:
		t.Fatalf("epoch %d after %d", d.Epoch, len(before))
	case knew != nil && *knew != was.Epoch:
		t.Fatalf("%+v was accepted upon epoch %d", r, was.Epoch)
	case was.Pinned && (r.ByMonitor || r.Pin == nil):
		t.Fatalf("%+v was accepted after %+v", r, was)
	case r.Mandate != nil && m.deposed:
		t.Fatalf("%+v was accepted of one deposed", r)
	case (r.Mandate != nil || !r.IsLate()) && (active.Source != r.Source || active.Epoch != d.Epoch):
		t.Fatalf("%+v is accepted, and active is %+v", r, active)
	case r.IsLate() && r.Mandate == nil && !d.From.Equal(r.From()):
		t.Fatalf("%+v counts from %s", r, d.From)
	}
}

// mustNotChange admits a request again.
func (m *memory) mustNotChange(t *rapid.T, r Request) {
	t.Helper()
	before := len(m.accepted)
	if d, err := m.Activate(t.Context(), r, Admit); len(m.accepted) != before {
		t.Fatalf("%+v is stored again: %+v, %v", r, d, err)
	}
}

// TestAdmit_order: late activations make one history in whatever order they
// come, and however often.
func TestAdmit_order(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		requests := make([]Request, rapid.IntRange(1, 12).Draw(t, "requests"))
		for i := range requests {
			requests[i] = Request{
				Source: rapid.IntRange(1, 3).Draw(t, "source"), Arrived: noon, By: fmt.Sprint(i),
				At: told(noon.Add(-time.Duration(i+1) * time.Second)),
			}
		}
		var inOrder, shuffled memory
		for _, r := range requests {
			if _, err := inOrder.Activate(t.Context(), r, Admit); err != nil {
				t.Fatal(err)
			}
		}
		twice := slices.Concat(requests, requests)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) //nolint:gosec // a test's
		rng.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		for _, r := range twice {
			if _, err := shuffled.Activate(t.Context(), r, Admit); err != nil {
				t.Fatal(err)
			}
		}
		want, got := byTime(inOrder.accepted), byTime(shuffled.accepted)
		if !slices.EqualFunc(want, got, func(a, b model.Activation) bool { return a.Repeats(&b) }) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}
