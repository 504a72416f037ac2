package repo_test

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
)

// TestDB_StoreEntry_merge stores copies of entries in any order, repetition and
// grouping. The stored entries must then be what model.Tell makes of the
// copies.
func TestDB_StoreEntry_merge(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		var run atomic.Int64
		// Texts that MariaDB's collations treat as equal, and some that sort
		// differently by bytes.
		text := rapid.SampledFrom([]string{"", "", "a", "A", "á", "a ", "a  ", " a", "b", "B", "ß", "ss", "🎵", "🎶", "\uffff", "%", "'\\"})
		id := rapid.SampledFrom([]int64{0, 0, 1, 2, 1 << 60})
		rapid.Check(t, func(rt *rapid.T) {
			day := noon.Add(time.Duration(run.Add(1)) * 24 * time.Hour)
			copies := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) model.Entry {
				e := model.Entry{
					LogSource:  1,
					TrackStart: day.Add(time.Duration(rapid.IntRange(0, 1).Draw(rt, "start")) * time.Second),
					Title:      rapid.SampledFrom([]string{"a", "A", "a ", "á"}).Draw(rt, "title"),
					ReceivedAt: rapid.SampledFrom([]time.Time{{}, day, day.Add(time.Second), day.Add(time.Minute)}).Draw(rt, "received"),
					Doubts:     rapid.SampledFrom([]model.Doubts{"", model.NewDoubts(model.NewDoubt("track_num", "?", "is no number"))}).Draw(rt, "doubts"),
				}
				for _, f := range model.Fields {
					if f.Identity {
						continue
					}
					switch v := f.Of(&e).(type) {
					case *string:
						*v = text.Draw(rt, f.Name())
					case *int:
						*v = rapid.IntRange(0, 3).Draw(rt, f.Name())
					case *int64:
						*v = id.Draw(rt, f.Name())
					case *time.Duration:
						*v = time.Duration(rapid.IntRange(0, 3).Draw(rt, f.Name())) * time.Millisecond
					case *bool:
						*v = rapid.Bool().Draw(rt, f.Name())
					}
				}
				e.Normalize()
				return e
			}), 1, 8).Draw(rt, "copies")

			want := map[model.Fingerprint]model.Entry{}
			for _, e := range copies {
				if stored, ok := want[e.Fingerprint()]; ok {
					e = model.Tell(stored, e)
				}
				want[e.Fingerprint()] = e
			}
			for rest := copies; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(rt, "group")
				for _, err := range db.CommitGroup(rest[:n]...) {
					if err != nil {
						rt.Fatal(err)
					}
				}
				rest = rest[n:]
			}
			stored, err := db.Entries(t.Context(), model.EntryQuery{From: day, To: day.Add(time.Minute)})
			if err != nil || len(stored) != len(want) {
				rt.Fatalf("%d stored, want %d: %v", len(stored), len(want), err)
			}
			for _, got := range stored {
				w := want[got.Fingerprint()]
				w.ID = got.ID
				if !reflect.DeepEqual(got, w) {
					rt.Errorf("stored\n%+v, want\n%+v", got, w)
				}
			}
		})
	})
}

// TestDB_StoreEntry_corrected: a merge does not change what corrections
// determine.
func TestDB_StoreEntry_corrected(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(0, "a"))
		id := only(t, db).ID
		moved := noon.Add(time.Hour)
		correct(t, db, id, model.Correction{Kind: model.CorrectionAmend, At: noon, By: "alice", Reason: "late", Changes: model.Changes{TrackStart: &moved}})
		before := only(t, db)
		more := entry(0, "a")
		more.ShowName = "Morning Show"
		store(t, db, more)
		want := before
		want.ShowName = "Morning Show"
		got, err := db.LatestEntry(t.Context(), moved)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("stored\n%+v, %v, want\n%+v", got, err, want)
		}
		if _, err := db.LatestEntry(t.Context(), moved.Add(-time.Second)); err == nil {
			t.Error("the merge moved it back")
		}
	})
}
