package repo_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// asSaidFrom is rule 1 from a time on.
func asSaidFrom(at time.Time) model.HeardRule {
	return model.HeardRule{From: at, Version: model.RuleAsSaid}
}

// storeDays stores days of a source of which the two rules say different things:
// files of unknown duration before long gaps, repetitions and a fallback.
func storeDays(t *testing.T, db interface {
	StoreEntry(ctx context.Context, e model.Entry) error
}, source, days int) {
	t.Helper()
	for day := range days {
		for i, e := range []model.Entry{
			{Title: "song", Duration: 4 * time.Minute},
			{Title: "unknown"},
			{Title: "after a gap", Duration: 5 * time.Minute},
			{Title: "jingle", ShowName: "Fallback"},
			{Title: "back", Duration: 3 * time.Minute},
		} {
			e.LogSource, e.TrackStart = source, noon.Add(time.Duration(day)*24*time.Hour+time.Duration(i)*time.Hour)
			if err := db.StoreEntry(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lengths are how long each entry is in a log from a time on.
func lengths(log []onair.Segment, from time.Time) map[int64]time.Duration {
	sums := make(map[int64]time.Duration)
	for _, s := range log {
		if s.Until.IsZero() || !s.Until.After(from) {
			continue
		}
		begin := s.From
		if begin.Before(from) {
			begin = from
		}
		sums[s.Entry] += s.Until.Sub(begin)
	}
	return sums
}

// rulable is a database of either kind.
type rulable interface {
	Rules(ctx context.Context) ([]model.HeardRule, error)
	SetRule(ctx context.Context, r model.HeardRule, progress func(done, total int64)) (differing int, err error)
	TryRule(ctx context.Context, r model.HeardRule, found func(onair.Difference), progress func(done, total int64)) error
}

// testRule tries and sets rules on the log that read returns.
func testRule(t *testing.T, db rulable, read func() []onair.Segment, days int) {
	t.Helper()
	ctx := t.Context()
	before := read()
	from := noon.Add(24*time.Hour + 90*time.Minute) // amid a play
	wanted := asSaidFrom(from)
	tried := map[int64]onair.Difference{}
	var done, total int64
	err := db.TryRule(ctx, wanted, func(d onair.Difference) {
		known := tried[d.Entry]
		known.Before, known.After = known.Before+d.Before, known.After+d.After
		tried[d.Entry] = known
	}, func(d, of int64) { done, total = d, of })
	if err != nil || len(tried) == 0 || done == 0 || done != total {
		t.Fatalf("%d differ, %d of %d passed, %v", len(tried), done, total, err)
	}
	if got := read(); !reflect.DeepEqual(got, before) {
		t.Fatalf("a trial changed\n%s to\n%s", onairtest.Text(before), onairtest.Text(got))
	}
	rules, err := db.Rules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if differing, err := db.SetRule(ctx, wanted, nil); err != nil || differing == 0 {
		t.Fatalf("%d differ, %v", differing, err)
	}
	after := read()
	was, is := lengths(before, from), lengths(after, from)
	for entry, d := range tried {
		if is[entry]-was[entry] != d.After-d.Before {
			t.Errorf("entry %d: tried %v to %v, and set %v to %v", entry, d.Before, d.After, was[entry], is[entry])
		}
		delete(is, entry)
		delete(was, entry)
	}
	if !reflect.DeepEqual(is, was) {
		t.Errorf("the trial did not tell of all that changed: %v to %v", was, is)
	}
	isEarlier := func(s onair.Segment) bool { return !s.Until.IsZero() && !s.Until.After(from) }
	earlier := func(log []onair.Segment) []onair.Segment {
		return slices.DeleteFunc(slices.Clone(log), func(s onair.Segment) bool { return !isEarlier(s) })
	}
	if got, want := earlier(after), earlier(before); !reflect.DeepEqual(got, want) {
		t.Errorf("what was before changed from\n%s to\n%s", onairtest.Text(want), onairtest.Text(got))
	}
	if got, err := db.Rules(ctx); err != nil || len(got) != len(rules)+1 || !got[len(rules)].IsSame(wanted) {
		t.Errorf("the rules are %v, %v", got, err)
	}
	back := model.DefaultHeardRule()
	back.From = from
	if _, err := db.SetRule(ctx, back, nil); err != nil {
		t.Fatal(err)
	}
	if got := read(); !reflect.DeepEqual(lengths(got, noon), lengths(before, noon)) {
		t.Errorf("back again it is\n%s, not\n%s", onairtest.Text(got), onairtest.Text(before))
	}
}

// TestStation_SetRule: what TryRule tells is what SetRule changes, nothing else does,
// and back again all is as before.
func TestStation_SetRule(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		s.SetPage(3)
		if _, err := s.StartRule(t.Context(), model.DefaultHeardRule()); err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		storeDays(t, s, 1, 4)
		testRule(t, s, func() []onair.Segment { return airLog(t, raw) }, 4)
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d differ, %v", differing, err)
		}
	})
}

// TestStation_SetRule_interrupted: the next Prepare finishes it.
func TestStation_SetRule_interrupted(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		s.SetPage(3)
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		storeDays(t, s, 1, 4)
		ctx, interrupt := context.WithCancel(t.Context())
		if _, err := s.SetRule(ctx, asSaidFrom(noon), func(int64, int64) { interrupt() }); err == nil {
			t.Fatal("it was not interrupted")
		}
		if is, err := s.Prepared(t.Context()); err != nil || is {
			t.Errorf("prepared: %t, %v", is, err)
		}
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing == 0 {
			t.Errorf("%d differ, %v: it was interrupted too late for this test", differing, err)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d differ, %v", differing, err)
		}
	})
}

// TestNode_SetRule is TestStation_SetRule at a node with two sources.
func TestNode_SetRule(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		db.SetHeard(3, 2000)
		if _, err := db.StartRule(t.Context(), model.DefaultHeardRule()); err != nil {
			t.Fatal(err)
		}
		serves(t, db)
		storeDays(t, db, 1, 3)
		storeDays(t, db, 2, 3)
		if _, err := db.CatchUpHeard(t.Context()); err != nil {
			t.Fatal(err)
		}
		if is, err := db.Prepared(t.Context()); err != nil || !is {
			t.Errorf("prepared: %t, %v", is, err)
		}
		testRule(t, db, func() []onair.Segment { return append(heardLog(t, raw, 1), heardLog(t, raw, 2)...) }, 3)
		wantHeardAll(t, db, raw, 2)
	})
}

// TestNode_FollowRules: the rules of the sync node count, and the log is derived
// again from the first difference on, however often that is interrupted.
func TestNode_FollowRules(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		db.SetHeard(3, 5)
		start := model.DefaultHeardRule()
		if _, err := db.StartRule(ctx, start); err != nil {
			t.Fatal(err)
		}
		serves(t, db)
		if rules, err := db.StationRules(ctx); err != nil || rules != nil {
			t.Errorf("it tells others of the rules that it started with: %v, %v", rules, err)
		}
		storeDays(t, db, 1, 4)
		storeDays(t, db, 2, 4)
		if _, err := db.CatchUpHeard(ctx); err != nil {
			t.Fatal(err)
		}
		follow := func(want bool, rules ...model.HeardRule) {
			t.Helper()
			if changed, err := db.FollowRules(ctx, rules); err != nil || changed != want {
				t.Fatalf("changed: %t, %v", changed, err)
			}
			if got, err := db.StationRules(ctx); err != nil || !reflect.DeepEqual(got, rules) {
				t.Errorf("it follows %v, %v, want %v", got, err, rules)
			}
		}
		follow(false, start)
		wantHeardAll(t, db, raw, 2)

		// From the second day on each play is as it was said. What was before is not
		// looked at: otherwise the damage would be mended.
		execSQL(t, raw, "UPDATE heard SET is_estimated = 1 WHERE entry_id = 1")
		follow(true, start, asSaidFrom(noon.Add(24*time.Hour)))
		// Another rule follows before that is derived, and the service starts again.
		short := start
		short.From, short.LongestFile = noon.Add(36*time.Hour), 2*time.Minute
		follow(true, start, asSaidFrom(noon.Add(24*time.Hour)), short)
		another := repotest.OpenURL(t, url)
		another.SetHeard(3, 5)
		serves(t, another)
		catchUp := func(want bool) {
			t.Helper()
			if did, err := another.CatchUpHeard(ctx); err != nil || did != want {
				t.Fatalf("derived again: %t, %v", did, err)
			}
		}
		catchUp(true)
		if damaged := heardLog(t, raw, 1)[0]; !damaged.Estimated {
			t.Error("what was before the first difference was derived again")
		}
		execSQL(t, raw, "UPDATE heard SET is_estimated = 0 WHERE entry_id = 1")
		wantHeardAll(t, db, raw, 2)
		follow(false, start, asSaidFrom(noon.Add(24*time.Hour)), short)
		catchUp(false)

		// More is said than is followed at once, and a rule changes while the log is
		// derived again.
		for i := range 12 {
			store(t, db, entry(24*3600+60*i+1, fmt.Sprint("late ", i)))
		}
		follow(true, start)
		derived := make(chan error, 1)
		go func() {
			_, err := another.CatchUpHeard(ctx)
			derived <- err
		}()
		follow(true, asSaidFrom(model.Earliest), short)
		if err := <-derived; err != nil {
			t.Fatal(err)
		}
		if _, err := another.CatchUpHeard(ctx); err != nil {
			t.Fatal(err)
		}
		wantHeardAll(t, db, raw, 2)
	})
}

// TestDB_StartRule_recalled: what others remember counts in an empty database only.
func TestDB_StartRule_recalled(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, _ *sql.DB) {
		ctx := t.Context()
		recalled := []model.HeardRule{asSaidFrom(model.Earliest), model.DefaultHeardRule()}
		recalled[1].From = noon
		counts, err := s.StartRule(ctx, model.DefaultHeardRule(), recalled...)
		if err != nil || !counts.From.Equal(noon) {
			t.Errorf("counts %v, %v", counts, err)
		}
		if got, err := s.Rules(ctx); err != nil || len(got) != 2 || got[0].Version != model.RuleAsSaid {
			t.Errorf("rules are %v, %v", got, err)
		}
	})
}
