package trackservice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func render(e model.Entry, _ time.Time) ([]byte, error) {
	e = e.Effective()
	if e.Title == "unrenderable" {
		return nil, errors.New("a test's")
	}
	return fmt.Appendf(nil, "%d %s %v", e.ID, e.Title, e.Duration), nil
}

const grace = 30 * time.Second

func newService(log trackservice.Log) *trackservice.Service {
	return trackservice.New(log, render, trackservice.Config{Grace: grace}, zerolog.Nop())
}

// run runs the service until the test ends. It must be called in a bubble of
// synctest.
func run(t *testing.T, s *trackservice.Service) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func subscribe(t *testing.T, s *trackservice.Service, lastEventID string) *trackservice.Listener {
	t.Helper()
	l, err := s.Subscribe(lastEventID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// heard returns what the listener was told since the last call.
func heard(l *trackservice.Listener) string {
	synctest.Wait()
	events, _ := l.Take()
	var said []string
	for _, e := range events {
		said = append(said, string(e.Data))
	}
	return strings.Join(said, ", ")
}

func wantHeard(t *testing.T, l *trackservice.Listener, want string) {
	t.Helper()
	if got := heard(l); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestService_Run(t *testing.T) {
	t.Parallel()

	t.Run("ChangesWithTime", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			log := &playlog{}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "null")

			// The first track plays from the 10th second to the 100th. The
			// second one plays from the 300th second on.
			log.add(entry(1, begin.Add(10*time.Second), time.Minute))
			log.add(entry(2, begin.Add(300*time.Second), 0))
			s.Changed()
			wantHeard(t, l, "")
			for _, step := range []struct {
				after time.Duration
				want  string
			}{
				{10*time.Second - 1, ""}, {10 * time.Second, "1 Fade Into You 1m0s"},
				{100*time.Second - 1, ""}, {100 * time.Second, "null"},
				{300*time.Second - 1, ""}, {300 * time.Second, "2 Fade Into You 0s"},
				{time.Hour, ""},
			} {
				time.Sleep(time.Until(begin.Add(step.after)))
				wantHeard(t, l, step.want)
			}
		})
	})

	t.Run("ChangesWithStores", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "null")
			change := func(do func(), want string) {
				t.Helper()
				log.set(do)
				s.Changed()
				wantHeard(t, l, want)
			}
			now := time.Now()
			change(func() { log.entries = append(log.entries, *entry(1, now, 0)) }, "1 Fade Into You 0s")
			change(func() {}, "")
			change(func() { log.entries[0].Duration = time.Minute }, "1 Fade Into You 1m0s")
			change(func() { log.entries[0].Synced = true }, "") // listeners do not see this
			title := "Halah"
			change(func() { log.entries[0].Overlay.Changes.Title = &title }, "1 Halah 1m0s")
			change(func() { log.entries = append(log.entries, *entry(2, now.Add(-time.Minute), 0)) }, "")
			change(func() { log.entries[0].Overlay.Void = true }, "2 Fade Into You 0s")
			change(func() { log.entries[1].Overlay.Void = true }, "null")
		})
	})

	t.Run("LooksOnlyWhereItMust", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			log.add(entry(1, time.Now(), 80*time.Second)) // and 30 s of grace
			s := newService(log)
			run(t, s)
			for i, at := range []time.Duration{0, 60 * time.Second, 110 * time.Second, 170 * time.Second} {
				if got := log.looks(); got != i+1 {
					t.Errorf("%d looks after %v, want %d", got, at, i+1)
				}
				time.Sleep([]time.Duration{60, 50, 60, 60}[i] * time.Second)
				synctest.Wait()
			}
			// Stores during a look need one more look, not one each.
			before := log.looks()
			for range 100 {
				s.Changed()
			}
			synctest.Wait()
			if got := log.looks() - before; got < 1 || got > 2 {
				t.Errorf("%d looks for a burst of changes", got)
			}
		})
	})

	t.Run("Outage", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			log.add(entry(1, time.Now(), time.Minute))
			var lines bytes.Buffer
			s := trackservice.New(log, render, trackservice.Config{Grace: grace}, zerolog.New(&lines))
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "1 Fade Into You 1m0s")
			before := log.looks()
			log.set(func() { log.away = model.ErrUnavailable })
			time.Sleep(10 * time.Minute)
			wantHeard(t, l, "") // the known track stays
			// Nine of these minutes were an outage, with a look every 2.5 to 5
			// s.
			if got := log.looks() - before; got < 100 || got > 230 {
				t.Errorf("%d looks while the log was away", got)
			}
			log.set(func() { log.away = nil })
			time.Sleep(5 * time.Second) // nobody reports it
			wantHeard(t, l, "null")
			if n := bytes.Count(lines.Bytes(), []byte("\n")); n < 17 || n > 21 {
				t.Errorf("%d lines in the log, want one every 30 s:\n%s", n, &lines)
			}
			if n := bytes.Count(lines.Bytes(), []byte(`"recovered"`)); n != 1 {
				t.Errorf("%d times recovered", n)
			}
		})
	})

	t.Run("AStoreEndsTheBackoff", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{away: model.ErrUnavailable}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			time.Sleep(time.Minute)
			wantHeard(t, l, "")
			log.set(func() { log.away = nil })
			log.add(entry(1, time.Now(), 0))
			s.Changed()
			wantHeard(t, l, "1 Fade Into You 0s")
		})
	})

	t.Run("Backlog", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "null")
			begun := log.looks()
			for i := range 1000 { // in one second
				log.add(entry(int64(i+1), time.Now(), 0))
				s.Changed()
				synctest.Wait()
				time.Sleep(time.Millisecond)
			}
			if looks := log.looks() - begun; looks > 31 {
				t.Errorf("looked %d times in a second, want a burst of 20 and 10 more", looks)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			events, _ := l.Take()
			if last := string(events[len(events)-1].Data); last != "1000 Fade Into You 0s" {
				t.Errorf("the last that was told is %s", last)
			}
		})
	})

	t.Run("RenderFails", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			e := entry(1, time.Now(), 0)
			e.Title = "unrenderable"
			log.add(e)
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			wantHeard(t, l, "")
			log.set(func() { log.entries[0].Title = "Halah" })
			time.Sleep(time.Second)
			wantHeard(t, l, "1 Halah 0s")
		})
	})

	t.Run("HangingLog", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &hangingLog{}
			run(t, newService(log))
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if log.calls != 2 {
				t.Errorf("%d calls, want the first one given up and a second", log.calls)
			}
		})
	})
}

func TestService_Current(t *testing.T) {
	t.Parallel()
	want := func(t *testing.T, s *trackservice.Service, id int64, until time.Time) {
		t.Helper()
		got, err := s.Current(t.Context(), 0)
		if err != nil || got.Playing != (id != 0) || got.Playing && got.Entry.ID != id || !got.Until.Equal(until) {
			t.Errorf("current is %+v (%v), want %d until %v", got, err, id, until)
		}
	}
	wantAway := func(t *testing.T, s *trackservice.Service) {
		t.Helper()
		if got, err := s.Current(t.Context(), 0); !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("current is %+v (%v), want unavailable", got, err)
		}
	}

	t.Run("ReadsItsWrites", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log) // nothing runs, so it must look itself
			want(t, s, 0, time.Time{})
			now := time.Now()
			log.add(entry(1, now, time.Minute))
			want(t, s, 1, now.Add(90*time.Second))
			log.add(entry(2, now.Add(time.Second), 0))
			want(t, s, 1, now.Add(time.Second))
			time.Sleep(time.Second)
			want(t, s, 2, time.Time{})
		})
	})

	t.Run("FromMemory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			now := time.Now()
			log.add(entry(1, now, time.Minute))
			s := newService(log)
			run(t, s)
			s.Changed()
			synctest.Wait()
			log.set(func() { log.away = model.ErrUnavailable })
			time.Sleep(90*time.Second - time.Nanosecond)
			want(t, s, 1, now.Add(90*time.Second))
			time.Sleep(time.Nanosecond)
			wantAway(t, s) // the next track may have started by now
		})
	})

	t.Run("MemoryThatMissesAStore", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			log.add(entry(1, time.Now(), 0))
			s := newService(log)
			run(t, s)
			log.set(func() { log.away = model.ErrUnavailable })
			want(t, s, 1, time.Time{})
			s.Changed() // stored, and then the log went away
			wantAway(t, s)
			synctest.Wait()
			wantAway(t, s)
		})
	})

	t.Run("WithoutMemory", func(t *testing.T) {
		t.Parallel()
		wantAway(t, newService(&playlog{away: model.ErrUnavailable}))
	})

	t.Run("OtherErrors", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			broken := errors.New("a test's")
			log.set(func() { log.away = broken })
			if _, err := s.Current(t.Context(), 0); !errors.Is(err, broken) {
				t.Errorf("error is %v", err)
			}
		})
	})
}

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  trackservice.Config
		want []string
	}{
		"Defaults": {trackservice.Config{Grace: grace, MaxListeners: 20000}, nil},
		"Zero":     {trackservice.Config{}, nil},
		"Both":     {trackservice.Config{Grace: -1, MaxListeners: -1}, []string{"AURA_CURRENT_GRACE", "AURA_MAX_LISTENERS"}},
		"TooLong":  {trackservice.Config{Grace: 2 * time.Hour}, []string{"AURA_CURRENT_GRACE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.cfg.Validate()
			if (err == nil) != (len(c.want) == 0) {
				t.Errorf("error is %v", err)
			}
			for _, name := range c.want {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%v does not name %s", err, name)
				}
			}
		})
	}
}
