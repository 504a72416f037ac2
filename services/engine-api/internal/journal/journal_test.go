package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/playlog"
)

// said is something of each kind.
var said = []struct {
	kind model.KeptKind
	what string
}{
	{model.KeptPlay, "Fade Into You"}, {model.KeptHealth, "well"}, {model.KeptClock, `{"mood":"good"}`}, {model.KeptPlay, "Halah"},
}

// begin runs the draining until the test is over.
func (s *station) begin(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestJournal_Away: what is said while the database is away, or does not answer,
// is kept within a second, and stored in order when it is back.
func TestJournal_Away(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(ctx context.Context, what string) error{"away": away, "hangs": hangs} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := &base{}
				s := open(&disk{}, db)
				s.begin(t)
				if taken, err := s.say(t, model.KeptPlay, "Blue Flower"); err != nil || taken != model.TakenStored || s.kept != 0 {
					t.Errorf("while all is well: %v, %v", taken, err)
				}
				db.setFails(fails)
				want := []string{"Blue Flower"}
				for i, c := range said {
					asked := time.Now()
					taken, err := s.say(t, c.kind, c.what)
					if err != nil || taken != model.TakenKept {
						t.Errorf("%s: %v, %v", c.what, taken, err)
					}
					took := time.Since(asked)
					if i == 0 && took >= time.Second || i > 0 && took > 0 {
						t.Errorf("%s took %s", c.what, took)
					}
					want = append(want, c.what)
				}
				if s.kept != 2 {
					t.Errorf("the track service was told %d times", s.kept)
				}
				if how, can := s.Meanwhile(t.Context(), model.ErrUnavailable); !can || !strings.Contains(how, "4 items wait") {
					t.Errorf("meanwhile: %q, %t", how, can)
				}
				time.Sleep(time.Minute)
				db.setFails(nil)
				time.Sleep(maxPause + storeFor)
				synctest.Wait()
				if got := db.has(); !slices.Equal(got, want) || s.file.Waits() != 0 || s.stored == 0 {
					t.Errorf("stored are %q, want %q; %d wait", got, want, s.file.Waits())
				}
				if taken, err := s.say(t, model.KeptPlay, "Into Dust"); err != nil || taken != model.TakenStored {
					t.Errorf("when all is well again: %v, %v", taken, err)
				}
			})
		})
	}
}

// TestJournal_Leaves: an engine that does not wait for the answer loses nothing.
func TestJournal_Leaves(t *testing.T) {
	t.Parallel()
	for _, fails := range []func(context.Context, string) error{nil, away} {
		db := &base{fails: fails}
		s := open(&disk{}, db)
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if _, err := s.Take(ctx, &playlog.Play{Entry: model.Entry{LogSource: 1, TrackStart: time.Now(), Title: "Halah"}}); err != nil {
			t.Error(err)
		}
		if len(db.has())+int(s.file.Waits()) != 1 {
			t.Errorf("stored %q, %d wait", db.has(), s.file.Waits())
		}
	}
}

// TestJournal_Invalid: what can never be stored is refused, and not kept.
func TestJournal_Invalid(t *testing.T) {
	t.Parallel()
	s := open(&disk{}, &base{fails: func(context.Context, string) error { return model.Invalid("track_start", "", "is required") }})
	_, err := s.say(t, model.KeptPlay, "Halah")
	if _, ok := errors.AsType[*model.InvalidError](err); !ok || s.file.Waits() != 0 {
		t.Errorf("%v, %d wait", err, s.file.Waits())
	}
}

// TestJournal_Unwritable: only if neither the database nor the journal takes it is
// the engine told to try again.
func TestJournal_Unwritable(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("%w: full", model.ErrUnavailable)
	file, db := &disk{}, &base{fails: away}
	s := open(file, db)
	if _, err := s.say(t, model.KeptPlay, "kept"); err != nil {
		t.Error(err)
	}
	file.setFails(full)
	if _, err := s.say(t, model.KeptPlay, "refused"); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("neither can be written: %v", err)
	}
	if how, can := s.Meanwhile(t.Context(), model.ErrUnavailable); can {
		t.Errorf("neither can be written, and meanwhile: %q", how)
	}
	db.setFails(nil)
	if taken, err := s.say(t, model.KeptPlay, "stored"); err != nil || taken != model.TakenStored {
		t.Errorf("the journal is full, and the database is back: %v, %v", taken, err)
	}
	file.setFails(nil)
	if n, err := s.Drain(t.Context()); err != nil || n != 1 {
		t.Errorf("drained %d, %v", n, err)
	}
	if got := db.has(); !slices.Equal(got, []string{"stored", "kept"}) {
		t.Errorf("stored are %q", got)
	}
}

// TestJournal_Refused: what the database refuses for good holds up nothing else.
// If the database itself is at fault, nothing is put aside.
func TestJournal_Refused(t *testing.T) {
	t.Parallel()
	db, file := &base{fails: away}, &disk{}
	s := open(file, db)
	for _, c := range said {
		if _, err := s.say(t, c.kind, c.what); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Keep(t.Context(), model.Kept{Kind: "song", Database: ours, Body: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	odd := errors.New("the table is damaged")
	db.setFails(func(_ context.Context, what string) error {
		if what == "well" {
			return odd
		}
		return nil
	})
	db.writable = model.ErrUnavailable
	if n, err := s.Drain(t.Context()); !errors.Is(err, odd) || n != 1 || s.file.Waits() != 4 {
		t.Errorf("drained %d, %v, %d wait", n, err, s.file.Waits())
	}
	db.writable = nil
	if n, err := s.Drain(t.Context()); err != nil || n != 2 || s.file.Waits() != 0 {
		t.Errorf("drained %d, %v, %d wait", n, err, s.file.Waits())
	}
	if got := db.has(); !slices.Equal(got, []string{"Fade Into You", `{"mood":"good"}`, "Halah"}) {
		t.Errorf("stored are %q", got)
	}
	state, err := s.State(t.Context())
	if err != nil || state.Aside != 2 || !strings.Contains(s.log.String(), "the table is damaged") {
		t.Errorf("state %+v, %v; log %s", state, err, s.log.String())
	}
	// The next start tries again.
	db.setFails(nil)
	if err := s.claim(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Drain(t.Context()); err != nil || n != 1 || !slices.Contains(db.has(), "well") {
		t.Errorf("drained %d, %v", n, err)
	}
}

// TestJournal_Foreign: what was taken for another database is not stored in this
// one, and it is told. It keeps nothing from being stored at once.
func TestJournal_Foreign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, file := &base{fails: away}, &disk{}
		s := open(file, db)
		for _, c := range said[:2] {
			if _, err := s.say(t, c.kind, c.what); err != nil {
				t.Fatal(err)
			}
		}
		file.items[0].Database = theirs
		file.items[1].Database = model.Fingerprint{} // none was reachable
		db.setFails(nil)
		s.begin(t)
		synctest.Wait()
		if got := db.has(); !slices.Equal(got, []string{"well"}) || !strings.Contains(s.log.String(), "another database") {
			t.Errorf("stored are %q, log %s", got, s.log.String())
		}
		if state, err := s.State(t.Context()); err != nil || state.Foreign != 1 || state.Waiting != 0 {
			t.Errorf("state %+v, %v", state, err)
		}
		if taken, err := s.say(t, model.KeptPlay, "Halah"); err != nil || taken != model.TakenStored {
			t.Errorf("%v, %v", taken, err)
		}
	})
}

// TestJournal_Histories: whatever the database and the disk do, and whenever the
// service ends, everything that was taken is stored once, in order.
func TestJournal_Histories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		db, file := &base{}, &disk{}
		s := open(file, db)
		var taken []string
		overtaken := false // what waited, while the journal could take nothing more
		n := 0
		lost := errors.New("connection lost")
		rt.Repeat(map[string]func(*rapid.T){
			"say": func(rt *rapid.T) {
				n++
				kind := rapid.SampledFrom([]model.KeptKind{model.KeptPlay, model.KeptHealth, model.KeptClock}).Draw(rt, "kind")
				what := fmt.Sprintf("%q", fmt.Sprint("number ", n))
				waiting := file.Waits()
				if how, err := s.say(t, kind, what); err == nil {
					taken = append(taken, what)
					overtaken = overtaken || waiting > 0 && how == model.TakenStored
				}
			},
			"database": func(rt *rapid.T) {
				switch rapid.SampledFrom([]string{"well", "away", "answer lost"}).Draw(rt, "becomes") {
				case "well":
					db.setFails(nil)
				case "away":
					db.setFails(away)
				case "answer lost": // it is stored, but nobody knows
					db.setFails(func(_ context.Context, what string) error {
						db.write(what)
						return fmt.Errorf("%w: %w", model.ErrUnavailable, lost)
					})
				}
			},
			"disk": func(rt *rapid.T) {
				if rapid.Bool().Draw(rt, "full") {
					file.setFails(fmt.Errorf("%w: full", model.ErrUnavailable))
				} else {
					file.setFails(nil)
				}
			},
			"drain": func(*rapid.T) { _, _ = s.Drain(t.Context()) },
			"crash": func(rt *rapid.T) {
				// The service may have stored some of what waits without having
				// forgotten it.
				waiting, _ := file.Oldest(t.Context(), ours, 1000)
				for _, k := range waiting[:rapid.IntRange(0, len(waiting)).Draw(rt, "stored")] {
					_ = s.store(t.Context(), k)
				}
				s = open(file, db)
			},
		})
		db.setFails(nil)
		file.setFails(nil)
		if _, err := s.Drain(t.Context()); err != nil {
			rt.Fatal(err)
		}
		// What was not taken may be stored, because an answer was lost.
		got := slices.DeleteFunc(db.has(), func(what string) bool { return !slices.Contains(taken, what) })
		if overtaken {
			slices.Sort(got)
			slices.Sort(taken)
		}
		if !slices.Equal(got, taken) || s.file.Waits() != 0 {
			rt.Fatalf("stored are %q, taken were %q", got, taken)
		}
	})
}
