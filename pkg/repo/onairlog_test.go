package repo_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
)

// aired shows entries as "title from-until", in minutes after the beginning of
// the oracle's histories.
func aired(entries []model.Entry) string {
	minute := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return fmt.Sprint(int(t.Sub(onairtest.At(0)).Minutes()))
	}
	var parts []string
	for _, e := range entries {
		if e.Air == nil {
			return "not from the on-air log: " + e.Title
		}
		parts = append(parts, fmt.Sprintf("%s %s-%s", e.Effective().Title, minute(e.Air.From), minute(e.Air.Until)))
	}
	return fmt.Sprint(parts)
}

// onAirStation has this log: a 0-4, b 4-10 (not from its start), a 10-12 again,
// then m 20-25, which a person logged, and c from 30 on.
func onAirStation(t *testing.T, s *repo.Station) {
	t.Helper()
	if _, err := s.Absorb(t.Context(), []model.Record{
		{Entry: playedAt(1, 0, 12, "a")}, {Entry: playedAt(2, 1, 15, "b")}, {Entry: playedAt(1, 14, 2, "void")},
		{Entry: playedAt(1, 30, 0, "c")}, {Entry: playedAt(2, 30, 0, "standby")},
	}, true); err != nil {
		t.Fatal(err)
	}
	activate(t, s, 2, 4)
	activate(t, s, 1, 10)
	for _, e := range find(t, s, model.EntryQuery{}) {
		var c model.Correction
		switch e.Title {
		case "void":
			c = model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "x"}
		case "c":
			c = amend(0, "C")
		default:
			continue
		}
		if _, err := s.Correct(t.Context(), e.ID, func(model.Entry, []model.Correction) (model.Correction, error) { return c, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.LogMissed(t.Context(), playedAt(1, 20, 5, "m"), model.Correction{Kind: model.CorrectionLog, At: noon, By: "alice", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
}

func TestOnAirLog(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) {
		onAirStation(t, s)
		ctx, log, at := t.Context(), s.OnAir(), onairtest.At

		for _, test := range []struct {
			name  string
			q     model.EntryQuery
			want  string
			count int64
		}{
			{"All", model.EntryQuery{}, "[C 30-45 m 20-25 a 10-12 b 4-10 a 0-4]", 5},
			{"Oldest", model.EntryQuery{Oldest: true}, "[a 0-4 b 4-10 a 10-12 m 20-25 C 30-45]", 5},
			{"FromTo", model.EntryQuery{From: at(4), To: at(10)}, "[a 10-12 b 4-10]", 2},
			{"JustAfter", model.EntryQuery{From: at(4).Add(1), To: at(10).Add(-1)}, "[]", 0},
			{"Page", model.EntryQuery{Offset: 1, Limit: 2}, "[m 20-25 a 10-12]", 5},
			{"Raw", model.EntryQuery{Raw: true}, "[C 30-45 a 10-12 b 4-10 a 0-4]", 4},
			{"Unsynced", model.EntryQuery{UnsyncedOnly: true}, "[]", 0},
		} {
			got, err := log.Entries(ctx, test.q)
			if err != nil || aired(got) != test.want {
				t.Errorf("%s: %s, %v, want %s", test.name, aired(got), err, test.want)
			}
			if n, err := log.CountEntries(ctx, test.q); err != nil || n != test.count {
				t.Errorf("%s: count %d, %v, want %d", test.name, n, err, test.count)
			}
		}

		for _, oldest := range []bool{false, true} {
			var all []model.Entry
			q := model.EntryQuery{Oldest: oldest, Limit: 2, Offset: 1, From: at(0), To: at(40)} // Offset applies to the first page
			for {
				part, err := log.Entries(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				if len(part) == 0 {
					break
				}
				all = append(all, part...)
				last := model.PositionOf(part[len(part)-1])
				q.After = &last
			}
			if oldest {
				slices.Reverse(all)
			}
			if want := map[bool]string{false: "[m 20-25 a 10-12 b 4-10 a 0-4]", true: "[C 30-45 m 20-25 a 10-12 b 4-10]"}[oldest]; aired(all) != want {
				t.Errorf("oldest %t: %s, want %s", oldest, aired(all), want)
			}
		}

		var each []model.Entry
		if err := log.EachEntry(ctx, at(4), at(30), func(e model.Entry) error { each = append(each, e); return nil }); err != nil || aired(each) != "[b 4-10 a 10-12 m 20-25]" {
			t.Errorf("EachEntry: %s, %v", aired(each), err)
		}

		for _, test := range []struct {
			name string
			read func() (model.Entry, error)
			want string // "" for no entry
		}{
			{"Latest", func() (model.Entry, error) { return log.LatestEntry(ctx, at(10)) }, "[a 10-12]"},
			{"LatestIsOver", func() (model.Entry, error) { return log.LatestEntry(ctx, at(19)) }, "[a 10-12]"},
			{"LatestBeforeAll", func() (model.Entry, error) { return log.LatestEntry(ctx, at(0).Add(-1)) }, ""},
			{"Next", func() (model.Entry, error) { return log.NextEntry(ctx, at(4)) }, "[a 10-12]"},
			{"NextAfterAll", func() (model.Entry, error) { return log.NextEntry(ctx, at(30)) }, ""},
		} {
			e, err := test.read()
			if test.want == "" && !errors.Is(err, model.ErrNotFound) || test.want != "" && (err != nil || aired([]model.Entry{e}) != test.want) {
				t.Errorf("%s: %+v, %v, want %q", test.name, e, err, test.want)
			}
		}

		for title, want := range map[string]string{"a": "[a 10-12]", "b": "[b 4-10]", "c": "[C 30-45]", "void": "", "standby": ""} {
			i := slices.IndexFunc(stored(t, s), func(e model.Entry) bool { return e.Title == title })
			raw := stored(t, s)[i]
			e, err := log.Entry(ctx, raw.ID)
			if want == "" {
				if !errors.Is(err, model.ErrNotFound) {
					t.Errorf("%s: %+v, %v, want %v", title, e, err, model.ErrNotFound)
				}
				continue
			}
			if err != nil || aired([]model.Entry{e}) != want || e.ID != raw.ID || e.TrackStart != raw.TrackStart || !e.Synced {
				t.Errorf("%s: %s %+v, %v, want %s", title, aired([]model.Entry{e}), e, err, want)
			}
		}
	})
}

// stored returns all entries, also the void ones.
func stored(t *testing.T, s *repo.Station) []model.Entry {
	t.Helper()
	return append(find(t, s, model.EntryQuery{Raw: true}), find(t, s, model.EntryQuery{})...)
}

// TestOnAirLog_migrated: an on-air log from before its days were counted is
// counted by the migration.
func TestOnAirLog_migrated(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		onAirStation(t, s)
		execSQL(t, raw, "DELETE FROM onair_day")
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 2 {
			t.Errorf("%d differ, %v, want both days", differing, err)
		}
		status, err := s.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range len(status) - 15 { // this also removes the table and its content
			if err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		// An older schema does not know that the last end is an estimate, and of which
		// titles the four plays are.
		if differing, err := s.Rebuild(t.Context(), nil); err != nil || differing != 5 {
			t.Errorf("%d differ, %v", differing, err)
		}
		if n, err := s.OnAir().CountEntries(t.Context(), model.EntryQuery{}); err != nil || n != 5 {
			t.Errorf("%d segments, %v, want 5", n, err)
		}
	})
}
