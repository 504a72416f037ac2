package repo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
)

// TestPlaying: while much is stored, what plays is told at once, and nothing is
// written for it.
func TestPlaying(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, db)
		playing := db.Playing()
		if e, err := playing.LatestEntry(ctx, noon); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("before anything played: %+v, %v", e, err)
		}
		for i := range 40 {
			at := noon.Add(time.Duration(i) * time.Minute)
			store(t, db, entry(60*i, fmt.Sprint(i)))
			e, err := playing.LatestEntry(ctx, at)
			if want := (model.Airing{From: at, Until: at.Add(15 * time.Minute), Estimated: true}); err != nil || e.Title != fmt.Sprint(i) || *e.Air != want {
				t.Fatalf("play %d: %+v, %+v, %v", i, e, e.Air, err)
			}
			if next, err := nextEntry(ctx, playing, at); !errors.Is(err, model.ErrNotFound) {
				t.Fatalf("after play %d comes %+v, %v", i, next, err)
			}
			if next, err := nextEntry(ctx, playing, noon.Add(-time.Second)); err != nil || next.Title != "0" {
				t.Fatalf("first was %+v, %v", next, err)
			}
		}
		correct(t, db, 40, model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "x"})
		if e, err := playing.LatestEntry(ctx, noon.Add(time.Hour)); err != nil || e.Title != "38" {
			t.Errorf("after a correction: %+v, %v", e, err)
		}
		if log := heardLog(t, raw, 1); len(log) > 0 || pends(ctx, raw) == nil {
			t.Errorf("something was derived: %v", log)
		}
		if n, err := db.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil || n != 39 {
			t.Errorf("the list has %d entries, %v", n, err)
		}
		wantHeardAll(t, db, raw, 1)
		if e, err := playing.LatestEntry(ctx, noon.Add(time.Hour)); err != nil || e.Title != "38" {
			t.Errorf("of what was derived: %+v, %v", e, err)
		}
	})
}

// nextEntry is what plays first after a time.
func nextEntry(ctx context.Context, p *repo.Playing, after time.Time) (model.Entry, error) {
	_, next, err := p.LatestAndNext(ctx, after)
	if err == nil && next == nil {
		return model.Entry{}, model.ErrNotFound
	}
	if err != nil {
		return model.Entry{}, err
	}
	return *next, nil
}

// TestPlaying_several: of several sources the newest title counts.
func TestPlaying_several(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		ctx := t.Context()
		serves(t, db)
		for i, second := range []int{60, 0, 120} {
			store(t, db, model.Entry{LogSource: i + 1, TrackStart: noon.Add(time.Duration(second) * time.Second), Title: fmt.Sprint(second), Duration: time.Hour})
		}
		for _, c := range []struct {
			at           time.Duration
			latest, next string
		}{{0, "0", "60"}, {90 * time.Second, "60", "120"}, {2 * time.Hour, "120", ""}} {
			e, err := db.Playing().LatestEntry(ctx, noon.Add(c.at))
			if err != nil || e.Title != c.latest {
				t.Errorf("after %s the latest is %q, %v, want %q", c.at, e.Title, err, c.latest)
			}
			if e, err = nextEntry(ctx, db.Playing(), noon.Add(c.at)); e.Title != c.next || (err == nil) != (c.next != "") {
				t.Errorf("after %s the next is %q, %v, want %q", c.at, e.Title, err, c.next)
			}
		}
	})
}

// TestPlaying_rule: also by the rule that takes each play as it was said, and where
// one rule ends and another begins, what plays is told without writing. What goes on
// from one rule's time to another's is one airing.
func TestPlaying_rule(t *testing.T) {
	asSaid := model.HeardRule{From: model.Earliest, Version: model.RuleAsSaid}
	for name, from := range map[string]time.Duration{
		"as said": 0, "begins before": 30 * time.Second, "begins with a play": time.Minute, "begins meanwhile": 2 * time.Minute, "begins later": 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
				ctx, raw, rules := t.Context(), rawSQL(t, kind, url), []model.HeardRule{asSaid}
				if from > 0 {
					since := model.DefaultHeardRule()
					since.From = noon.Add(from)
					rules = append(rules, since)
				}
				storeRules(t, raw, rules)
				serves(t, db)
				a, b := entry(0, "a"), entry(60, "b")
				a.Duration, b.Duration = time.Hour, 10*time.Minute
				store(t, db, a, b)
				for at, want := range map[time.Duration]model.Airing{0: {From: a.TrackStart, Until: b.TrackStart}, 48 * time.Hour: {From: b.TrackStart, Until: b.TrackStart.Add(b.Duration)}} {
					if e, err := db.Playing().LatestEntry(ctx, noon.Add(at)); err != nil || *e.Air != want {
						t.Errorf("after %s the latest is %+v, %+v, %v, want %+v", at, e, e.Air, err, want)
					}
				}
				if e, err := nextEntry(ctx, db.Playing(), noon); err != nil || e.Title != "b" {
					t.Errorf("the next is %+v, %v", e, err)
				}
				if e, err := nextEntry(ctx, db.Playing(), b.TrackStart); !errors.Is(err, model.ErrNotFound) {
					t.Errorf("after the last one comes %+v, %v", e, err)
				}
				if log := heardLog(t, raw, 1); len(log) > 0 || pends(ctx, raw) == nil {
					t.Errorf("something was derived: %v", log)
				}
				if _, err := db.CatchUpHeard(ctx); err != nil {
					t.Fatal(err)
				}
				wantHeardAll(t, db, raw, 1)
			})
		})
	}
}

// TestKeepHeard_quiet: after a look, the tables follow as soon as it is quiet, and
// if it never is, after the longest wait.
func TestKeepHeard_quiet(t *testing.T) {
	for name, waits := range map[string]struct{ quiet, longest time.Duration }{
		"quiet":   {time.Millisecond, time.Hour},
		"longest": {time.Hour, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
				raw := rawSQL(t, kind, url)
				db.SetQuiet(waits.quiet, waits.longest)
				serves(t, db)
				ctx, stop := context.WithCancel(t.Context())
				changed, ended := make(chan struct{}, 100), make(chan error)
				go func() { ended <- db.KeepHeard(ctx, func() { changed <- struct{}{} }) }()
				store(t, db, entry(0, "a"), entry(60, "b"))
				if _, err := db.Playing().LatestEntry(ctx, noon); err != nil {
					t.Fatal(err)
				}
				select {
				case <-changed:
				case <-time.After(patience.Limit()):
					t.Error("nobody was told")
				}
				patience.Await(t, func() error { return pends(ctx, raw) })
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				wantHeardAll(t, db, raw, 1)
			})
		})
	}
}

// TestKeepHeard_givesWay: whatever an engine says while the background derives, the
// background waits before it goes on.
func TestKeepHeard_givesWay(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, _ string) {
		const longest = 10 * time.Millisecond
		serves(t, db)
		giveWay := db.GivingWay()
		atOnce := func() {
			db.SetQuiet(time.Hour, time.Hour)
			if err := giveWay(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		atOnce()
		for name, say := range map[string]func(){
			"play": func() { store(t, db, entry(0, "a")) },
			"record of a node": func() {
				if _, err := db.Absorb(t.Context(), []model.Record{{Entry: entry(60, "b")}}, false); err != nil {
					t.Fatal(err)
				}
			},
		} {
			say()
			db.SetQuiet(time.Hour, longest)
			began := time.Now()
			if err := giveWay(t.Context()); err != nil || time.Since(began) < longest {
				t.Errorf("%s: after %v, %v", name, time.Since(began), err)
			}
			atOnce()
		}
	})
}

// TestHeard_backlog: if more is stored than can be followed at once, what was heard
// before stays as it was derived.
func TestHeard_backlog(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		ctx, raw := t.Context(), rawSQL(t, kind, url)
		serves(t, db)
		for i := range 100 {
			store(t, db, entry(60*i, fmt.Sprint(i)))
		}
		if _, err := db.CatchUpHeard(ctx); err != nil {
			t.Fatal(err)
		}
		db.SetHeard(20, 20)
		for i := 100; i < 150; i++ {
			store(t, db, entry(60*i, fmt.Sprint(i)))
		}
		if _, err := db.Heard().CountEntries(ctx, model.EntryQuery{}); err != nil {
			t.Fatal(err)
		}
		var body string
		if err := raw.QueryRowContext(ctx, "SELECT body FROM note WHERE name = 'heard'").Scan(&body); err != nil {
			t.Fatal(err)
		}
		var note struct{ From time.Time }
		if err := json.Unmarshal([]byte(body), &note); err != nil {
			t.Fatal(err)
		}
		if from := noon.Add(95 * time.Minute); note.From.Before(from) {
			t.Errorf("it is to be derived again since %s: %s", note.From, body)
		}
		if _, err := db.CatchUpHeard(ctx); err != nil {
			t.Fatal(err)
		}
		wantHeardAll(t, db, raw, 1)
	})
}

// TestHeard_backlogs is TestHeard_backlog for backlogs before, between and after
// what was derived, as engines send them: late, repeated, with fallback.
func TestHeard_backlogs(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		for range max(1, checks(t)/4) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			emptyNode(t, raw)
			serves(t, db)
			plays := anyHours(random)
			for round := range 3 {
				db.SetHeard(2+random.IntN(12), 8+random.IntN(12))
				for i, p := range plays {
					if i%3 == round || random.IntN(4) == 0 {
						store(t, db, p)
					}
				}
				if round < 2 && random.IntN(2) == 0 {
					if _, err := db.Heard().CountEntries(t.Context(), model.EntryQuery{}); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := db.CatchUpHeard(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantHeardAll(t, db, raw, 1)
			}
		}
	})
}

// anyHours are plays of some hours.
func anyHours(random *rand.Rand) []model.Entry {
	var plays []model.Entry
	at := noon
	for range 120 {
		at = at.Add(time.Duration(20+random.IntN(400)) * time.Second)
		e := model.Entry{LogSource: 1, TrackStart: at, Title: fmt.Sprint(random.IntN(12)), Duration: time.Duration(random.IntN(400)) * time.Second}
		switch random.IntN(8) {
		case 0:
			e.ReceivedAt = at.Add(time.Duration(random.IntN(900)) * time.Second)
		case 1: // nobody knows when it arrived
		default:
			e.ReceivedAt = at
		}
		if random.IntN(15) == 0 {
			e.ShowName = "Fallback"
		}
		plays = append(plays, e)
	}
	return plays
}
