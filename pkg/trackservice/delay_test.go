package trackservice_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

const late = trackservice.Delay(20 * time.Second)

func TestDelay(t *testing.T) {
	t.Parallel()
	if got := late.Heard(at(20)); !got.Equal(at(0)) {
		t.Errorf("heard at 20 s: %v", got)
	}
	if got := late.Reaches(at(0)); !got.Equal(at(20)) {
		t.Errorf("reaches noon at %v", got)
	}
	if got := late.Reaches(time.Time{}); !got.IsZero() {
		t.Errorf("reaches never at %v", got)
	}
}

func subscribeLate(t *testing.T, s *trackservice.Service, lastEventID string, d trackservice.Delay) *trackservice.Listener {
	t.Helper()
	l, err := s.Subscribe(lastEventID, d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestService_Subscribe_delayed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, log *playlog, s *trackservice.Service){
		"HearsEachChangeLater": func(t *testing.T, log *playlog, s *trackservice.Service) {
			l, begin := subscribeLate(t, s, "", late), time.Now()
			wantHeard(t, l, "null")
			log.add(entry(1, begin, time.Minute)) // and 30 s of grace
			s.Changed()
			for _, step := range []struct {
				after time.Duration
				want  string
			}{
				{0, ""}, {20*time.Second - 1, ""}, {20 * time.Second, "1 Fade Into You 1m0s"},
				{110*time.Second - 1, ""}, {110 * time.Second, "null"}, {time.Hour, ""},
			} {
				time.Sleep(time.Until(begin.Add(step.after)))
				wantHeard(t, l, step.want)
			}
		},
		"NeverHearsWhatWasCorrectedMeanwhile": func(t *testing.T, log *playlog, s *trackservice.Service) {
			l := subscribeLate(t, s, "", late)
			play(log, s, 1)
			play(log, s, 2)
			time.Sleep(5 * time.Second)
			log.set(func() {
				log.entries[0].Overlay.Void = true
				log.entries[1].Overlay.Changes.Title = new("Halah")
			})
			s.Changed()
			time.Sleep(time.Minute)
			wantHeard(t, l, "null, 2 Halah 0s")
		},
		"HearsALatePlayAtItsTime": func(t *testing.T, log *playlog, s *trackservice.Service) {
			l := subscribeLate(t, s, "", late)
			wantHeard(t, l, "null")
			start := time.Now()
			time.Sleep(15 * time.Second)
			log.add(entry(1, start, 0))
			s.Changed()
			time.Sleep(5*time.Second - 1)
			wantHeard(t, l, "")
			time.Sleep(time.Nanosecond)
			wantHeard(t, l, said(1))
		},
		"StartsWithWhatItHearsNow": func(t *testing.T, log *playlog, s *trackservice.Service) {
			for id := range int64(30) { // one a second
				play(log, s, id+1)
			}
			wantHeard(t, subscribeLate(t, s, "", late), said(10))
			wantHeard(t, subscribeLate(t, s, "", 2*late), "null")
			wantHeard(t, subscribeLate(t, s, "", trackservice.MaxDelay+late), "null")
			wantHeard(t, subscribeLate(t, s, "", -late), said(30))
			wantHeard(t, subscribe(t, s, ""), said(30))
		},
		"Resumes": func(t *testing.T, log *playlog, s *trackservice.Service) {
			first := subscribeLate(t, s, "", late)
			play(log, s, 1)
			time.Sleep(time.Minute)
			synctest.Wait()
			events, _ := first.Take()
			last := events[len(events)-1].ID
			first.Close() // nobody else listens
			wantHeard(t, subscribeLate(t, s, last, late), "")
			play(log, s, 2)
			play(log, s, 3)
			time.Sleep(time.Minute)
			wantHeard(t, subscribeLate(t, s, last, late), said(2)+", "+said(3))
			restarted := newService(log)
			run(t, restarted)
			wantHeard(t, subscribeLate(t, restarted, last, late), said(3))
			play(log, restarted, 4)
			time.Sleep(time.Minute)
			live := subscribe(t, restarted, "")
			wantHeard(t, live, said(4))
		},
		"ResumesWithTheCurrentOneAfterARestart": func(t *testing.T, log *playlog, s *trackservice.Service) {
			l := subscribeLate(t, s, "", late)
			play(log, s, 1)
			time.Sleep(time.Minute)
			synctest.Wait()
			events, _ := l.Take()
			restarted := newService(log)
			run(t, restarted)
			wantHeard(t, subscribeLate(t, restarted, events[len(events)-1].ID, late), "")
		},
		"SharesStreams": func(t *testing.T, log *playlog, s *trackservice.Service) {
			subscribeLate(t, s, "", late)
			synctest.Wait()
			before := log.looks()
			subscribeLate(t, s, "", late+trackservice.Delay(400*time.Millisecond))
			synctest.Wait()
			if got := log.looks(); got != before {
				t.Error("another listener with the same delay costs a look at the log")
			}
		},
		"SharesEvents": func(t *testing.T, log *playlog, s *trackservice.Service) {
			live, delayed := subscribe(t, s, ""), subscribeLate(t, s, "", late)
			play(log, s, 1)
			now, _ := live.Take()
			time.Sleep(time.Duration(late))
			synctest.Wait()
			later, _ := delayed.Take()
			if now[len(now)-1] != later[len(later)-1] {
				t.Error("one event is held twice")
			}
		},
		"ForgetsWhatNobodyHears": func(t *testing.T, log *playlog, s *trackservice.Service) {
			for id := range int64(5) {
				play(log, s, id+1)
			}
			reads := func() int {
				time.Sleep(time.Second / 2) // the loop also looks by itself, at full seconds
				synctest.Wait()
				before := log.looks()
				s.Changed()
				synctest.Wait()
				return log.looks() - before
			}
			l := subscribeLate(t, s, "", trackservice.MaxDelay)
			if got := reads(); got != 6 {
				t.Errorf("a look reads %d entries, want those of five minutes and what was before", got)
			}
			l.Close()
			time.Sleep(8 * time.Minute)
			l = subscribeLate(t, s, "", trackservice.MaxDelay)
			time.Sleep(8 * time.Minute)
			log.add(entry(6, time.Now(), 0))
			if got := reads(); got != 2 {
				t.Errorf("a look reads %d entries while somebody listens", got)
			}
			l.Close()
			time.Sleep(11 * time.Minute)
			log.add(entry(7, time.Now(), 0))
			if got := reads(); got != 1 {
				t.Errorf("a look reads %d entries after nobody has listened for long", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := &playlog{}
				s := newService(log)
				run(t, s)
				test(t, log, s)
			})
		})
	}
}

// TestService_Subscribe_delayed_full: listeners with any delay need a place.
func TestService_Subscribe_delayed_full(t *testing.T) {
	t.Parallel()
	s := trackservice.New(&playlog{}, render, trackservice.Config{MaxListeners: 2}, zerolog.Nop())
	l := subscribeLate(t, s, "", late)
	subscribe(t, s, "")
	if _, err := s.Subscribe("", 2*late); err == nil {
		t.Error("a third one is let in")
	}
	l.Close()
	subscribeLate(t, s, "", 3*late)
}

// TestService_Subscribe_delayed_property: whatever is stored and corrected, in any
// order, what a listener heard last is at each moment what Current says of the time
// that it hears, by what is known then.
func TestService_Subscribe_delayed_property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		type step struct{ Pause, Ago, Lasts, Voids int }
		steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
			number := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(r, name) }
			return step{number("pause", 0, 40), number("ago", -30, 90), number("lasts", 0, 40), number("voids", -8, 8)}
		}), 1, 12).Draw(r, "steps")
		d := trackservice.Delay(rapid.IntRange(0, 60).Draw(r, "delay")) * trackservice.Delay(time.Second)
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			l, last := subscribeLate(t, s, "", d), ""
			for i, step := range steps {
				log.add(entry(int64(i+1), time.Now().Add(-time.Duration(step.Ago)*time.Second), time.Duration(step.Lasts)*time.Second))
				if step.Voids >= 0 && step.Voids <= i {
					log.set(func() { log.entries[step.Voids].Overlay.Void = true })
				}
				s.Changed()
				for range step.Pause + 1 {
					time.Sleep(time.Second) // the loop looks a few times a second
					synctest.Wait()
					if events, _ := l.Take(); len(events) > 0 {
						last = string(events[len(events)-1].Data)
					}
					if want := naive(log, d.Heard(time.Now())); last != want && wrong == "" {
						wrong = fmt.Sprintf("after step %d heard %q, want %q", i, last, want)
					}
				}
			}
		})
		if wrong != "" {
			r.Fatal(wrong)
		}
	})
}

// naive is what Current says of a time, by all entries.
func naive(log *playlog, at time.Time) string {
	var latest, next *model.Entry
	for _, e := range slices.Backward(log.entries) {
		switch start := e.PlayedAt(); {
		case e.Overlay.Void:
		case start.After(at) && (next == nil || start.Before(next.PlayedAt())):
			next = &e
		case !start.After(at) && (latest == nil || start.After(latest.PlayedAt())):
			latest = &e
		}
	}
	if playing, _ := trackservice.Current(latest, next, at, grace); !playing {
		return "null"
	}
	said, _ := render(*latest, at)
	return string(said)
}

func TestService_Current_delayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &playlog{}
		s := newService(log)
		run(t, s)
		begin := time.Now()
		log.add(entry(1, begin, 0))
		log.add(entry(2, begin.Add(10*time.Second), time.Minute))
		s.Changed()
		want := func(after time.Duration, d trackservice.Delay, id int64, until time.Duration) {
			t.Helper()
			time.Sleep(time.Until(begin.Add(after)))
			synctest.Wait()
			got, err := s.Current(t.Context(), d)
			if err != nil || got.Playing != (id != 0) || got.Entry.ID != id || !got.Until.Equal(begin.Add(until)) {
				t.Errorf("current is %+v (%v), want %d until %v", got, err, id, until)
			}
		}
		away := func(d trackservice.Delay) {
			t.Helper()
			if got, err := s.Current(t.Context(), d); err == nil {
				t.Errorf("current is %+v", got)
			}
		}
		want(15*time.Second, late, 0, 20*time.Second)
		want(15*time.Second, late/8, 2, 102500*time.Millisecond)
		want(25*time.Second, late, 1, 30*time.Second)
		want(30*time.Second, late, 2, 120*time.Second)
		log.set(func() { log.away = model.ErrUnavailable })
		want(30*time.Second, late, 2, 120*time.Second) // from memory
		away(2 * late)                                 // what was before is not in memory
		time.Sleep(40 * time.Second)
		want(105*time.Second, late, 2, 120*time.Second)
		away(0)
		time.Sleep(15 * time.Second)
		away(late)
	})
}

// TestService_Serve_delayed: the stream is the same, only later.
func TestService_Serve_delayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &playlog{}
		s := newService(log)
		run(t, s)
		_, in := serveWith(t, func(w http.ResponseWriter, r *http.Request) error { return s.Serve(w, r, late) }).connect(t, "")
		until := func(want string) {
			t.Helper()
			for {
				switch got, err := block(in); {
				case err != nil:
					t.Fatal(err)
				case strings.Contains(got, "data: "+want+"\n"):
					return
				case strings.Contains(got, "data: "):
					t.Fatalf("read %q, want %q", got, want)
				}
			}
		}
		until("null")
		play(log, s, 1)
		start := time.Now()
		until(said(1))
		if after := time.Since(start); after != time.Duration(late) {
			t.Errorf("it came after %v", after)
		}
	})
}
