package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeStation is a sync node that knows only the active source, together with a
// monitor. At each look the monitor sees which engine is away and activates the
// other engine at once. It holds an engine that is back for one look.
type fakeStation struct {
	engines []*engine

	mu       sync.Mutex
	switches []activation // newest first, like the history
	down     [2]bool
	held     [2]bool
	refuses  string // why an operator's switch is refused
	noticed  func() // called before each look of the monitor
}

func (f *fakeStation) active() activation {
	if len(f.switches) == 0 {
		return activation{Source: 1}
	}
	return f.switches[0]
}

func (f *fakeStation) activate(a activation) {
	a.Epoch = f.active().Epoch + 1
	f.switches = slices.Insert(f.switches, 0, a)
}

func (f *fakeStation) onAir() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.active().Source
}

func (f *fakeStation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.active()
	etag := fmt.Sprintf(`"%d"`, now.Epoch)
	switch r.Method + " " + r.URL.Path {
	case "GET /status":
		answer(w, f.judge())
	case "GET /source/active":
		w.Header().Set("ETag", etag)
		answer(w, object{"active_source": now.Source, "epoch": now.Epoch, "pinned": now.Pinned})
	case "GET /source/history":
		answer(w, f.switches)
	default:
		var to activation
		_, err := fmt.Sscanf(r.Method+" "+r.URL.Path, "PUT /source/active/%d", &to.Source)
		if err == nil {
			err = json.NewDecoder(r.Body).Decode(&to)
		}
		switch {
		case err != nil || to.By == "" || to.Reason == "" || r.Header.Get("If-Match") != etag:
			http.Error(w, "who, why, and knowing what?", http.StatusBadRequest)
		case f.refuses != "":
			http.Error(w, f.refuses, http.StatusConflict)
		default:
			f.activate(to)
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

func answer(w http.ResponseWriter, body any) {
	// The test notices a client that does not wait for the answer.
	_ = json.NewEncoder(w).Encode(body)
}

// judge is one look by the monitor.
func (f *fakeStation) judge() judgement {
	if f.noticed != nil {
		f.noticed()
	}
	var j judgement
	for i, e := range f.engines {
		v := verdict{Number: i + 1, State: up, Reason: "heartbeats arrive"}
		switch away := e.away.Load(); {
		case away:
			v.State, v.Reason = "down", "no heartbeat for 4.5 s"
			f.down[i], f.held[i] = true, false
		case f.down[i] && !f.held[i]:
			at := time.Date(2026, 6, 1, 12, 0, 15, 0, time.UTC)
			v.State, v.UpAt = "down", &at
			f.held[i] = true
		default:
			f.down[i] = false
		}
		j.Sources = append(j.Sources, v)
	}
	active := f.active()
	if i := active.Source - 1; f.down[i] && !f.held[i] {
		if active.Pinned || f.down[1-i] {
			j.Alarm = fmt.Sprintf("source %d is active and down", i+1)
		} else {
			f.activate(activation{Source: 2 - i, By: "status-monitor", Reason: fmt.Sprintf("source %d is down", i+1)})
		}
	}
	return j
}

// tellStory lets a station of two engines play until so many titles were on air.
// It returns what was said, without the times and without what was on air. It also
// returns the sources on air, each once until another source was on air.
func tellStory(t *testing.T, f *fakeStation, s *station) (said []string, aired []int) {
	t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	var out bytes.Buffer
	looks := make(chan time.Time)
	s.node = &syncNode{api: server.URL, client: server.Client()}
	s.monitor = &monitor{api: server.URL, client: server.Client()}
	s.looks, s.zone, s.out = looks, time.UTC, &out

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var playing sync.WaitGroup
	playing.Go(func() {
		for {
			source := f.onAir()
			select {
			case s.onAir <- airing{Source: source, Artist: "Mazzy Star", Title: "Halah"}:
				aired = append(aired, source)
			case <-ctx.Done():
				return
			}
			select {
			case looks <- time.Time{}:
			case <-ctx.Done():
				return
			}
		}
	})
	if err := s.tell(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	playing.Wait()
	for line := range strings.Lines(out.String()) {
		if words := strings.Fields(line)[1:]; words[0] != "on" {
			said = append(said, strings.Join(words, " "))
		}
	}
	return said, slices.Compact(aired)
}

// playing is a station of two engines that plays so many titles.
func playing(titles int) (*fakeStation, *station) {
	s := newStation()
	s.engines, s.titles = []*engine{{}, {}}, titles
	return &fakeStation{engines: s.engines}, s
}

// expect fails the test if something else was said. Each expected line is the
// beginning of a line that was said.
func expect(t *testing.T, said []string, want ...string) {
	t.Helper()
	if !slices.EqualFunc(said, want, strings.HasPrefix) {
		t.Errorf("said\n  %s\nwant\n  %s", strings.Join(said, "\n  "), strings.Join(want, "\n  "))
	}
}

const (
	crash   = ": it plays nothing, logs nothing, sends no heartbeats"
	back    = " plays, logs and sends heartbeats again"
	down    = " is down: no heartbeat for 4.5 s"
	hold    = " is recovering: held until 12:00:15, and up then if its heartbeats stay clean"
	upAgain = " is up: heartbeats arrive"
)

func TestStation_Story(t *testing.T) {
	t.Parallel()

	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		f, s := playing(1000)
		said, aired := tellStory(t, f, s)
		expect(t, said,
			"monitor engine 1"+upAgain, "monitor engine 2"+upAgain,
			"failure engine 1 crashes in the midst of a title"+crash,
			"monitor engine 1"+down,
			"switch source 2 is active, by status-monitor: source 1 is down",
			"return engine 1"+back+"; source 2 stays active",
			"monitor engine 1"+hold, "monitor engine 1"+upAgain,
			"switch source 1 is active, by operator (make run): engine 1 works again",
			"story that was all")
		if !slices.Equal(aired, []int{1, 2, 1}) {
			t.Errorf("on air were %v, want 1, 2, 1", aired)
		}
		if s.aired != 1000 {
			t.Errorf("stopped after %d titles, want 1000", s.aired)
		}
	})

	t.Run("OfTheOtherEngine", func(t *testing.T) {
		t.Parallel()
		f, s := playing(100)
		f.activate(activation{Source: 2, By: "somebody, long ago"})
		if _, aired := tellStory(t, f, s); !slices.Equal(aired, []int{2, 1, 2}) {
			t.Errorf("on air were %v, want 2, 1, 2", aired)
		}
	})

	t.Run("OperatorRefused", func(t *testing.T) {
		t.Parallel()
		f, s := playing(100)
		f.refuses = "source 2 is pinned"
		said, aired := tellStory(t, f, s)
		if last := said[len(said)-1]; !strings.HasPrefix(last, "no switch to source 1: 409") || !slices.Equal(aired, []int{1, 2}) {
			t.Errorf("said %q at last; on air were %v", last, aired)
		}
	})

	t.Run("NothingToTell", func(t *testing.T) {
		t.Parallel()
		for want, active := range map[string]activation{
			"story source 2 is pinned": {Source: 2, Pinned: true},
			"story source 3 is active": {Source: 3},
		} {
			f, s := playing(1)
			f.activate(active)
			said, _ := tellStory(t, f, s)
			expect(t, said, want)
		}
	})

	t.Run("PinnedMeanwhile", func(t *testing.T) {
		t.Parallel()
		f, s := playing(100)
		f.noticed = func() {
			if f.engines[0].away.Load() && !f.active().Pinned {
				f.activate(activation{Source: 1, By: "local", Pinned: true})
			}
		}
		said, aired := tellStory(t, f, s)
		expect(t, said,
			"monitor engine 1"+upAgain, "monitor engine 2"+upAgain,
			"failure engine 1 crashes",
			"monitor engine 1"+down, "monitor raises the alarm: source 1 is active and down",
			"switch source 1 is active and pinned, by local",
			"return engine 1"+back, "story it ends here",
			"monitor engine 1"+hold, "monitor clears the alarm", "monitor engine 1"+upAgain)
		if !slices.Equal(aired, []int{1}) {
			t.Errorf("on air were %v, want 1 only", aired)
		}
	})
}

// TestStation_Lost: a service that does not answer is named once. Everything
// continues when it answers again.
func TestStation_Lost(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f, s := playing(0)
	away := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	s.node, s.monitor = &syncNode{api: server.URL, client: server.Client()}, &monitor{api: server.URL, client: server.Client()}
	s.zone, s.out, s.active = time.UTC, &out, activeSource{Source: 1}
	s.look(t.Context())
	s.look(t.Context())
	away = false
	s.look(t.Context())
	away = true
	s.look(t.Context())
	if got := strings.Count(out.String(), "lost       the status monitor: 503"); got != 2 {
		t.Errorf("said %d times that the monitor does not answer, want 2:\n%s", got, &out)
	}
	if got := strings.Count(out.String(), "lost       the sync node: 503"); got != 2 {
		t.Errorf("said %d times that the sync node does not answer, want 2:\n%s", got, &out)
	}
}

func TestSyncNode_Follow(t *testing.T) {
	t.Parallel()
	const first = "retry: 2000\n\nid: 1\nevent: track\n" +
		`data: {"log_source": 1, "track_title": "Halah", "track_start": "2026-06-01T12:00:00+02:00", "on_air_from": "2026-06-01T12:00:01+02:00"}` + "\n\n:\n\n"
	answers := make(chan string, 3)
	answers <- first + strings.Replace(first, "Halah", "Halah (amended)", 1) + "event: track\ndata: null\n\n"
	answers <- "" // breaks off before the stream says anything
	answers <- strings.ReplaceAll(first, "12:00", "12:05")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, <-answers)
		if len(answers) == 0 {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	n := &syncNode{api: server.URL, client: server.Client()}
	onAir := make(chan airing)
	var following sync.WaitGroup
	lost := 0
	following.Go(func() { n.follow(ctx, onAir, func(string, string, ...any) { lost++ }) })
	var got []string
	for range 3 {
		a := <-onAir
		got = append(got, fmt.Sprintf("%d %s %s", a.Source, a.Title, a.From.Format("15:04:05")))
	}
	cancel()
	following.Wait()
	if want := []string{"1 Halah 12:00:01", "0  00:00:00", "1 Halah 12:05:01"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lost != 1 {
		t.Errorf("the interruption was said %d times", lost)
	}
}
