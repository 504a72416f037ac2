package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	testpatience "aura.radio/engine/pkg/patience"
)

// request is a request that the API received.
type request struct {
	path string
	body object
}

// recorder is an API that gives every request the same answer and remembers all
// requests.
type recorder struct {
	status int
	mu     sync.Mutex
	got    []request
}

func (a *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := object{}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost ||
		r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "not as the engine does", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.got = append(a.got, request{r.URL.Path, body})
	a.mu.Unlock()
	w.WriteHeader(a.status)
}

// simulated is an engine that plays some titles to api, as quickly as it answers.
func simulated(t *testing.T, api http.Handler, year string, start time.Time, titles int) *engine {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	zone := vienna(t)
	speech := generations[year](zone, 1)
	return &engine{
		source: 1, zone: zone, line: newLine(server.URL, speech.habits()), wire: speech, programme: testProgramme(t, 1),
		time: timeline{start: start, began: time.Now(), speed: 1e9}, titles: titles, out: io.Discard,
	}
}

// simulate plays the titles.
func simulate(t *testing.T, api *recorder, year string, start time.Time, titles int) *engine {
	t.Helper()
	e := simulated(t, api, year, start, titles)
	if err := e.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEngine_Run(t *testing.T) {
	t.Parallel()

	t.Run("TellsAsTheRealOneDoes", func(t *testing.T) {
		t.Parallel()
		api := &recorder{status: http.StatusNoContent}
		// The studio's hour: live, silent after a third, live again.
		simulate(t, api, "2020", time.Date(2020, 6, 27, 10, 0, 0, 0, time.UTC), 3)
		var paths []string
		for _, r := range api.got {
			paths = append(paths, strings.TrimPrefix(r.path, "/api/v1"))
		}
		const want = "/source/health/1 /playlog/store /clock " +
			"/source/health/1 /playlog/store /clock " +
			"/source/health/1 /playlog/store /clock"
		if got := strings.Join(paths, " "); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		for i, healthy := range []bool{true, false, true} {
			if got := api.got[i*3].body["is_healthy"]; got != healthy {
				t.Errorf("health %d: %v, want %v", i, got, healthy)
			}
		}
		clock := api.got[5].body
		current, _ := clock["current_timeslot"].(object)
		next, _ := clock["next_timeslot"].(object)
		if current["playlist_type"] != "fallback" || next["show_name"] != "Weltempfänger" {
			t.Errorf("clock during the fallback: now %v, next %v", current, next)
		}
	})

	t.Run("TriesNothingTwice", func(t *testing.T) {
		t.Parallel()
		for year, requests := range map[string]int{"2020": 11, "2025": 5} {
			api := &recorder{status: http.StatusServiceUnavailable}
			e := simulate(t, api, year, time.Date(2020, 6, 27, 16, 30, 0, 0, time.UTC), 5)
			if len(api.got) != requests || e.lost != 5 {
				t.Errorf("%s: %d requests, %d lost; want %d and 5", year, len(api.got), e.lost, requests)
			}
		}
	})
}

// TestEngine_Away: the engine does not report what was played before, nor what it
// missed while it was away.
func TestEngine_Away(t *testing.T) {
	t.Parallel()
	api := &recorder{status: http.StatusNoContent}
	start := time.Date(2020, 6, 27, 10, 0, 0, 0, time.UTC)
	e := simulated(t, api, "2020", start, 5)
	e.programme.longest, e.since = time.Second, start.Add(2*time.Second)
	e.out = afterLine(func(line string) {
		e.away.Store(strings.Contains(line, "12:00:04"))
	})
	if err := e.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range api.got {
		if start, isPlay := r.body["track_start"].(string); isPlay {
			told = append(told, start[len("2020-06-27T"):][:len("12:00:00")])
		} else if strings.Contains(r.path, "health") {
			told = append(told, "health")
		}
	}
	if got, want := strings.Join(told, " "), "health 12:00:03 12:00:04 health 12:00:06 12:00:07"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// afterLine is called with each line that is written.
type afterLine func(line string)

func (f afterLine) Write(line []byte) (int, error) {
	f(string(line))
	return len(line), nil
}

func TestDrift(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	late := 0
	for i := range 100 {
		planned := at.Add(time.Duration(i) * time.Minute)
		if d := drift(1, planned); d != 0 {
			t.Fatalf("source 1 is %s late", d)
		}
		d := drift(2, planned)
		if d < 0 || d >= shortestExcerpt || d != drift(2, planned) {
			t.Fatalf("source 2 is %s late, and then %s", d, drift(2, planned))
		}
		if d > 0 {
			late++
		}
	}
	if late < 90 {
		t.Errorf("source 2 is late %d times in 100", late)
	}
}

func TestEngine_Beat(t *testing.T) {
	t.Parallel()
	listen := func() net.PacketConn {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	monitor := listen()
	taken := listen().LocalAddr().String()
	free := listen()
	from := free.LocalAddr().String()
	free.Close()

	// beat lets an engine live through two ticks.
	beat := func(from string, fallback, away bool) {
		t.Helper()
		e := &engine{wire: wire2020{}, beats: heartbeats{to: monitor.LocalAddr().String(), from: from}}
		e.fallback.Store(fallback)
		e.away.Store(away)
		ctx, cancel := context.WithCancel(t.Context())
		ticks := make(chan time.Time)
		ended := make(chan error)
		go func() { ended <- e.beat(ctx, ticks) }()
		ticks <- time.Now()
		ticks <- time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	beat("", true, false)
	beat("", false, true)
	beat(from, false, false) // arrives first, unless a sick or crashed engine sent something
	if err := monitor.SetReadDeadline(time.Now().Add(testpatience.Limit())); err != nil {
		t.Fatal(err)
	}
	datagram := make([]byte, 16)
	n, sender, err := monitor.ReadFrom(datagram)
	if err != nil || string(datagram[:n]) != "OK" || sender.String() != from {
		t.Errorf("got %q from %v (%v), want OK from %s", datagram[:n], sender, err, from)
	}

	e := &engine{beats: heartbeats{to: monitor.LocalAddr().String(), from: taken}}
	if err := e.beat(t.Context(), nil); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("from a port that is taken: %v", err)
	}
}

func TestTimeline_Wait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		l := timeline{start: now.Add(-time.Hour), began: now, speed: 61}
		for _, test := range []struct{ at, want time.Duration }{
			{-2 * time.Hour, 0},                        // was playing already
			{-time.Hour + 61*time.Second, time.Second}, // 61 times as fast
			{time.Minute, time.Minute},                 // 3660 s of programme in 60 s: caught up
			{2 * time.Minute, 2 * time.Minute},         // real time
			{2*time.Minute + 500, 2*time.Minute + 500}, // to the nanosecond
		} {
			if !l.wait(t.Context(), now.Add(test.at)) {
				t.Fatal("ended")
			}
			if got := time.Since(now); got != test.want {
				t.Errorf("%s came after %s, want %s", test.at, got, test.want)
			}
		}
	})
}

func TestBeginning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		in   string
		want time.Time
		ok   bool
	}{
		{"-6h", now.Add(-6 * time.Hour), true},
		{"0", now, true},
		{"2026-06-01T00:00:00Z", now.Add(-12 * time.Hour), true},
		{"6h", time.Time{}, false},
		{"2027-06-01T00:00:00Z", time.Time{}, false},
		{"yesterday", time.Time{}, false},
	} {
		if got, err := beginning(test.in, now); (err == nil) != test.ok || test.ok && !got.Equal(test.want) {
			t.Errorf("beginning(%q) = %s, %v", test.in, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	o, err := parse(strings.Fields("-station http://a -api http://b,http://c -heartbeat 127.0.0.1:1 -heartbeat-from 127.0.0.1:2,127.0.0.1:3 -heartbeat-interval 2s"), now)
	want := []heartbeats{
		{to: "127.0.0.1:1", from: "127.0.0.1:2", every: 2 * time.Second},
		{to: "127.0.0.1:1", from: "127.0.0.1:3", every: 2 * time.Second},
	}
	if err != nil || len(o.beats) != 2 || o.beats[0] != want[0] || o.beats[1] != want[1] {
		t.Errorf("got %v (%v), want %v", o.beats, err, want)
	}
	if o, err = parse([]string{"-heartbeat", "0"}, now); err != nil || len(o.beats) != 1 || o.beats[0].to != "" {
		t.Errorf("got %v (%v), want one that sends nowhere", o.beats, err)
	}
	for args, want := range map[string][]string{
		"":                                 {"127.0.0.1:43334"},
		"-wire 2025":                       {""},
		"-wire 2025 -heartbeat 10.0.0.1:1": {"10.0.0.1:1"},
		"-station http://a -api http://b,http://c -wire 2025,2020": {"", "127.0.0.1:43334"},
	} {
		o, err := parse(strings.Fields(args), now)
		var got []string
		for _, beats := range o.beats {
			got = append(got, beats.to)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: heartbeats go to %q (%v), want %q", args, got, err, want)
		}
	}
	for _, args := range []string{
		"-station http://a -api http://b", "-station http://a -api http://b,http://c -heartbeat-from 127.0.0.1:2",
		"-heartbeat-from 127.0.0.1:2,127.0.0.1:3", "-heartbeat-interval 0", "stop 1",
		"-wire 2021", "-wire 2020,2025", "-station http://a -api http://b,http://c -wire 2020,2025,2025",
	} {
		if _, err := parse(strings.Fields(args), now); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}
