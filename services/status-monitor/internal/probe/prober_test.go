package probe_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/peer"
	"aura.radio/engine/services/status-monitor/internal/decision"
	"aura.radio/engine/services/status-monitor/internal/probe"
)

// node is an engine-api whose answers a test sets.
type node struct {
	mu     sync.Mutex
	answer func(ctx context.Context, source int) (model.Health, error)
	heard  model.Life // an older node if there is no start
	asked  []time.Time
}

func (n *node) Life(context.Context, int) (model.Life, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.heard.Start == "" {
		return model.Life{}, peer.ErrUnsupported
	}
	return n.heard, nil
}

func (n *node) LatestHealth(ctx context.Context, source int) (model.Health, error) {
	n.mu.Lock()
	n.asked = append(n.asked, time.Now())
	answer := n.answer
	n.mu.Unlock()
	return answer(ctx, source)
}

func (n *node) set(answer func(ctx context.Context, source int) (model.Health, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = answer
}

func fails(err error) func(context.Context, int) (model.Health, error) {
	return func(context.Context, int) (model.Health, error) { return model.Health{}, err }
}

func hangs(ctx context.Context, _ int) (model.Health, error) {
	<-ctx.Done()
	return model.Health{}, fmt.Errorf("%w: GET /source/health/1 at http://host-1:8008: %w", model.ErrUnavailable, ctx.Err())
}

func says(healthy bool) func(context.Context, int) (model.Health, error) {
	return func(_ context.Context, source int) (model.Health, error) {
		return model.Health{Source: source, Healthy: healthy, LogTime: time.Now()}, nil
	}
}

// learned are events, as text.
type learned struct {
	mu     sync.Mutex
	events []string
	lives  []decision.Life
}

func (l *learned) learn(e decision.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case decision.Probe:
		l.events = append(l.events, fmt.Sprintf("%d: %q", e.Source, e.Failure))
	case decision.Health:
		text := fmt.Sprintf("%d healthy %t after %s", e.Source, e.Healthy, time.Since(e.At))
		for word, is := range map[string]bool{" silence": e.Silence, " frozen": e.Frozen, " fallback": e.Fallback} {
			if is {
				text += word
			}
		}
		l.events = append(l.events, text)
	case decision.Life:
		l.lives = append(l.lives, e)
	}
}

func (l *learned) expect(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Join(l.events, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	l.events = nil
}

const interval, timeout = 5 * time.Second, 2 * time.Second

// start runs a prober until the test ends it.
func start(t *testing.T, nodes map[int]probe.Node, log io.Writer) (*probe.Prober, *learned, func()) {
	var cfg probe.Config
	if err := config.Load(&cfg, nil); err != nil || cfg.Interval != interval || cfg.Timeout != timeout {
		t.Fatal(cfg, err)
	}
	var l learned
	p := probe.New(cfg, nodes, l.learn, zerolog.New(log))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	return p, &l, func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestProber(t *testing.T) {
	t.Parallel()
	t.Run("Outcomes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := &node{answer: says(true)}
			var log bytes.Buffer
			_, l, stop := start(t, map[int]probe.Node{1: n}, &log)
			l.expect(t, `1: "", 1 healthy true after 0s`)
			for _, c := range []struct {
				answer func(context.Context, int) (model.Health, error)
				want   string
			}{
				{says(false), "1 healthy false after 0s"},
				{fails(model.ErrNotFound), ""}, // the node answers
				{fails(syscall.ECONNREFUSED), `1: "refuses the connection"`},
				{fails(syscall.ECONNREFUSED), ""},
				{fails(&peer.StatusError{Status: 401}), `1: "answers, but refuses this monitor's token, AURA_SYNC_TOKEN (401 Unauthorized)"`},
				{says(true), `1: "", 1 healthy true after 0s`},
			} {
				n.set(c.answer)
				time.Sleep(interval)
				l.expect(t, c.want)
			}
			stop()
			if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"source":1`) || !strings.Contains(got, "recovered") {
				t.Errorf("logged %s", got)
			}
		})
	})

	t.Run("Signs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := &node{answer: fails(model.ErrNotFound)}
			_, l, stop := start(t, map[int]probe.Node{1: n}, io.Discard)
			l.expect(t, `1: ""`)
			for word, sign := range map[string]model.Sign{
				" silence": {Silence: new(true)}, " frozen": {Frozen: true}, " fallback": {Fallback: new(true)}, "": {Silence: new(false), Fallback: new(false)},
			} {
				n.set(func(context.Context, int) (model.Health, error) {
					return model.Health{Source: 1, Healthy: true, LogTime: time.Now(), Signs: sign.Text()}, nil
				})
				time.Sleep(interval)
				l.expect(t, "1 healthy true after 0s"+word)
			}
			stop()
		})
	})

	// Life: only what is new counts, also after a restart of the engine-api. An older
	// engine-api has no other life than its records.
	t.Run("Life", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := &node{answer: fails(model.ErrNotFound), heard: model.Life{Source: 1, Start: "a"}}
			_, l, stop := start(t, map[int]probe.Node{1: n}, io.Discard)
			words := func(count int64, seconds int) model.Words {
				return model.Words{Count: count, Ago: time.Duration(seconds) * time.Second}
			}
			said := time.Now()
			l.expect(t, `1: ""`)
			for i, c := range []struct {
				heard  model.Life
				record bool // a new one
				want   string
			}{
				{model.Life{Start: "a"}, false, "0 0"},
				{model.Life{Start: "a", Reports: words(2, 3), Plays: words(1, 60)}, false, "2 3s 1 1m0s"},
				{model.Life{Start: "a", Reports: words(2, 8), Plays: words(1, 65)}, false, "0 0"},
				{model.Life{Start: "a", Reports: words(3, 1), Plays: words(1, 70)}, true, "1 1s 0"},
				{model.Life{Start: "b"}, true, "0 0"},
				{model.Life{Start: "b", Reports: words(1, 4)}, true, "1 4s 0"},
				{model.Life{}, true, "0 0"}, // the first record that it sees
				{model.Life{}, true, "1 0s 0"},
				{model.Life{}, false, "0 0"},
			} {
				n.mu.Lock()
				n.heard = c.heard
				n.heard.Source = 1
				n.mu.Unlock()
				if c.record {
					said = said.Add(time.Second)
				}
				record := model.Health{Source: 1, Healthy: true, LogTime: said}
				n.set(func(context.Context, int) (model.Health, error) { return record, nil })
				l.mu.Lock()
				l.lives = nil
				l.mu.Unlock()
				time.Sleep(interval)
				synctest.Wait()
				got := ""
				for _, e := range l.lives {
					for _, w := range []decision.Words{e.Reports, e.Plays} {
						got += fmt.Sprintf(" %d", w.Count)
						if w.Count > 0 {
							if w.Ago > 0 || c.heard.Start == "" {
								got += " " + w.Ago.String()
							}
						}
					}
				}
				if strings.TrimSpace(got) != c.want {
					t.Errorf("%d: got %q, want %q", i, got, c.want)
				}
			}
			stop()
		})
	})

	t.Run("OneHangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			one, two := &node{answer: hangs}, &node{answer: says(true)}
			_, l, stop := start(t, map[int]probe.Node{1: one, 2: two}, io.Discard)
			l.expect(t, `2: "", 2 healthy true after 0s`)
			time.Sleep(timeout)
			l.expect(t, `1: "does not answer within 2s"`)
			time.Sleep(time.Minute)
			stop() // even during a call
			if len(two.asked) < 12 || len(two.asked) > 15 || len(one.asked) < 8 {
				t.Errorf("asked %d and %d times", len(one.asked), len(two.asked))
			}
			for i := range two.asked[1:] {
				if gap := two.asked[i+1].Sub(two.asked[i]); gap > interval || gap < interval*9/10 {
					t.Errorf("asked again after %s", gap)
				}
			}
		})
	})

	t.Run("StopSaysNothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, l, stop := start(t, map[int]probe.Node{1: &node{answer: hangs}}, io.Discard)
			synctest.Wait()
			stop()
			l.expect(t, "")
		})
	})

	t.Run("Collect", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p, _, stop := start(t, map[int]probe.Node{1: &node{answer: says(true)}, 2: &node{answer: fails(io.EOF)}, 3: &node{answer: hangs}}, io.Discard)
			synctest.Wait()
			registry := prometheus.NewPedanticRegistry()
			registry.MustRegister(p)
			families, err := registry.Gather()
			if err != nil || len(families) != 1 || families[0].GetName() != "aura_monitor_api_up" {
				t.Fatal(families, err)
			}
			var got []string
			for _, m := range families[0].GetMetric() {
				got = append(got, m.GetLabel()[0].GetValue()+" "+fmt.Sprint(m.GetGauge().GetValue()))
			}
			if text := strings.Join(got, ", "); text != "1 1, 2 0" { // the third node was not asked to the end
				t.Error(text)
			}
			stop()
		})
	})
}

func TestFailure(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{context.DeadlineExceeded, "does not answer within 2s"},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "does not answer within 2s"},
		{refused, "refuses the connection"},
		{&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, "can't be reached: there is no route to its host"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "breaks off the connection"},
		{io.ErrUnexpectedEOF, "breaks off the connection"},
		{&net.DNSError{Name: "host-1", IsNotFound: true}, "can't be reached: its name host-1 is not known"},
		{&net.DNSError{Name: "host-1", IsTimeout: true}, "can't be reached: its name host-1 can't be looked up"},
		{&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, "has a certificate that is not trusted"},
		{peer.ErrUnsupported, "answers, but does not have the requested path; check that the address is that of the right node"},
		{&peer.StatusError{Status: 403, Detail: "role engine"}, "answers, but refuses this monitor's token, AURA_SYNC_TOKEN (403 Forbidden: role engine)"},
		{&peer.StatusError{Status: 429}, "answers, but was asked too often (429 Too Many Requests)"},
		{&peer.StatusError{Status: 503, Detail: "no database"}, "answers, but with a failure of its own (503 Service Unavailable: no database)"},
		{&peer.StatusError{Status: 302}, "answers, but not as expected (302 Found)"},
		{errors.New("something else"), "something else"},
	} {
		err := c.err
		if err != nil && c.want != "something else" { // as the client wraps the error
			err = fmt.Errorf("%w: %w", model.ErrUnavailable, err)
		}
		if got := probe.Failure(err, timeout); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}

// TestFailure_Real: the words for failures that a real client meets.
func TestFailure_Real(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for address, want := range map[string]string{
		silent.Addr().String(): "does not answer within 100ms",
		closed.Addr().String(): "refuses the connection",
	} {
		client, err := peer.New("http://"+address, peer.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		timeout := patience.Limit()
		if address == silent.Addr().String() {
			timeout = 100 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		_, err = client.ActiveSource(ctx)
		if got := probe.Failure(err, 100*time.Millisecond); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"PROBE_INTERVAL=2": "", "PROBE_INTERVAL=0.4": `AURA_PROBE_INTERVAL="400ms": must be from 500ms to 10m`,
		"PROBE_TIMEOUT=6":     `AURA_PROBE_TIMEOUT="6s": must be from 100ms to the interval of the probes`,
		"PROBE_TIMEOUT=0.05s": `AURA_PROBE_TIMEOUT="50ms": must be from 100ms to the interval of the probes`,
	} {
		variable, value, _ := strings.Cut(text, "=")
		got := ""
		if err := config.Load(new(probe.Config), map[string]string{"AURA_" + variable: value}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
