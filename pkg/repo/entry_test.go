package repo_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
)

func TestDB_StoreEntry(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		full := model.Entry{
			LogSource: 3, TrackStart: noon.Add(123456 * time.Microsecond),
			Artist: "Dvořák ", Album: "🎵 '\"\\%_", Title: strings.Repeat("🎶", model.MaxText),
			TrackNum: -7, TrackType: 2, Duration: 1500 * time.Millisecond,
			PlaylistID: 1 << 60, TimeslotID: 2, ShowID: 3, ShowName: " a ", Composer: "b", Label: "c", ISRC: "d",
			Manual: true, Synced: true,
		}
		t.Run("OK", func(t *testing.T) {
			store(t, db, full)
			want := full
			want.ID = only(t, db).ID
			if got := only(t, db); !reflect.DeepEqual(got, want) {
				t.Errorf("stored\n%+v, want\n%+v", got, want)
			}
		})
		t.Run("Duplicate", func(t *testing.T) {
			before := only(t, db)
			store(t, db, full, full)
			if got := only(t, db); !reflect.DeepEqual(got, before) {
				t.Errorf("stored again\n%+v, want\n%+v", got, before)
			}
		})
		t.Run("Canceled", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := db.StoreEntry(ctx, entry(1, "canceled"))
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, model.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
		})
	})
}

// TestDB_StoreEntry_whileRead: however many reads run at once, an entry is
// stored.
func TestDB_StoreEntry_whileRead(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		release, err := db.HoldReaders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		store(t, db, entry(0, "a"))
		if _, err := db.Activate(t.Context(), asked(model.Activation{Source: 2, From: noon, RecordedAt: noon}), source.Admit); err != nil {
			t.Error(err)
		}
	})
}

// TestDB_visitors: while visitors' reads hold all their connections, everybody else
// reads and writes. While everybody else holds all of theirs, visitors read.
func TestDB_visitors(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx := t.Context()
		store(t, db, entry(0, "a"))
		visitor, cancel := context.WithCancel(model.ForVisitor(ctx))
		defer cancel()
		release, err := db.HoldVisitors(ctx)
		if err != nil {
			t.Fatal(err)
		}
		read := make(chan error)
		go func() {
			_, err := db.Entries(visitor, model.EntryQuery{})
			read <- err
		}()
		store(t, db, entry(1, "b"))
		if _, err := db.Activate(ctx, asked(model.Activation{Source: 2, From: noon, RecordedAt: noon}), source.Admit); err != nil {
			t.Error(err)
		}
		if lease, err := db.AcquireLease(ctx, "monitor", "a", time.Hour); err != nil || lease.Holder != "a" {
			t.Errorf("%+v, %v", lease, err)
		}
		if err := db.Ready(ctx); err != nil {
			t.Error(err)
		}
		if found := find(t, db, model.EntryQuery{}); titlesOf(found) != "ba" {
			t.Errorf("found %s", titlesOf(found))
		}
		select {
		case err := <-read:
			t.Errorf("a visitor did not wait: %v", err)
		default:
		}
		release()
		if err := <-read; err != nil {
			t.Error(err)
		}
		if release, err = db.HoldReaders(ctx); err != nil {
			t.Fatal(err)
		}
		defer release()
		if found, err := db.Entries(visitor, model.EntryQuery{Limit: 1}); err != nil || titlesOf(found) != "b" {
			t.Errorf("a visitor finds %s, %v", titlesOf(found), err)
		}
	})
}

func TestDB_EntryWith(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		stored, other := entry(0, "a"), entry(0, "A")
		store(t, db, stored)
		want := find(t, db, model.EntryQuery{})[0]
		if got, err := db.EntryWith(t.Context(), stored.Fingerprint()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if _, err := db.EntryWith(t.Context(), other.Fingerprint()); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
	})
}

func TestDB_Entry(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		store(t, db, entry(0, "a"), entry(1, "b"))
		want := find(t, db, model.EntryQuery{})[0]
		got, err := db.Entry(t.Context(), want.ID)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if _, err := db.Entry(t.Context(), want.ID+100); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("error %v, want %v", err, model.ErrNotFound)
		}
	})
}

// log stores a b c d e, a second apart except that c and d start together; b is
// void, d was logged by a person, a and e are synced.
func log(t *testing.T, db *repo.Node) {
	t.Helper()
	entries := []model.Entry{entry(0, "a"), entry(1, "b"), entry(2, "c"), entry(2, "d"), entry(3, "e")}
	entries[0].Synced, entries[4].Synced, entries[3].Manual = true, true, true
	store(t, db, entries...)
	b := find(t, db, model.EntryQuery{Oldest: true})[1]
	correct(t, db, b.ID, model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "test"})
}

func TestDB_Entries(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		log(t, db)
		at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
		c := find(t, db, model.EntryQuery{From: at(2), Oldest: true})[0]
		for _, test := range []struct {
			name string
			q    model.EntryQuery
			want string
		}{
			{"Newest", model.EntryQuery{}, "edca"},
			{"Oldest", model.EntryQuery{Oldest: true}, "acde"},
			{"Raw", model.EntryQuery{Raw: true}, "ecba"},
			{"Unsynced", model.EntryQuery{UnsyncedOnly: true}, "dc"},
			{"UnsyncedRaw", model.EntryQuery{UnsyncedOnly: true, Raw: true}, "cb"},
			{"From", model.EntryQuery{From: at(2)}, "edc"},
			{"FromWithinMicrosecond", model.EntryQuery{From: at(2).Add(time.Nanosecond)}, "e"},
			{"To", model.EntryQuery{To: at(2)}, "dca"},
			{"FromTo", model.EntryQuery{From: at(1), To: at(2)}, "dc"},
			{"None", model.EntryQuery{From: at(4)}, ""},
			{"Limit", model.EntryQuery{Limit: 2}, "ed"},
			{"Offset", model.EntryQuery{Offset: 1}, "dca"},
			{"OffsetLimit", model.EntryQuery{Offset: 1, Limit: 2}, "dc"},
			{"After", model.EntryQuery{After: &model.Position{PlayedAt: at(2), ID: c.ID}}, "a"},
			{"AfterWinsOverOffset", model.EntryQuery{After: &model.Position{PlayedAt: at(2), ID: c.ID}, Offset: 1}, "a"},
			{"AfterOldest", model.EntryQuery{After: &model.Position{PlayedAt: at(2), ID: c.ID}, Oldest: true}, "de"},
			{"AfterTo", model.EntryQuery{After: &model.Position{PlayedAt: at(3), ID: 0}, To: at(0)}, "a"},
			{"AfterFrom", model.EntryQuery{After: &model.Position{PlayedAt: at(0), ID: 0}, From: at(3), Oldest: true}, "e"},
		} {
			t.Run(test.name, func(t *testing.T) {
				if got := titlesOf(find(t, db, test.q)); got != test.want {
					t.Errorf("%q, want %q", got, test.want)
				}
			})
		}
	})
}

// TestDB_Entries_pages reads page by page what one query returns at once.
func TestDB_Entries_pages(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		for i := range 25 {
			store(t, db, entry(i/5, string(rune('a'+i))))
		}
		for _, oldest := range []bool{false, true} {
			want := titlesOf(find(t, db, model.EntryQuery{Oldest: oldest}))
			var got string
			q := model.EntryQuery{Oldest: oldest, Limit: 4}
			for {
				page := find(t, db, q)
				if len(page) == 0 {
					break
				}
				got += titlesOf(page)
				last := model.PositionOf(page[len(page)-1])
				q.After = &last
			}
			if got != want {
				t.Errorf("oldest %t: %q, want %q", oldest, got, want)
			}
		}
	})
}

func TestDB_CountEntries(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		log(t, db)
		for _, test := range []struct {
			q    model.EntryQuery
			want int64
		}{
			{model.EntryQuery{}, 4},
			{model.EntryQuery{Limit: 1, Offset: 2, After: &model.Position{PlayedAt: noon}}, 4},
			{model.EntryQuery{Raw: true}, 4},
			{model.EntryQuery{UnsyncedOnly: true}, 2},
			{model.EntryQuery{From: noon.Add(3 * time.Second)}, 1},
		} {
			if got, err := db.CountEntries(t.Context(), test.q); err != nil || got != test.want {
				t.Errorf("%+v: %d, %v, want %d", test.q, got, err, test.want)
			}
		}
	})
}

func TestDB_EachEntry(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		t.Run("HalfOpen", func(t *testing.T) {
			log(t, db)
			var got []model.Entry
			err := db.EachEntry(t.Context(), noon, noon.Add(3*time.Second), func(e model.Entry) error {
				got = append(got, e)
				return nil
			})
			if err != nil || titlesOf(got) != "acd" {
				t.Errorf("%q, %v", titlesOf(got), err)
			}
		})
		t.Run("Error", func(t *testing.T) {
			stop, calls := errors.New("stop"), 0
			err := db.EachEntry(t.Context(), noon, noon.Add(time.Hour), func(model.Entry) error {
				calls++
				return stop
			})
			if !errors.Is(err, stop) || calls != 1 {
				t.Errorf("%v after %d calls", err, calls)
			}
		})
		t.Run("Pages", func(t *testing.T) {
			const n = 2*1000 + 1
			from := noon.Add(24 * time.Hour)
			entries := make([]model.Entry, n)
			for i := range entries {
				entries[i] = entry(24*3600+i/3, "x")
				entries[i].TrackNum = i
			}
			for _, err := range db.CommitGroup(entries[:n/2]...) {
				if err != nil {
					t.Fatal(err)
				}
			}
			db.CommitGroup(entries[n/2:]...)
			next := 0
			err := db.EachEntry(t.Context(), from, from.Add(time.Hour), func(e model.Entry) error {
				if e.TrackNum != next {
					return errors.New("out of order")
				}
				next++
				return nil
			})
			if err != nil || next != n {
				t.Errorf("%d of %d, %v", next, n, err)
			}
		})
	})
}

func TestDB_LatestEntry(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		log(t, db)
		for _, test := range []struct {
			at   time.Time
			want string
		}{
			{noon.Add(time.Hour), "e"},
			{noon.Add(3*time.Second - time.Nanosecond), "d"},
			{noon.Add(2 * time.Second), "d"},
			{noon.Add(time.Second), "a"},
			{noon.Add(-time.Microsecond), ""},
		} {
			e, err := db.LatestEntry(t.Context(), test.at)
			if e.Title != test.want || errors.Is(err, model.ErrNotFound) != (test.want == "") {
				t.Errorf("at %s: %q, %v, want %q", test.at, e.Title, err, test.want)
			}
		}
	})
}

func TestDB_NextEntry(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		log(t, db)
		for _, test := range []struct {
			after time.Time
			want  string
		}{
			{noon.Add(-time.Hour), "a"},
			{noon, "c"},
			{noon.Add(2*time.Second - time.Nanosecond), "c"},
			{noon.Add(2 * time.Second), "e"},
			{noon.Add(2*time.Second + time.Nanosecond), "e"},
			{noon.Add(3 * time.Second), ""},
		} {
			e, err := db.NextEntry(t.Context(), test.after)
			if e.Title != test.want || errors.Is(err, model.ErrNotFound) != (test.want == "") {
				t.Errorf("after %s: %q, %v, want %q", test.after, e.Title, err, test.want)
			}
		}
	})
}

// TestDB_StoreEntry_conflict: an entry that comes alone is stored although its INSERT
// lost a conflict with another transaction.
func TestDB_StoreEntry_conflict(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindMariaDB)
	db := repotest.OpenURL(t, url)
	refuseTwice(t, rawSQL(t, repotest.KindMariaDB, url), "playlog", 1213)
	store(t, db, entry(0, "a"))
	only(t, db)
}
