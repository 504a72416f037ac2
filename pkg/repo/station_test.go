package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/onair"
	"aura.radio/engine/pkg/onair/onairtest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/pkg/source"
	"aura.radio/engine/pkg/status"
)

// onEachStation runs fn in parallel with a station on every kind of database.
func onEachStation(t *testing.T, fn func(t *testing.T, s *repo.Station, raw *sql.DB)) {
	t.Helper()
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		fn(t, db.Station(t, 1), rawSQL(t, kind, url))
	})
}

func wantSequence(t *testing.T, s *repo.Station, want int64) {
	t.Helper()
	if n, err := s.Sequence(t.Context()); err != nil || n != want {
		t.Errorf("sequence %d, %v, want %d", n, err, want)
	}
}

// playedAt is an entry that started so many minutes after the beginning of the
// oracle's histories.
func playedAt(source, minute, minutes int, title string) model.Entry {
	return model.Entry{LogSource: source, TrackStart: onairtest.At(minute), Duration: time.Duration(minutes) * time.Minute, Title: title}
}

func activate(t *testing.T, s *repo.Station, number, minute int) model.Activation {
	t.Helper()
	d, err := s.Activate(t.Context(), asked(model.Activation{Source: number, From: onairtest.At(minute), RecordedAt: noon, By: "alice"}), source.Admit)
	if err != nil {
		t.Fatal(err)
	}
	return d.Activation
}

// TestStation_Sequence: the sequence grows by one with every write that changed
// something, and with no other write. Another process sees it, too.
func TestStation_Sequence(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, _ repotest.Kind, url string) {
		s, other := db.Station(t, 1), repotest.OpenURL(t, url).Station(t, 1)
		wantSequence(t, s, 0)
		e := playedAt(1, 0, 3, "a")
		more := e
		more.ShowName = "Morning Show"
		health := model.Health{Source: 1, LogTime: noon, Details: "a"}
		clock := func(second int, body string) model.Clock {
			return model.Clock{Source: 1, SentAt: noon.Add(time.Duration(second) * time.Second), Body: []byte(body)}
		}
		correction := model.Correction{Kind: model.CorrectionVoid, At: noon, By: "alice", Reason: "x"}
		ctx := t.Context()
		var want int64
		for _, step := range []struct {
			name string
			do   func(s *repo.Station) error
		}{
			{"StoreEntry", func(s *repo.Station) error { return s.StoreEntry(ctx, e) }},
			{"Absorb", func(s *repo.Station) error {
				_, err := s.Absorb(ctx, []model.Record{{Entry: more}, {Entry: e}, {Entry: playedAt(1, 3, 0, "b")}}, true)
				return err
			}},
			{"StoreHealth", func(s *repo.Station) error { return s.StoreHealth(ctx, health, asSaid) }},
			{"AbsorbHealths", func(s *repo.Station) error {
				return s.AbsorbHealths(ctx, []model.Health{health, {Source: 1, LogTime: noon, Details: "b"}, {Source: 1, LogTime: noon, Details: "b"}}, true)
			}},
			{"StoreClock", func(s *repo.Station) error { return s.StoreClock(ctx, clock(1, `{"a":1}`), status.Later) }},
			{"AbsorbClocks", func(s *repo.Station) error {
				return s.AbsorbClocks(ctx, []model.Clock{clock(0, `{"a":9}`), clock(1, `{"a":2}`)}, true)
			}},
			{"Correct", func(s *repo.Station) error {
				id := find(t, s, model.EntryQuery{Raw: true, Limit: 1})[0].ID
				_, err := s.Correct(ctx, id, func(model.Entry, []model.Correction) (model.Correction, error) { return correction, nil })
				return err
			}},
			{"LogMissed", func(s *repo.Station) error {
				_, _, err := s.LogMissed(ctx, playedAt(1, 9, 1, "c"), model.Correction{Kind: model.CorrectionLog, At: noon, By: "alice", Reason: "x"})
				return err
			}},
			{"RememberActivations", func(s *repo.Station) error {
				_, err := s.RememberActivations(ctx, []model.Activation{{Epoch: 7, Source: 2, From: noon, RecordedAt: noon}})
				return err
			}},
		} {
			want++
			for _, process := range []*repo.Station{s, other, s} { // the retries change nothing
				if err := step.do(process); err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
				for _, reader := range []*repo.Station{s, other} {
					if n, err := reader.Sequence(ctx); err != nil || n != want {
						t.Fatalf("after %s the sequence is %d, %v, want %d", step.name, n, err, want)
					}
				}
			}
		}
	})
}

// TestStation_Sequence_pruned: old numbers are deleted. A deleted number does
// not let a process that slept meanwhile write at the same time as another one.
func TestStation_Sequence_pruned(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		asleep, raw := db.Station(t, 1), rawSQL(t, kind, url)
		if err := asleep.StoreEntry(t.Context(), playedAt(1, 0, 1, "a")); err != nil {
			t.Fatal(err)
		}
		execSQL(t, raw, "INSERT INTO changed (n, changed_at) VALUES (3998, '2020-06-27 12:00:00.000000'), (3999, '2020-06-27 12:00:00.000000')")
		other := repotest.OpenURL(t, url).Station(t, 1)
		activate(t, other, 2, 0)
		wantSequence(t, other, 4000)
		if kept := query(t, raw, "SELECT COUNT(*) AS n, MIN(n) AS first FROM changed")[0]; kept["first"] != "3998" || kept["n"] != "3" {
			t.Errorf("kept %v", kept)
		}
		if err := asleep.StoreEntry(t.Context(), playedAt(1, 1, 1, "b")); err != nil {
			t.Fatal(err)
		}
		wantSequence(t, asleep, 4001)
		// The reverse: this process knows a number that the database does not
		// have.
		execSQL(t, raw, "DELETE FROM changed WHERE n > 3999")
		if err := asleep.StoreEntry(t.Context(), playedAt(1, 2, 1, "c")); err != nil {
			t.Fatal(err)
		}
		wantSequence(t, asleep, 4000)
	})
}

func TestStation_Activate(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		first := activate(t, s, 2, 0)
		if first.Epoch != 1 {
			t.Errorf("epoch %d, want 1", first.Epoch)
		}
		_, err := s.Activate(t.Context(), asked(model.Activation{Source: 1, From: noon}), func(r source.Request, k source.Known) (source.Decision, error) {
			if !reflect.DeepEqual(k.Last, first) {
				t.Errorf("admit saw %+v, want %+v", k.Last, first)
			}
			return refuse(r, k)
		})
		if !errors.Is(err, model.ErrPinned) {
			t.Errorf("error %v, want %v", err, model.ErrPinned)
		}
		wantSequence(t, s, 1)
		if n := query(t, raw, "SELECT epoch FROM activation"); len(n) != 1 {
			t.Errorf("stored %v", n)
		}
	})
}

// TestStation_StoreEntry_group: callers that wait at the same time share a
// transaction, and a bad entry fails alone.
func TestStation_StoreEntry_group(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		poisonous(t, kind, url, "INSERT", "playlog", "track_title")
		s := db.Station(t, 1)
		const n = 100
		errs := make([]error, n)
		var all sync.WaitGroup
		release := s.HoldTurn()
		for i := range n {
			title := "good"
			if i == 70 {
				title = poison
			}
			all.Go(func() { errs[i] = s.StoreEntry(t.Context(), entry(i, title)) })
		}
		s.AwaitWaiting(n)
		release()
		all.Wait()
		for i, err := range errs {
			if i == 70 {
				wantRefused(t, err)
			} else if err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		}
		if stored := find(t, db, model.EntryQuery{}); len(stored) != n-1 {
			t.Errorf("%d are stored, want %d", len(stored), n-1)
		}

		release = s.HoldTurn()
		before, err := s.Sequence(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			all.Go(func() {
				if err := s.StoreEntry(t.Context(), entry(1000+i, "good")); err != nil {
					t.Error(err)
				}
			})
		}
		s.AwaitWaiting(n)
		release()
		all.Wait()
		wantSequence(t, s, before+1)
	})
}

// TestStation_abandoned: a queue full of entries whose callers have left delays
// nobody.
func TestStation_abandoned(t *testing.T) {
	t.Parallel()
	s := repotest.Open(t, repotest.KindSQLite).Station(t, 1)
	release := s.HoldTurn()
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range repo.QueueLength {
		all.Go(func() {
			if err := s.StoreEntry(ctx, entry(i, "a")); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
	}
	s.AwaitWaiting(repo.QueueLength)
	leave()
	all.Wait()
	release()
	if err := s.StoreEntry(t.Context(), entry(repo.QueueLength, "b")); err != nil {
		t.Fatal(err)
	}
	if latest := find(t, s, model.EntryQuery{Limit: 1})[0]; latest.Title != "b" {
		t.Errorf("%+v", latest)
	}
}

// TestStation_impatient: a caller that does not get a turn in time gets an
// error. A caller that leaves during its write does not stop the write.
func TestStation_impatient(t *testing.T) {
	t.Parallel()
	url := repotest.MigratedURL(t, repotest.KindSQLite)
	patient := repotest.OpenURL(t, url)
	s := openImpatient(t, url).Station(t, 1)
	release := s.HoldTurn()
	wantUnavailable(t, func() error { return s.StoreEntry(t.Context(), entry(0, "a")) })
	wantUnavailable(t, func() error { return s.StoreHealth(t.Context(), model.Health{Source: 1, LogTime: noon}, asSaid) })
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := s.StoreClock(gone, model.Clock{Source: 1, SentAt: noon}, status.LastClock); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	release()

	leaving, leave := context.WithCancel(t.Context())
	a, err := patient.Station(t, 1).Activate(leaving, asked(model.Activation{Source: 2, From: noon}), func(r source.Request, k source.Known) (source.Decision, error) {
		leave()
		return source.Admit(r, k)
	})
	if err != nil || a.Epoch != 1 {
		t.Errorf("%+v, %v, want it stored", a, err)
	}
}

// TestStation_lateActivation: an activation that arrives a year late takes
// longer than one operation may. It succeeds nevertheless, in small parts.
func TestStation_lateActivation(t *testing.T) {
	onEachURL(t, func(t *testing.T, patient *repo.Node, _ repotest.Kind, url string) {
		const n = 400
		timeout := patience.Stretch(5 * time.Second)
		records := make([]model.Record, n)
		for i := range records {
			records[i].Entry = entry(200*i, "a")
			records[i].Entry.TrackStart = onairtest.At(0).Add(time.Duration(200*i) * time.Second)
			records[i].Entry.LogSource = 1 + i%2
		}
		s := patient.Station(t, 1)
		if _, err := s.Absorb(t.Context(), records, true); err != nil {
			t.Fatal(err)
		}
		db, err := repo.OpenNode(repo.Config{URL: url, QueryTimeout: timeout}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		waited := time.Duration(0)
		stop := db.Record(func(statement string, _ []any) {
			// This simulates a slow database, until it has waited long enough.
			if strings.HasPrefix(statement, "REPLACE INTO onair ") && waited <= timeout {
				<-time.After(timeout / 8)
				waited += timeout / 8
			}
		})
		slow := db.Station(t, 1)
		slow.SetPage(20)
		began := time.Now()
		activate(t, slow, 2, 1)
		if took := time.Since(began); took < timeout {
			t.Errorf("took only %s", took)
		}
		stop()
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d segments differ, %v", differing, err)
		}
		if got, err := s.OnAir().CountEntries(t.Context(), model.EntryQuery{}); err != nil || got != n/2+1 {
			t.Errorf("%d segments, %v, want %d", got, err, n/2+1)
		}
	})
}

// TestStation_Prepare: a database without an on-air log gets one. Another
// default source counts until the first activation.
func TestStation_Prepare(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		store(t, db, playedAt(1, 0, 5, "a"), playedAt(2, 2, 9, "b"), playedAt(1, 5, 0, "c"), playedAt(2, 14, 9, "d"))
		if _, err := db.Activate(t.Context(), asked(model.Activation{Source: 2, From: onairtest.At(12), RecordedAt: noon}), source.Admit); err != nil {
			t.Fatal(err)
		}
		titles := map[string]string{}
		for _, e := range find(t, db, model.EntryQuery{}) {
			titles[e.Fingerprint().String()] = e.Title
		}
		prepared := func(defaultSource int) (string, *repo.Station) {
			s := repotest.OpenURL(t, url).Station(t, defaultSource)
			s.SetPage(2)
			if err := s.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			var log string
			for _, segment := range airLog(t, raw) {
				log += titles[segment.Fingerprint.String()] + " " + onairtest.Text([]onair.Segment{segment})[len("1"+segment.Fingerprint.String()):] + ", "
			}
			return log, s
		}
		for _, test := range []struct {
			defaultSource int
			want          string
		}{
			{1, "a  0-5, c  5-12, d  14-23, "},
			{2, "b  2-11, d  14-23, "},
			{3, "d  14-23, "},
			{1, "a  0-5, c  5-12, d  14-23, "},
		} {
			got, s := prepared(test.defaultSource)
			if got != test.want {
				t.Errorf("default %d: %q, want %q", test.defaultSource, got, test.want)
			}
			before, err := s.Sequence(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
			wantSequence(t, s, before) // one call is enough
		}
	})
}

// TestStation_Prepare_interrupted: another default source was tried, but given
// up before everything was derived by it. The log of the old default is derived
// again.
func TestStation_Prepare_interrupted(t *testing.T) {
	onEachURL(t, func(t *testing.T, db *repo.Node, kind repotest.Kind, url string) {
		raw := rawSQL(t, kind, url)
		s := db.Station(t, 1)
		store(t, db, playedAt(1, 0, 5, "a"), playedAt(2, 2, 9, "b"), playedAt(1, 5, 0, "c"), playedAt(2, 14, 9, "d"))
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := airLog(t, raw)

		ctx, interrupt := context.WithCancel(t.Context())
		second, err := repo.OpenNode(repo.Config{URL: url}, zerolog.New(whenWritten(interrupt)))
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Station(t, 2).Prepare(ctx); err == nil {
			t.Error("it was not interrupted")
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		if is, err := s.Prepared(t.Context()); err != nil || is {
			t.Errorf("prepared: %t, %v", is, err)
		}
		// What the interrupted call may already have done:
		if _, err := raw.ExecContext(t.Context(), "DELETE FROM onair"); err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Error(err)
		}
		if got := airLog(t, raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, want %s", onairtest.Text(got), onairtest.Text(want))
		}
	})
}

// whenWritten is called with every line of a log.
type whenWritten func()

func (f whenWritten) Write(line []byte) (int, error) {
	f()
	return len(line), nil
}

func TestStation_Rebuild(t *testing.T) {
	onEachStation(t, func(t *testing.T, s *repo.Station, raw *sql.DB) {
		var records []model.Record
		for i := range 30 {
			records = append(records, model.Record{Entry: playedAt(1+i%2, i, 0, fmt.Sprint(i))})
		}
		if _, err := s.Absorb(t.Context(), records, true); err != nil {
			t.Fatal(err)
		}
		activate(t, s, 2, 7)
		activate(t, s, 1, 20)
		want := airLog(t, raw)
		s.SetPage(3)
		if differing, err := s.Rebuild(t.Context(), nil); err != nil || differing != 0 {
			t.Errorf("%d segments differ, %v", differing, err)
		}
		wantSequence(t, s, 3) // what is right is not written again
		// It also does not wait for writers, nor make others wait.
		if _, err := s.Activate(t.Context(), asked(model.Activation{Source: 1, From: noon, RecordedAt: noon}), func(r source.Request, k source.Known) (source.Decision, error) {
			if differing, err := s.Rebuild(t.Context(), nil); err != nil || differing != 0 {
				t.Errorf("beside a writer: %d segments differ, %v", differing, err)
			}
			return refuse(r, k)
		}); !errors.Is(err, model.ErrPinned) {
			t.Error(err)
		}

		execSQL(t, raw, "DELETE FROM onair")
		if differing, err := s.Verify(t.Context(), nil); err != nil || differing < len(want) {
			t.Errorf("Verify: %d segments differ, %v, want at least %d", differing, err, len(want))
		}
		if got := airLog(t, raw); len(got) != 0 {
			t.Errorf("Verify wrote %v", got)
		}
		var heard []int64
		if differing, err := s.Rebuild(t.Context(), func(done, total int64) {
			if total != int64(len(records)) {
				t.Errorf("total %d, want %d", total, len(records))
			}
			heard = append(heard, done)
		}); err != nil || differing < len(want) {
			t.Errorf("Rebuild: %d segments differ, %v", differing, err)
		}
		if !slices.IsSorted(heard) || len(heard) < 3 || heard[len(heard)-1] != int64(len(records)) {
			t.Errorf("progress %v", heard)
		}
		if got := airLog(t, raw); !slices.Equal(got, want) {
			t.Errorf("rebuilt %s, want %s", onairtest.Text(got), onairtest.Text(want))
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if _, err := s.Rebuild(stopped, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}
