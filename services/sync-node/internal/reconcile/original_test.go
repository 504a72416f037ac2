package reconcile

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/pkg/peer/original"
)

// originalNode is a node that knows only a list, latest first.
type originalNode struct {
	memoryNode
	playlog []original.Played
	most    int         // the most entries of one answer
	asked   []time.Time // the time since which each run asked
	during  func()      // called during each request, if set
	fails   error       // the error after the first page, if set
}

// newOriginal returns a node that played a title at each interval, up to epoch.
func newOriginal(titles int, every time.Duration) *originalNode {
	o := &originalNode{memoryNode: memoryNode{newMemory(1)}, most: 7}
	for i := range titles {
		// The entry does not say which source it is of.
		o.playlog = append(o.playlog, original.Played{Entry: model.Entry{TrackStart: epoch.Add(-time.Duration(i) * every), Title: strconv.Itoa(i)}})
	}
	return o
}

func (o *originalNode) State(context.Context) (peer.State, time.Duration, error) {
	return peer.State{}, 0, peer.ErrUnsupported
}

func (o *originalNode) Playlog(newest time.Time, limit int) func(context.Context) ([]original.Played, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, newest)
	given := 0
	return func(context.Context) ([]original.Played, error) {
		if o.during != nil {
			o.during()
		}
		if given > 0 && o.fails != nil {
			return nil, o.fails
		}
		found := page(o.playlog, given, min(limit, o.most))
		given += len(found)
		return found, nil
	}
}

// TestRun_Original: everything that an original node gives is stored. Otherwise
// the run says that it was not.
func TestRun_Original(t *testing.T) {
	t.Parallel()
	errEnds := errors.New("its pages repeat")
	for _, test := range []struct {
		name  string
		node  *originalNode
		fails error
		want  int
	}{
		{"Few", newOriginal(30, time.Minute), nil, 30},
		{"None", newOriginal(0, time.Minute), nil, 0},
		{"Many", newOriginal(1450, time.Minute), nil, 1450},
		{"Fails", newOriginal(30, time.Minute), errEnds, 7},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, node := newMemory(0), test.node
			node.fails = test.fails
			r := reconciler(Config{BatchSize: 10}, store, node)
			node.during = func() { // the amount of work is unknown
				if p := r.Progress(); p.Part >= 0 {
					t.Errorf("progress is %+v", p)
				}
			}
			if err := r.Once(t.Context()); !errors.Is(err, test.fails) {
				t.Errorf("error is %v, want %v", err, test.fails)
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
			if test.fails != nil {
				if !s.Reconciled.IsZero() || s.Detail == "" || !s.Reachable {
					t.Errorf("status is %+v", s)
				}
				return
			}
			if !s.Reachable || s.Reconciled.IsZero() || !s.Original || s.Fetched < int64(test.want) {
				t.Errorf("status is %+v", s)
			}
			if p := r.Progress(); test.want > 0 && p.Part != 1 {
				t.Errorf("progress is %+v", p)
			}
		})
	}
}

// TestRun_OriginalAway: a node that does not even give its first entries is
// away.
func TestRun_OriginalAway(t *testing.T) {
	t.Parallel()
	node := awayOriginal{newOriginal(3, time.Minute)}
	r := reconciler(Config{BatchSize: 10}, newMemory(0), node)
	if err := r.Once(t.Context()); !errors.Is(err, errAway) || !errors.Is(err, errCable) {
		t.Errorf("error is %v", err)
	}
	if s := r.Status()[0]; s.Reachable || s.Detail == "" {
		t.Errorf("status is %+v", s)
	}
}

// awayOriginal does not answer.
type awayOriginal struct{ *originalNode }

func (awayOriginal) Playlog(time.Time, int) func(context.Context) ([]original.Played, error) {
	return func(context.Context) ([]original.Played, error) { return nil, errCable }
}

// TestRun_OriginalRepeatedHour: an entry that was stored at the first
// occurrence of its start is not stored again when the second occurrence has
// become the nearer one.
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

// TestReconciler_Original: at start and on demand everything is fetched from an
// original node, otherwise only what was played lately.
func TestReconciler_Original(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := newOriginal(100, time.Hour)
		for i := range node.playlog {
			node.playlog[i].TrackStart = time.Now().Add(time.Duration(-20*i) * time.Hour)
		}
		node.playlog = append([]original.Played{{Entry: model.Entry{TrackStart: time.Now().AddDate(50, 0, 0), Title: "from the future"}}}, node.playlog...)
		r := reconcilerOf(time.Hour, &leases{}, "a", node)
		began := time.Now()
		begin(t, r)
		newest := func() time.Time { // returns the newest time that the last run passed to Playlog
			synctest.Wait()
			node.mu.Lock()
			defer node.mu.Unlock()
			defer func() { node.asked = nil }()
			return node.asked[len(node.asked)-1]
		}
		if from := newest(); !from.IsZero() || r.Status()[0].Fetched < 101 {
			t.Errorf("at start since %s, %d records", from, r.Status()[0].Fetched)
		}
		time.Sleep(70 * time.Minute)
		if from := newest(); !from.Equal(began) {
			t.Errorf("an hour later since %s", from)
		}
		r.Trigger()
		if from := newest(); !from.IsZero() {
			t.Errorf("on demand since %s", from)
		}
		time.Sleep(70 * time.Minute)
		if from := newest(); from.IsZero() {
			t.Error("an hour later everything")
		}
	})
}
