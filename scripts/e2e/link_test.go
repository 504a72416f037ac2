package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// fault is what goes wrong on a link. The zero fault means that nothing goes
// wrong.
type fault struct {
	cut    bool          // connections are reset
	silent bool          // requests get no answer, however long one waits
	delay  time.Duration // on the way there
	lose   float64       // share of requests that arrive and whose answers get lost
	refuse float64       // share of requests that are answered 429 or 503 instead
	ahead  time.Duration // how far the receiver's clock says it is ahead, in GET /sync/state
}

// retryAfter is what a refused sender is told, in seconds.
const retryAfter = "1"

// link is the network from one node to another. It is an HTTP proxy on an address
// of its own; a test chooses its faults.
type link struct {
	url    string
	target func() string // base URL of the receiver, which may move
	client *http.Client

	mu        sync.Mutex
	random    *rand.Rand
	fault     fault
	changed   chan struct{} // closed when fault changes
	inflicted int           // how many requests the present fault met
}

// newLink opens a link that works until the test ends or sets a fault.
func newLink(t testing.TB, seed uint64, target func() string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{
		url: "http://" + listener.Addr().String(), target: target,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true}},
		random: rand.New(rand.NewPCG(seed, 0)), changed: make(chan struct{}),
	}
	server := &http.Server{Handler: l}
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close() // requests under way get no answer, as intended
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		l.client.CloseIdleConnections()
	})
	return l
}

// set changes what goes wrong from now on. Requests that the previous fault held
// back no longer get an answer.
func (l *link) set(f fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.inflicted = f, 0
	close(l.changed)
	l.changed = make(chan struct{})
}

// met is how many requests the present fault hit.
func (l *link) met() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inflicted
}

// fate is what happens to one request.
type fate struct {
	fault
	lost    bool
	refused int // status; 0: none
	changed <-chan struct{}
}

func (l *link) draw() fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := fate{fault: l.fault, changed: l.changed}
	f.lost = l.random.Float64() < f.lose
	if l.random.Float64() < f.refuse {
		f.refused = []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[l.random.IntN(2)]
	}
	if f.cut || f.silent || f.delay > 0 || f.lost || f.refused > 0 || f.ahead != 0 {
		l.inflicted++
	}
	return f
}

// ServeHTTP implements http.Handler.
func (l *link) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := l.draw()
	switch {
	case f.cut:
		reset(w)
		return
	case f.silent:
		f.wait(r.Context(), nil)
		reset(w)
		return
	case f.refused > 0:
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, "a storm", f.refused)
		return
	case f.delay > 0:
		timer := time.NewTimer(f.delay)
		defer timer.Stop()
		f.wait(r.Context(), timer.C)
	}
	status, header, body, err := l.forward(r)
	if f.ahead != 0 && strings.HasSuffix(r.URL.Path, "/sync/state") {
		body = shiftNow(body, f.ahead)
		header.Del("Content-Length")
	}
	if err != nil || f.lost || l.broken() {
		reset(w)
		return
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the sender may have gone
}

// wait returns when the time is up, the link changes or the sender gives up.
func (f fate) wait(ctx context.Context, up <-chan time.Time) {
	select {
	case <-up:
	case <-f.changed:
	case <-ctx.Done():
	}
}

// broken reports whether answers cannot come back.
func (l *link) broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault.cut || l.fault.silent
}

func (l *link) forward(r *http.Request) (int, http.Header, []byte, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, l.target()+r.URL.RequestURI(), r.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	out.Header, out.ContentLength = r.Header.Clone(), r.ContentLength
	out.Header.Del("Accept-Encoding") // so that the answer can be read here
	resp, err := l.client.Do(out)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

// reset ends the connection as a host does that is gone.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// shiftNow changes the time in the state of a node.
func shiftNow(state []byte, by time.Duration) []byte {
	fields := map[string]json.RawMessage{}
	var now time.Time
	if json.Unmarshal(state, &fields) != nil || json.Unmarshal(fields["now"], &now) != nil {
		return state
	}
	var err error
	if fields["now"], err = json.Marshal(now.Add(by)); err != nil {
		return state
	}
	shifted, err := json.Marshal(fields)
	if err != nil {
		return state
	}
	return bytes.TrimSpace(shifted)
}

// TestLink: each fault does what it says. Otherwise a test of the services would
// show nothing.
func TestLink(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		_, _ = io.WriteString(w, `{"now":"2026-01-01T00:00:00Z","host_id":1}`)
	}))
	defer target.Close()
	l := newLink(t, 1, func() string { return target.URL })
	for _, test := range []struct {
		name    string
		fault   fault
		arrives int64
		status  []int // none: no answer
	}{
		{"none", fault{}, 1, []int{http.StatusOK}},
		{"cut", fault{cut: true}, 0, nil},
		{"silent", fault{silent: true}, 0, nil},
		{"lost reply", fault{lose: 1}, 1, nil},
		{"refused", fault{refuse: 1}, 0, []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}},
		{"delayed", fault{delay: time.Millisecond}, 1, []int{http.StatusOK}},
	} {
		arrived.Store(0)
		l.set(test.fault)
		ctx, giveUp := context.WithCancel(t.Context())
		asking := make(chan struct{})
		var status int
		var err error
		go func() {
			defer close(asking)
			status, _, err = call(ctx, http.MethodGet, l.url+"/sync/state", "")
		}()
		if test.fault.silent {
			patience.Await(t, func() error {
				if l.met() == 0 {
					return errors.New("the request did not come to the link")
				}
				return nil
			})
			giveUp()
		}
		<-asking
		giveUp()
		if arrived.Load() != test.arrives || (err == nil) != (test.status != nil) || err == nil && !slices.Contains(test.status, status) {
			t.Errorf("%s: %d %v, arrived %d times", test.name, status, err, arrived.Load())
		}
	}
	l.set(fault{ahead: 90 * time.Second})
	if got := mustCall(t, http.MethodGet, l.url+"/sync/state", "", http.StatusOK); got != `{"host_id":1,"now":"2026-01-01T00:01:30Z"}` {
		t.Errorf("a clock that is wrong says %s", got)
	}
}
