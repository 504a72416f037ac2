package playlog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// sent are records as another node has them, one minute apart.
func sent(titles ...string) []model.Record {
	var records []model.Record
	for i, title := range titles {
		e := play()
		e.TrackStart = e.TrackStart.Add(time.Duration(i) * time.Minute)
		e.Title = title
		records = append(records, model.Record{Entry: e})
	}
	return records
}

// absorbs takes every record except those with one title, and counts the calls.
func absorbs(calls *int, failing string, err error) *fakeStore {
	return &fakeStore{
		AbsorbFunc: func(records []model.Record, synced bool) ([]model.Absorbed, error) {
			*calls++
			if !synced {
				return nil, errors.New("synced is not passed on")
			}
			absorbed := make([]model.Absorbed, len(records))
			for i, r := range records {
				if strings.HasPrefix(r.Entry.Title, failing) && err != nil {
					return nil, err
				}
				absorbed[i] = model.Absorbed{Content: r.Content(), Merged: &records[i]}
			}
			return absorbed, nil
		},
		EntryWithFunc: holding(),
	}
}

func TestRecorder_Receive(t *testing.T) {
	t.Parallel()
	broken := errors.New("value out of range")

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		var calls int
		r, changes := start(absorbs(&calls, "", nil), &bytes.Buffer{})
		records := sent("a", "b\x00", "c")
		records[1].Entry.Duration = 1500500 * time.Microsecond
		receipts, err := r.Receive(t.Context(), records, true)
		if err != nil || calls != 1 || *changes != 1 {
			t.Fatalf("%v after %d calls, told of %d changes", err, calls, *changes)
		}
		for i, receipt := range receipts {
			want := records[i]
			want.Normalize()
			if receipt.Refused != nil || receipt.Content != want.Content() || receipt.Merged == nil || receipt.Merged.Entry.Title != want.Entry.Title {
				t.Errorf("%d: receipt %+v, want the record normalized", i, receipt)
			}
		}
		if records[1].Entry.Title != "b\x00" {
			t.Error("the caller's records were changed")
		}
	})

	t.Run("Nothing", func(t *testing.T) {
		t.Parallel()
		r, changes := start(&fakeStore{}, &bytes.Buffer{})
		for _, records := range [][]model.Record{nil, {{}}} {
			receipts, err := r.Receive(t.Context(), records, true)
			if err != nil || len(receipts) != len(records) || *changes != 0 {
				t.Errorf("%+v, %v, told of %d changes", receipts, err, *changes)
			}
		}
	})

	t.Run("Invalid", func(t *testing.T) {
		t.Parallel()
		var calls int
		r, _ := start(absorbs(&calls, "", nil), &bytes.Buffer{})
		records := sent("a", "b", "c", "d")
		records[0].Entry.LogSource = 0
		records[2].Corrections = []model.Correction{{Kind: "undo", At: now, By: "M. Tester"}}
		receipts, err := r.Receive(t.Context(), records, true)
		if err != nil || calls != 1 {
			t.Fatalf("%v after %d calls", err, calls)
		}
		if got := wrongFields(t, receipts[0].Refused) + ", " + wrongFields(t, receipts[2].Refused); got != "log_source, corrections.kind" {
			t.Errorf("refused for %s", got)
		}
		for _, i := range []int{1, 3} {
			if receipts[i].Refused != nil || receipts[i].Merged.Entry.Title != records[i].Entry.Title {
				t.Errorf("receipt %d is %+v", i, receipts[i])
			}
		}
	})

	t.Run("OneAtFault", func(t *testing.T) {
		t.Parallel()
		var calls int
		var log bytes.Buffer
		r, changes := start(absorbs(&calls, "bad", broken), &log)
		receipts, err := r.Receive(t.Context(), sent("a", "bad", "c"), true)
		if err != nil || *changes != 2 || calls != 4 {
			t.Fatalf("%v after %d calls, told of %d changes", err, calls, *changes)
		}
		var got []string
		for _, receipt := range receipts {
			got = append(got, fmt.Sprint(receipt.Refused))
		}
		if !slices.Equal(got, []string{"<nil>", broken.Error(), "<nil>"}) || !strings.Contains(log.String(), broken.Error()) {
			t.Errorf("refused %v, log %s", got, &log)
		}
	})

	// A record that a failing store does not take is not refused, because a
	// refusal is final.
	t.Run("StoreAtFault", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			records []model.Record
			err     error
			alive   error // the store's error when it is asked for something else; nil: it is not there
			want    error
		}{
			"Unavailable":         {sent("bad", "bad"), model.ErrUnavailable, nil, model.ErrUnavailable},
			"Overloaded":          {sent("bad"), model.ErrOverloaded, nil, model.ErrOverloaded},
			"NoneCanBeStored":     {sent("bad1", "bad2"), broken, nil, broken},
			"SilentOtherwise":     {sent("bad"), broken, model.ErrUnavailable, model.ErrUnavailable},
			"TheOnlyOneIsAtFault": {sent("bad"), broken, nil, nil},
		} {
			var calls int
			store := absorbs(&calls, "bad", c.err)
			store.EntryWithFunc = func(model.Fingerprint) (model.Entry, error) { return model.Entry{}, cmp.Or(c.alive, model.ErrNotFound) }
			r, changes := start(store, &bytes.Buffer{})
			receipts, err := r.Receive(t.Context(), c.records, true)
			if !errors.Is(err, c.want) || (err == nil) != (receipts != nil) || *changes != 0 {
				t.Errorf("%s: %+v, %v, want %v", name, receipts, err, c.want)
			}
			if err == nil && !errors.Is(receipts[0].Refused, broken) {
				t.Errorf("%s: refused for %v", name, receipts[0].Refused)
			}
		}
	})

	t.Run("AwayInTheMidst", func(t *testing.T) {
		t.Parallel()
		calls := 0
		r, changes := start(&fakeStore{AbsorbFunc: func(records []model.Record, _ bool) ([]model.Absorbed, error) {
			calls++
			switch calls {
			case 1:
				return nil, broken
			case 2:
				return make([]model.Absorbed, 1), nil
			}
			return nil, model.ErrUnavailable
		}}, &bytes.Buffer{})
		if _, err := r.Receive(t.Context(), sent("a", "b", "c"), false); !errors.Is(err, model.ErrUnavailable) || *changes != 1 || calls != 3 {
			t.Errorf("%v after %d calls, told of %d changes: what was stored must be told", err, calls, *changes)
		}
	})

	t.Run("Canceled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		r, _ := start(&fakeStore{AbsorbFunc: func([]model.Record, bool) ([]model.Absorbed, error) {
			calls++
			cancel()
			return nil, errors.New("interrupted")
		}}, &bytes.Buffer{})
		if _, err := r.Receive(ctx, sent("a", "b"), false); err == nil || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
	})
}

// On both databases: the records that were sent are there, with their
// corrections, in whatever order and however often they arrive.
func TestRecorder_Receive_database(t *testing.T) {
	t.Parallel()
	repotest.Each(t, func(t *testing.T, open func(testing.TB) *repo.Node) {
		db := open(t)
		r, _ := start(db, &bytes.Buffer{})
		records := sent("a", "b", "c 🎵", strings.Repeat("ß", model.MaxText))
		title := "amended"
		records[1].Corrections = []model.Correction{
			{Kind: model.CorrectionAmend, At: now, By: "M. Tester", Reason: "tag", Changes: model.Changes{Title: &title}},
			{Kind: model.CorrectionVoid, At: now.Add(time.Second), By: "M. Tester", Reason: "test"},
		}
		for i := range records {
			records[i].Normalize()
		}
		bad := sent("no source")
		bad[0].Entry.LogSource = 0
		known := records[0]
		known.Entry.ShowName = "Nachtlicht"
		if _, err := r.Receive(t.Context(), []model.Record{known}, false); err != nil {
			t.Fatal(err)
		}
		list := append(append([]model.Record{bad[0], records[2]}, records...), records[1])
		receipts, err := r.Receive(t.Context(), list, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, receipt := range receipts {
			switch want := list[i]; {
			case i == 0:
				if wrongFields(t, receipt.Refused) != "log_source" {
					t.Errorf("receipt of the bad one is %+v", receipt)
				}
			case i == 2: // more is known of this record
				if receipt.Merged == nil || receipt.Content != known.Content() || receipt.Merged.Content() != known.Content() {
					t.Errorf("receipt %d is %+v, want the whole", i, receipt)
				}
			case receipt.Refused != nil || receipt.Merged != nil || receipt.Content != want.Content():
				t.Errorf("receipt %d is %+v", i, receipt)
			}
		}
		stored, _, err := db.Records(t.Context(), model.RecordQuery{Source: 1})
		if err != nil || len(stored) != len(records) {
			t.Fatalf("%d records, %v", len(stored), err)
		}
		for i, s := range stored {
			want := records[i]
			if i == 0 {
				want = known
			}
			if s.Content() != want.Content() || s.Entry.Synced == (i == 0) {
				t.Errorf("%d is stored as %+v", i, s)
			}
		}
	})
}
