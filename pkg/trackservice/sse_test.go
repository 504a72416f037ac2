package trackservice_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/trackservice"
)

// pipes is a listener whose connections live in a bubble of synctest.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	ended chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.ended) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// serve serves the stream, with the timeouts of a server that makes no
// exception for streams.
func serve(t *testing.T, s *trackservice.Service) *pipes {
	return serveWith(t, func(w http.ResponseWriter, r *http.Request) error { return s.Serve(w, r, 0) })
}

// serveWith serves a stream.
func serveWith(t *testing.T, stream func(w http.ResponseWriter, r *http.Request) error) *pipes {
	p := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Protocols:    protocols,
		ReadTimeout:  time.Second,
		WriteTimeout: time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := stream(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
		}),
	}
	done := make(chan error)
	go func() { done <- server.Serve(p) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

// connect sends a request; headers end in \r\n each.
func (p *pipes) connect(t *testing.T, headers string) (net.Conn, *bufio.Reader) {
	t.Helper()
	ours, theirs := net.Pipe()
	p.conns <- theirs
	t.Cleanup(func() { _ = ours.Close() })
	if _, err := io.WriteString(ours, "GET /stream HTTP/1.0\r\n"+headers+"\r\n"); err != nil {
		t.Fatal(err)
	}
	return ours, bufio.NewReader(ours)
}

// block reads up to the next empty line.
func block(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || strings.TrimSpace(line) == "" {
			return b.String(), err
		}
		b.WriteString(line)
	}
}

func wantBlock(t *testing.T, in *bufio.Reader, want string) {
	t.Helper()
	if got, err := block(in); err != nil || got != want {
		t.Fatalf("read %q (%v), want %q", got, err, want)
	}
}

func TestService_Serve(t *testing.T) {
	t.Parallel()

	t.Run("Protocol", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			play(log, s, 1)
			_, in := serve(t, s).connect(t, "")
			head, err := block(in)
			if err != nil || !strings.HasPrefix(head, "HTTP/1.0 200 OK\r\n") {
				t.Fatalf("%q %v", head, err)
			}
			for _, want := range []string{"Content-Type: text/event-stream\r\n", "Cache-Control: no-cache\r\n", "X-Accel-Buffering: no\r\n"} {
				if !strings.Contains(head, want) {
					t.Errorf("%q misses %q", head, want)
				}
			}
			retry, err := block(in)
			var ms int
			if _, scanErr := fmt.Sscanf(retry, "retry: %d\n", &ms); err != nil || scanErr != nil || ms < 2000 || ms >= 6000 {
				t.Errorf("retry is %q", retry)
			}
			now, err := s.Subscribe("", 0)
			if err != nil {
				t.Fatal(err)
			}
			events, _ := now.Take()
			wantBlock(t, in, "id: "+events[0].ID+"\nevent: track\ndata: 1 Fade Into You 0s\n")

			e := entry(2, time.Now(), 0)
			e.Title = "Two\nLines"
			log.add(e)
			s.Changed()
			synctest.Wait()
			events, _ = now.Take()
			wantBlock(t, in, "id: "+events[0].ID+"\nevent: track\ndata: 2 Two\ndata: Lines 0s\n")
		})
	})

	t.Run("Resumes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			l := subscribe(t, s, "")
			play(log, s, 1)
			events, _ := l.Take()
			play(log, s, 2)
			play(log, s, 3)
			_, in := serve(t, s).connect(t, "Last-Event-ID: "+events[len(events)-1].ID+"\r\n")
			for _, want := range []string{"HTTP/1.0 200 OK", "retry: ", "data: 2 ", "data: 3 "} {
				if got, err := block(in); err != nil || !strings.Contains(got, want) {
					t.Errorf("read %q (%v), want %q", got, err, want)
				}
			}
		})
	})

	t.Run("Heartbeats", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			_, in := serve(t, s).connect(t, "")
			for range 3 { // head, retry, null
				if _, err := block(in); err != nil {
					t.Fatal(err)
				}
			}
			connected := time.Now()
			wantBlock(t, in, ":\n")
			if first := time.Since(connected); first >= 15*time.Second {
				t.Errorf("first heartbeat after %v", first)
			}
			// An event between heartbeats does not move them. Otherwise they
			// would no longer be spread over the listeners.
			last := time.Now()
			play(log, s, 1)
			if got, err := block(in); err != nil || !strings.Contains(got, "data: 1 ") {
				t.Fatalf("read %q: %v", got, err)
			}
			for range 3 {
				wantBlock(t, in, ":\n")
				if pause := time.Since(last); pause != 15*time.Second {
					t.Errorf("heartbeat after %v", pause)
				}
				last = time.Now()
			}
		})
	})

	t.Run("HTTP2", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := newService(log)
			run(t, s)
			server := serve(t, s)
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(true)
			transport := &http.Transport{
				Protocols: protocols,
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					server.conns <- theirs
					return ours, nil
				},
			}
			defer transport.CloseIdleConnections()
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://radio.example/stream", nil)
			res, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			in := bufio.NewReader(res.Body)
			for range 2 { // retry, null
				if _, err := block(in); err != nil {
					t.Fatal(err)
				}
			}
			for range 5 { // no deadline ends the stream between heartbeats
				wantBlock(t, in, ":\n")
			}
		})
	})

	t.Run("SlowClientIsDropped", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log := &playlog{}
			s := trackservice.New(log, render, trackservice.Config{MaxListeners: 1}, zerolog.Nop())
			run(t, s)
			server := serve(t, s)
			_, in := server.connect(t, "")
			for range 4 { // up to the first heartbeat, so that the next one is far away
				if _, err := block(in); err != nil {
					t.Fatal(err)
				}
			}
			play(log, s, 1) // it does not read this
			time.Sleep(10*time.Second - time.Nanosecond)
			synctest.Wait()
			if _, err := s.Subscribe("", 0); !errors.Is(err, trackservice.ErrFull) {
				t.Fatalf("error is %v: it was dropped too early", err)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			subscribe(t, s, "")
		})
	})

	t.Run("ClientGoesAway", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := trackservice.New(&playlog{}, render, trackservice.Config{MaxListeners: 1}, zerolog.Nop())
			run(t, s)
			conn, in := serve(t, s).connect(t, "")
			if _, err := block(in); err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			synctest.Wait()
			subscribe(t, s, "")
		})
	})

	t.Run("EndsWithRun", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newService(&playlog{})
			ctx, stop := context.WithCancel(t.Context())
			go func() { _ = s.Run(ctx) }()
			synctest.Wait()
			_, in := serve(t, s).connect(t, "")
			for range 3 {
				if _, err := block(in); err != nil {
					t.Fatal(err)
				}
			}
			stop()
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
				t.Errorf("read %q: %v", rest, err)
			}
		})
	})

	t.Run("ErrFull", func(t *testing.T) {
		t.Parallel()
		s := trackservice.New(&playlog{}, render, trackservice.Config{MaxListeners: 1}, zerolog.Nop())
		subscribe(t, s, "")
		w := httptest.NewRecorder()
		if err := s.Serve(w, httptest.NewRequest(http.MethodGet, "/", nil), 0); !errors.Is(err, model.ErrOverloaded) {
			t.Errorf("error is %v", err)
		}
		if len(w.Header()) > 0 || w.Body.Len() > 0 {
			t.Errorf("wrote %v %s", w.Header(), w.Body)
		}
	})
}

// TestService_ManyListeners serves one change to a thousand listeners over real
// connections.
func TestService_ManyListeners(t *testing.T) {
	t.Parallel()
	const listeners = 1000
	log := &playlog{}
	s := newService(log)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = s.Run(ctx) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = s.Serve(w, r, 0) }))
	defer func() {
		stop()
		all.Wait()
		server.Close()
	}()

	var ready, served sync.WaitGroup
	ready.Add(listeners)
	served.Add(listeners)
	until := func(in *bufio.Reader, want string) error {
		for {
			got, err := block(in)
			if err != nil || strings.Contains(got, want) {
				return err
			}
		}
	}
	for range listeners {
		all.Go(func() {
			defer served.Done()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err == nil {
				defer conn.Close()
				_, err = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
			}
			in := bufio.NewReader(conn)
			if err == nil {
				err = until(in, "data: null")
			}
			ready.Done()
			if err == nil {
				err = until(in, "data: 1 ")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	ready.Wait()
	begin := time.Now()
	log.add(entry(1, begin, 0))
	s.Changed()
	served.Wait()
	t.Logf("%d listeners served in %v", listeners, time.Since(begin))
}
