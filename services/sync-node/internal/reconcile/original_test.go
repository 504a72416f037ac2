package reconcile

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// original is a node that knows nothing but a list, the latest first.
type original struct {
	memoryNode
	playlog                            []peer.Played
	ignorePage, ignoreDates, ascending bool
	most                               int // it gives no more at once, whatever is asked for
	asked                              []peer.PlaylogQuery
	during                             func() // what happens meanwhile
}

// newOriginal plays something every so often, up to epoch.
func newOriginal(titles int, every time.Duration) *original {
	o := &original{memoryNode: memoryNode{newMemory(1)}, most: 7}
	for i := range titles {
		// It does not say of which source it is.
		o.playlog = append(o.playlog, peer.Played{Entry: model.Entry{TrackStart: epoch.Add(-time.Duration(i) * every), Title: strconv.Itoa(i)}})
	}
	return o
}

func (o *original) State(context.Context) (peer.State, time.Duration, error) {
	return peer.State{}, 0, peer.ErrUnsupported
}

func (o *original) Playlog(_ context.Context, q peer.PlaylogQuery) ([]peer.Played, error) {
	if o.during != nil {
		o.during()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, q)
	var found []peer.Played
	for _, e := range o.playlog {
		isLater := !q.To.IsZero() && e.TrackStart.After(q.To)
		if o.ignoreDates || !isLater && !e.TrackStart.Before(q.From) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b peer.Played) int {
		if o.ascending {
			a, b = b, a
		}
		return b.TrackStart.Compare(a.TrackStart)
	})
	if o.ignorePage {
		q.Page = 0
	}
	limit := min(q.Limit, o.most)
	return page(found, q.Page*limit, limit), nil
}

// TestRun_Original: all that an original node has is fetched, whichever of pages
// and dates it knows, or the run says that it was not.
func TestRun_Original(t *testing.T) {
	t.Parallel()
	many := 7*windowPages*2 + 50
	for _, test := range []struct {
		name   string
		node   *original
		change func(*original)
		want   int
		err    error
	}{
		{"Few", newOriginal(30, time.Minute), func(*original) {}, 30, nil},
		{"None", newOriginal(0, time.Minute), func(*original) {}, 0, nil},
		{"Many", newOriginal(many, time.Minute), func(*original) {}, many, nil},
		{"ManyAtOnce", newOriginal(many, time.Millisecond), func(*original) {}, many, nil},
		{"AllAtOnce", newOriginal(many, 0), func(*original) {}, many, nil},
		{"NoDates", newOriginal(many, time.Minute), func(o *original) { o.ignoreDates = true }, many, nil},
		{"NoPages", newOriginal(30, time.Minute), func(o *original) { o.ignorePage = true }, 30, nil},
		{"NeitherPagesNorDates", newOriginal(30, time.Minute), func(o *original) { o.ignorePage, o.ignoreDates = true, true }, 7, errPagesRepeat},
		{"OldestFirst", newOriginal(many, time.Minute), func(o *original) { o.ascending = true }, many, nil},
		{"OldestFirstNoPages", newOriginal(30, time.Minute), func(o *original) { o.ascending, o.ignorePage = true, true }, 7, errPagesRepeat},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, node := newMemory(0), test.node
			test.change(node)
			r := reconciler(Config{BatchSize: 10}, store, node)
			node.during = func() { // nobody knows how much there is
				if p := r.Progress(); p.Part >= 0 {
					t.Errorf("progress is %+v", p)
				}
			}
			if err := r.Once(t.Context()); !errors.Is(err, test.err) {
				t.Errorf("error is %v, want %v", err, test.err)
			}
			if len(store.records) != test.want {
				t.Errorf("%d records, want %d", len(store.records), test.want)
			}
			for _, record := range store.records {
				if record.Entry.LogSource != 1 {
					t.Fatalf("stored %+v", record.Entry)
				}
			}
			s := r.Status()[0]
			if test.err != nil {
				if !s.Reconciled.IsZero() || s.Detail == "" || !s.Reachable {
					t.Errorf("status is %+v", s)
				}
				return
			}
			if !s.Reachable || s.Reconciled.IsZero() || !s.Original || s.Fetched < int64(test.want) {
				t.Errorf("status is %+v", s)
			}
			if deepest := slices.MaxFunc(append(node.asked, peer.PlaylogQuery{}), func(a, b peer.PlaylogQuery) int { return cmp.Compare(a.Page, b.Page) }).Page; test.name == "Many" && deepest >= windowPages {
				t.Errorf("asked for page %d", deepest)
			}
			if p := r.Progress(); test.want > 0 && p.Part != 1 {
				t.Errorf("progress is %+v", p)
			}
		})
	}
}

// TestRun_OriginalRepeatedHour: what was stored at the first occurrence of its
// start is not stored again when the second one has become the nearer.
func TestRun_OriginalRepeatedHour(t *testing.T) {
	t.Parallel()
	store, node := newMemory(0), newOriginal(2, time.Minute)
	first := epoch.Add(-time.Hour)
	known := model.Record{Entry: model.Entry{LogSource: 1, TrackStart: first, Title: "0"}}
	known.Normalize()
	store.put(known)
	for i := range node.playlog {
		node.playlog[i].OtherStart = node.playlog[i].TrackStart.Add(-time.Hour)
	}
	if err := reconciler(Config{BatchSize: 10}, store, node).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	var starts []string
	for _, r := range store.records {
		starts = append(starts, r.Entry.Title+" "+r.Entry.TrackStart.Format(time.TimeOnly))
	}
	slices.Sort(starts)
	want := []string{"0 " + first.Format(time.TimeOnly), "1 " + epoch.Add(-time.Minute).Format(time.TimeOnly)}
	if !slices.Equal(starts, want) {
		t.Errorf("stored %q, want %q", starts, want)
	}
}

// TestReconciler_Original: at start and on demand all is fetched from an original
// node, and else what was played lately.
func TestReconciler_Original(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := newOriginal(100, time.Hour)
		for i := range node.playlog {
			node.playlog[i].TrackStart = time.Now().Add(time.Duration(-20*i) * time.Hour)
		}
		node.playlog = append([]peer.Played{{Entry: model.Entry{TrackStart: time.Now().AddDate(50, 0, 0), Title: "from the future"}}}, node.playlog...)
		r := reconcilerOf(time.Hour, &leases{}, "a", node)
		began := time.Now()
		begin(t, r)
		first := func() time.Time { // from when on was asked for in the last run
			synctest.Wait()
			node.mu.Lock()
			defer node.mu.Unlock()
			defer func() { node.asked = nil }()
			return node.asked[len(node.asked)-1].From
		}
		if from := first(); !from.IsZero() || r.Status()[0].Fetched < 101 {
			t.Errorf("at start since %s, %d records", from, r.Status()[0].Fetched)
		}
		time.Sleep(70 * time.Minute)
		if from := first(); !from.Equal(began.Add(-lookBack)) {
			t.Errorf("an hour later since %s", from)
		}
		r.Trigger()
		if from := first(); !from.IsZero() {
			t.Errorf("on demand since %s", from)
		}
		time.Sleep(70 * time.Minute)
		if from := first(); from.IsZero() {
			t.Error("an hour later everything")
		}
	})
}
