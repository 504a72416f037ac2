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

// authority is a sync node that knows nothing but the active source.
type authority struct {
	mu     sync.Mutex
	source int
	epoch  int
	pinned bool
	seen   func() // called at each switch
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	etag := fmt.Sprintf(`"%d"`, a.epoch)
	if r.Method == http.MethodGet {
		w.Header().Set("ETag", etag)
		fmt.Fprintf(w, `{"active_source": %d, "epoch": %d}`, a.source, a.epoch)
		return
	}
	var body struct{ By, Reason string }
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case err != nil || body.By == "" || body.Reason == "":
		http.Error(w, "who, and why?", http.StatusBadRequest)
	case r.Header.Get("If-Match") != etag:
		http.Error(w, "somebody was quicker", http.StatusPreconditionFailed)
	case a.pinned:
		http.Error(w, "source 1 is pinned", http.StatusConflict)
	default:
		_, _ = fmt.Sscanf(r.URL.Path, "/source/active/%d", &a.source) // 0 where it is none, which the test sees
		a.epoch++
		a.seen()
		w.WriteHeader(http.StatusNoContent)
	}
}

func (a *authority) active() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.source
}

// tellStory lets a station of two engines play until so many titles were on
// air. It returns what was said beside what is on air, and the sources on air.
func tellStory(t *testing.T, a *authority, s *station) (said []string, aired []int) {
	t.Helper()
	server := httptest.NewServer(a)
	defer server.Close()
	var out bytes.Buffer
	s.node = &syncNode{api: server.URL, client: server.Client()}
	s.onAir, s.zone, s.out = make(chan airing), time.UTC, &out

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var playing sync.WaitGroup
	playing.Go(func() {
		for {
			source := a.active()
			select {
			case s.onAir <- airing{Source: source, Artist: "Mazzy Star", Title: "Halah"}:
				aired = append(aired, source)
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
		if what := strings.Fields(line)[1]; what != "on" {
			said = append(said, what)
		}
	}
	return said, aired
}

func TestStation_Story(t *testing.T) {
	t.Parallel()
	s := &station{engines: []*engine{{}, {}}, titles: 1000}
	a := &authority{source: 1}
	var away []bool
	a.seen = func() { away = append(away, s.engines[0].away.Load()) }
	said, aired := tellStory(t, a, s)

	if want := []string{"failure", "switch", "return", "switch", "story"}; !slices.Equal(said, want) {
		t.Errorf("said %v, want %v", said, want)
	}
	if !slices.Equal(away, []bool{true, false}) {
		t.Errorf("engine 1 was away at the switches: %v, want it at the first one only", away)
	}
	if one := slices.Compact(aired); !slices.Equal(one, []int{1, 2, 1}) {
		t.Errorf("on air were %v, want 1, 2, 1", one)
	}
	if s.aired != 1000 {
		t.Errorf("stopped after %d titles, want 1000", s.aired)
	}
}

func TestStation_Story_Pinned(t *testing.T) {
	t.Parallel()
	a := &authority{source: 2, pinned: true}
	said, aired := tellStory(t, a, &station{engines: []*engine{{}, {}}, titles: 100})
	if want := []string{"failure", "no"}; !slices.Equal(said, want) {
		t.Errorf("said %v, want %v", said, want)
	}
	if one := slices.Compact(aired); !slices.Equal(one, []int{2}) {
		t.Errorf("on air were %v, want 2 only", one)
	}
}

func TestSyncNode_Follow(t *testing.T) {
	t.Parallel()
	const first = "retry: 2000\n\nid: 1\nevent: track\n" +
		`data: {"log_source": 1, "track_title": "Halah", "track_start": "2026-06-01T12:00:00+02:00", "on_air_from": "2026-06-01T12:00:01+02:00"}` + "\n\n:\n\n"
	answers := make(chan string, 3)
	answers <- first + strings.Replace(first, "Halah", "Halah (amended)", 1) + "event: track\ndata: null\n\n"
	answers <- "" // breaks off before it says anything
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
