package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// purgeOf is a decision about a source, 0 for all, and what was played before a time.
func purgeOf(source int, before time.Time) model.Purge {
	return model.Purge{Source: source, Before: before, At: noon.AddDate(5, 0, 0), By: "alice", Reason: "kept for five years"}
}

// monthOf is the month in UTC.
func monthOf(at time.Time) string { return at.UTC().Format("2006-01") }

// purger is a Node or a Station.
type purger interface {
	DecidePurge(ctx context.Context, p model.Purge) error
	Purgeable(ctx context.Context, p model.Purge, month func(time.Time) string, progress func(int64)) ([]model.Gone, error)
	PurgePlays(ctx context.Context, uid model.Fingerprint, month func(time.Time) string, limit int) ([]model.Gone, bool, error)
}

// purgeAll deletes batch after batch, and returns what went.
func purgeAll(ctx context.Context, db purger, p model.Purge, batch int) (gone []model.Gone, _ error) {
	for more := true; more; {
		some, again, err := db.PurgePlays(ctx, p.UID(), monthOf, batch)
		if err != nil {
			return nil, err
		}
		gone, more = model.AddGone(gone, some...), again
	}
	return gone, nil
}

// purge deletes what some source played before some minute, and forgets that, so that
// it may come again.
func (h *history) purge(ctx context.Context, t *rapid.T, db purger) {
	p := purgeOf(rapid.IntRange(0, h.sources).Draw(t, "purged source"), anyMinute(t))
	if err := db.DecidePurge(ctx, p); err != nil {
		t.Fatal(err)
	}
	want, err := db.Purgeable(ctx, p, monthOf, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := purgeAll(ctx, db, p, rapid.IntRange(1, 4).Draw(t, "batch"))
	if err != nil || !reflect.DeepEqual(gone, want) {
		t.Fatalf("gone are %v, %v, want %v", gone, err, want)
	}
	before := len(h.records)
	h.records = slices.DeleteFunc(h.records, func(r model.Record) bool {
		return r.Entry.PlayedAt().Before(p.Before) && (p.Source == 0 || p.Source == r.Entry.LogSource)
	})
	if n := model.Total(gone).Entries; n != int64(before-len(h.records)) {
		t.Fatalf("%d entries are gone, want %d", n, before-len(h.records))
	}
	if _, err := h.raw.ExecContext(ctx, "DELETE FROM purged_plays"); err != nil {
		t.Fatal(err)
	}
}

// TestPurgePlays: what was played before goes, with its corrections, doubts and
// refusals, a batch at a time; the sum of it stays. A play that was moved goes or stays
// by where it is now. What is left is as it was, and nothing that is
// gone can be stored again.
func TestPurgePlays(t *testing.T) {
	onEachURL(t, func(t *testing.T, node *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, node)
		bound := noon.AddDate(0, 1, 0)
		at := func(source int, days float64, title string) model.Record {
			r := model.Record{Entry: model.Entry{LogSource: source, TrackStart: bound.Add(time.Duration(days * 24 * float64(time.Hour))), Title: title, Duration: time.Minute}}
			r.Normalize()
			return r
		}
		moved := at(1, -3, "moved behind the bound")
		moved.Corrections = []model.Correction{{Kind: model.CorrectionAmend, At: noon, By: "bob", Reason: "x", Changes: model.Changes{TrackStart: new(bound.AddDate(0, 0, 1))}}}
		moved.Normalize()
		back := at(1, 2, "moved before the bound")
		back.Corrections = []model.Correction{{Kind: model.CorrectionAmend, At: noon, By: "bob", Reason: "x", Changes: model.Changes{TrackStart: new(bound.AddDate(0, 0, -1))}}}
		back.Normalize()
		doubtful := at(1, -2.5, "doubtful")
		doubtful.Entry.Doubts = model.NewDoubts(model.NewDoubt("track_start", "x", "is after its arrival"))
		doubtful.Entry.ReceivedAt = doubtful.Entry.TrackStart.Add(-time.Hour)
		doubtful.Normalize()
		void := at(1, -35, "void")
		void.Corrections = []model.Correction{{Kind: model.CorrectionVoid, At: noon, By: "bob", Reason: "x"}}
		void.Normalize()
		last := at(1, -0.00001, "just before, and over it")
		gone := []model.Record{void, at(1, -31, "a"), at(1, -2, "b"), last, back, doubtful, at(2, -2, "c")}
		kept := []model.Record{moved, at(1, 0, "at the bound"), at(2, 5, "later")}
		if _, err := node.Absorb(ctx, slices.Concat(gone, kept), false); err != nil {
			t.Fatal(err)
		}
		if err := node.Park(ctx, model.KindEntry, gone[1].Entry.Fingerprint(), "no"); err != nil {
			t.Fatal(err)
		}
		wantDoubtful := func(unheard, doubts int) {
			t.Helper()
			if list, n, err := node.Unheard(ctx, model.EntryQuery{From: bound.AddDate(0, 0, -3), To: bound.AddDate(0, 0, 6)}); err != nil || n != unheard {
				t.Errorf("not heard are %+v, %v, want %d", list, err, unheard)
			}
			wantCounts(t, raw, map[string]int{"playlog WHERE doubts <> ''": doubts})
		}
		wantDoubtful(2, 1) // and what is too short
		p := purgeOf(0, bound)
		for range 2 {
			if err := node.DecidePurge(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		// It counts as soon as it is decided.
		refused, err := node.Absorb(ctx, []model.Record{gone[2], kept[1]}, false)
		if err != nil || refused[0].Refused == nil || refused[1].Refused != nil {
			t.Fatalf("%+v, %v", refused, err)
		}
		wantGone := []model.Gone{
			{Source: 1, Month: "2020-06", Entries: 2, Length: time.Minute}, {Source: 1, Month: "2020-07", Entries: 4, Length: 4 * time.Minute},
			{Source: 2, Month: "2020-07", Entries: 1, Length: time.Minute},
		}
		if would, err := node.Purgeable(ctx, p, monthOf, nil); err != nil || !reflect.DeepEqual(would, wantGone) {
			t.Errorf("would go: %v, %v", would, err)
		}
		if went, err := purgeAll(ctx, node, p, 2); err != nil || !reflect.DeepEqual(went, wantGone) {
			t.Errorf("went: %v, %v", went, err)
		}
		known, err := node.Purges(ctx)
		want := p
		want.Gone, want.Done, want.Seal = wantGone, true, known[0].Seal
		if err != nil || !reflect.DeepEqual(known, model.Purges{want}) {
			t.Errorf("stays %+v, %v", known, err)
		}
		for i, r := range kept {
			e, err := node.EntryWith(ctx, r.Entry.Fingerprint())
			if err != nil || e.Title != r.Entry.Title {
				t.Errorf("kept %d: %v", i, err)
			}
		}
		wantCounts(t, raw, map[string]int{"playlog": 3, "correction": 1, "parked": 0, "purged_plays": 1})
		if n, err := node.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil || n != 3 {
			t.Errorf("heard are %d, %v", n, err)
		}
		wantHeardAll(t, node, raw, 2)
		// Nobody is told any more of what was not understood of it.
		wantDoubtful(0, 0)

		// Nothing of it comes back.
		for name, store := range map[string]func() error{
			"absorb": func() error {
				absorbed, err := node.Absorb(ctx, gone, true)
				for _, a := range absorbed {
					if a.Refused == nil {
						return errors.New("it is stored")
					}
				}
				return err
			},
			"log missed": func() error {
				_, _, err := node.LogMissed(ctx, gone[1].Entry, model.Correction{Kind: model.CorrectionLog, At: noon, By: "bob", Reason: "x"})
				return wantInvalid(err)
			},
			"correct": func() error {
				e, err := node.EntryWith(ctx, kept[1].Entry.Fingerprint())
				if err != nil {
					return err
				}
				_, err = node.Correct(ctx, e.ID, func(model.Entry, []model.Correction) (model.Correction, error) {
					return model.Correction{Kind: model.CorrectionAmend, At: noon, By: "bob", Reason: "x", Changes: model.Changes{TrackStart: new(bound.Add(-time.Second))}}, nil
				})
				return wantInvalid(err)
			},
		} {
			if err := store(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantCounts(t, raw, map[string]int{"playlog": 3, "correction": 1})
		// Where a play is now counts: a copy that does not know that it was moved is
		// played when it was told.
		moved.Corrections, back.Corrections = nil, nil
		moved.Normalize()
		back.Normalize()
		if told, err := node.Absorb(ctx, []model.Record{moved, back}, false); err != nil || told[0].Refused == nil || told[1].Refused != nil {
			t.Errorf("without their corrections: %+v, %v", told, err)
		}
		wantCounts(t, raw, map[string]int{"playlog": 4, "correction": 1})
		// What an engine's statement stored meanwhile, past all checks, goes again.
		store(t, node, gone[1].Entry)
		if went, err := purgeAll(ctx, node, p, 500); err != nil || model.Total(went).Entries != 1 {
			t.Errorf("again went %v, %v", went, err)
		}
		wantCounts(t, raw, map[string]int{"playlog": 4})
		wantHeardAll(t, node, raw, 2)
		if _, _, err := node.PurgePlays(ctx, model.Fingerprint{1}, monthOf, 1); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("by a purge that nobody decided: %v", err)
		}
	})
}

func wantInvalid(err error) error {
	if errors.As(err, new(*model.InvalidError)) {
		return nil
	}
	return fmt.Errorf("the error is %w", err)
}

func wantCounts(t *testing.T, raw *sql.DB, want map[string]int) {
	t.Helper()
	for table, n := range want {
		var got int
		if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&got); err != nil || got != n {
			t.Errorf("table %s has %d rows, %v, want %d", table, got, err, n)
		}
	}
}

// TestPurgePlays_source: of other sources nothing goes. On air is what is left.
func TestPurgePlays_source(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		ctx, at := t.Context(), onairtest.At
		onAirStation(t, s)
		p := purgeOf(1, at(4))
		if err := s.DecidePurge(ctx, p); err != nil {
			t.Fatal(err)
		}
		if _, err := purgeAll(ctx, s, p, 1); err != nil {
			t.Fatal(err)
		}
		// a sounded over the bound until 4, and again from 10 to 12.
		if got := aired(find(t, s.OnAir(), model.EntryQuery{Oldest: true})); got != "[b 4-10 m 20-25 C 30-45]" {
			t.Errorf("on air is %s", got)
		}
		if differing, err := s.Verify(ctx, nil); err != nil || differing != 0 {
			t.Errorf("%d segments are wrong, %v", differing, err)
		}
	})
}

// TestPurges_learn: what another database decided is known once, and what it says of
// it grows. What was decided here, others can't change.
func TestPurges_learn(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx := t.Context()
		own, theirs := purgeOf(0, noon), purgeOf(1, noon.AddDate(1, 0, 0))
		own.Reason = "😀 \"own\""
		if err := db.DecidePurge(ctx, own); err != nil {
			t.Fatal(err)
		}
		learn := func(news int, all ...model.Purge) {
			t.Helper()
			for i, want := range []int{news, 0} {
				if got, err := db.LearnPurges(ctx, all); err != nil || len(got) != want {
					t.Errorf("time %d: news are %v, %v, want %d", i, got, err, want)
				}
			}
		}
		more := theirs
		more.Gone = []model.Gone{{Source: 1, Month: "2020-06", Entries: 5}}
		done, forged := more, own
		done.Done = true
		forged.Gone, forged.Done = done.Gone, true
		learn(1, own, theirs)
		learn(0, more)
		learn(0, theirs) // told late
		learn(0, done, forged)
		got, err := db.Purges(ctx)
		if err != nil || len(got) != 2 {
			t.Fatal(got, err)
		}
		for _, p := range got {
			want := map[model.Fingerprint]model.Purge{own.UID(): own, done.UID(): done}[p.UID()]
			if len(p.Gone) != len(want.Gone) || p.Done != want.Done || p.String() != want.String() {
				t.Errorf("known is %+v, want %+v", p, want)
			}
		}
		if p, err := db.PurgeOf(ctx, 1, noon.AddDate(0, 6, 0)); err != nil || p == nil || p.Source != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		for source, at := range map[int]time.Time{1: noon.AddDate(1, 0, 0), 2: noon} {
			if p, err := db.PurgeOf(ctx, source, at); err != nil || p != nil {
				t.Errorf("source %d is gone too: %+v, %v", source, p, err)
			}
		}
	})
}

// TestDecidedHere: a database knows its own decisions again, and nobody can make one up.
// A database that nobody claimed knows none.
func TestDecidedHere(t *testing.T) {
	onEach(t, func(t *testing.T, db *repo.Node) {
		ctx, p := t.Context(), purgeOf(0, noon)
		decide := func() model.Purge {
			t.Helper()
			if err := db.DecidePurge(ctx, p); err != nil {
				t.Fatal(err)
			}
			known, err := db.Purges(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return known[len(known)-1]
		}
		is := func(p model.Purge, want bool) {
			t.Helper()
			if got, err := db.DecidedHere(ctx, p); err != nil || got != want {
				t.Errorf("decided here: %t, %v, want %t", got, err, want)
			}
		}
		unclaimed := decide()
		is(unclaimed, false)
		unclaimed.Seal = unclaimed.SealedBy(model.Fingerprint{})
		is(unclaimed, false)
		if err := db.Adopt(ctx, engine(1)); err != nil {
			t.Fatal(err)
		}
		p.At = p.At.Add(time.Hour)
		own := decide()
		is(own, true)
		later := own
		later.Before = later.Before.Add(time.Hour)
		is(later, false)
		own.Seal = model.Fingerprint{}
		is(own, false)
		is(unclaimed, false)
	})
}

// TestPurgePlays_concurrent: two processes purge, while others store and correct.
// Nothing is counted twice, and nothing that is to be kept is lost.
func TestPurgePlays_concurrent(t *testing.T) {
	onEachURL(t, func(t *testing.T, one *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, one)
		other := repotest.OpenURL(t, url)
		const old = 300
		var records []model.Record
		for i := range old {
			records = append(records, model.Record{Entry: entry(-60*(i+1), fmt.Sprint(i))})
		}
		if _, err := one.Absorb(ctx, records, false); err != nil {
			t.Fatal(err)
		}
		p := purgeOf(0, noon)
		if err := one.DecidePurge(ctx, p); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		failures := make(chan error, 10)
		for _, db := range []*repo.Node{one, other} {
			all.Go(func() {
				_, err := purgeAll(ctx, db, p, 20)
				failures <- err
			})
			all.Go(func() {
				for i := range 50 {
					if err := db.StoreEntry(ctx, entry(60*i, fmt.Sprint("new ", i))); err != nil {
						failures <- err
						return
					}
				}
			})
		}
		all.Wait()
		close(failures)
		for err := range failures {
			if err != nil {
				t.Error(err)
			}
		}
		wantCounts(t, raw, map[string]int{"playlog": 50})
		known, err := one.Purges(ctx)
		if err != nil || model.Total(known[0].Gone).Entries != old || !known[0].Done {
			t.Errorf("counted are %+v, %v", known, err)
		}
		if n, err := one.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil || n != 50 {
			t.Errorf("heard are %d, %v", n, err)
		}
		wantHeardAll(t, one, raw, 1)
	})
}
