package answercache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aura.radio/engine/pkg/answercache"
)

func TestCache_NotKept(t *testing.T) {
	t.Parallel()
	refuses := map[string]http.HandlerFunc{
		"NobodyKeeps": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte("x"))
		},
		"NotFound": func(w http.ResponseWriter, r *http.Request) {
			answercache.Keep(r.Context(), answercache.Policy{})
			http.NotFound(w, r)
		},
		"Cookie": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "a=b")
			kept("x")(w, r)
		},
		"NotPublic": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			kept("x")(w, r)
		},
		"Encoded": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			kept("x")(w, r)
		},
		"VariesByOrigin": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Accept-Encoding, Origin")
			kept("x")(w, r)
		},
		"TooLong": func(w http.ResponseWriter, r *http.Request) {
			kept("12345")(w, r)
			_, _ = w.Write([]byte("67890"))
			_, _ = w.Write([]byte("1"))
		},
		"Nothing": func(http.ResponseWriter, *http.Request) {},
	}
	for name, render := range refuses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := httptest.NewRecorder()
			render(plain, httptest.NewRequest(http.MethodGet, path, nil))
			s := newSite(answercache.Config{MaxAnswerBytes: 10}, render)
			for range 2 {
				res := s.get()
				if res.StatusCode != plain.Code {
					t.Errorf("status %d, want %d", res.StatusCode, plain.Code)
				}
				wantBody(t, res, plain.Body.String())
				for name := range plain.Header() {
					wantHeader(t, res, name, plain.Header().Get(name))
				}
			}
			wantRenderings(t, s, 2)
		})
	}

	t.Run("StreamsAsItIsWritten", func(t *testing.T) {
		t.Parallel()
		read := make(chan struct{})
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Errorf("set write deadline: %v", err)
			}
			for i := range 3 {
				_, _ = fmt.Fprintf(w, "event %d\n", i)
				if err := rc.Flush(); err != nil {
					t.Errorf("flush: %v", err)
				}
				<-read
			}
			<-r.Context().Done() // the client has what it wants
		})
		server := httptest.NewServer(s)
		defer server.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		for i := range 3 {
			buf := make([]byte, len("event 0\n"))
			if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != fmt.Sprintf("event %d\n", i) {
				t.Fatalf("read %q: %v", buf, err)
			}
			read <- struct{}{}
		}
	})

	t.Run("NobodyWaitsForAStream", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			end := make(chan struct{})
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("event"))
				<-end
			})
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { wantBody(t, s.get(), "event") })
			}
			synctest.Wait()
			wantRenderings(t, s, 3)
			close(end)
			all.Wait()
		})
	})

	t.Run("PanicReleasesThoseWhoWait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			proceed := make(chan struct{})
			var calls atomic.Int64
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) == 1 {
					<-proceed
					panic("a test's")
				}
				kept("x")(w, r)
			})
			go func() {
				defer func() { _ = recover() }()
				s.get()
			}()
			synctest.Wait()
			go s.get()
			synctest.Wait()
			close(proceed)
			synctest.Wait()
			wantBody(t, s.get(), "x")
			wantRenderings(t, s, 2)
		})
	})
}
