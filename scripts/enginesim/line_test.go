package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

func TestLine_Post(t *testing.T) {
	t.Parallel()
	bodies := message{"/x", object{"a": 1}}

	t.Run("Headers", func(t *testing.T) {
		t.Parallel()
		for _, terse := range []bool{false, true} {
			var got http.Header
			var length int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, length = r.Header, r.ContentLength
				w.WriteHeader(http.StatusNoContent)
			}))
			defer server.Close()
			if err := newLine(server.URL+"/", habits{terse: terse, patience: patience}).post(t.Context(), bodies); err != nil {
				t.Fatal(err)
			}
			names := slices.Sorted(maps.Keys(got))
			if isTerse := slices.Equal(names, []string{"Accept", "Content-Length", "Content-Type"}); isTerse != terse || length != 7 {
				t.Errorf("terse %t: headers are %v, %d bytes", terse, names, length)
			}
		}
	})

	t.Run("Success", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			status int
			ok     map[bool]bool // by terse
		}{
			{http.StatusNoContent, map[bool]bool{true: true, false: true}},
			{http.StatusOK, map[bool]bool{false: true}},
			{http.StatusTemporaryRedirect, nil},
			{http.StatusBadRequest, nil},
		} {
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Location", "/y")
				w.WriteHeader(c.status)
			}))
			defer server.Close()
			for _, terse := range []bool{false, true} {
				if err := newLine(server.URL, habits{terse: terse}).post(t.Context(), bodies); (err == nil) != c.ok[terse] {
					t.Errorf("%d, terse %t: %v", c.status, terse, err)
				}
			}
			if requests != 2 {
				t.Errorf("%d: %d requests, want 2", c.status, requests)
			}
		}
	})
}

// TestLine_Hangs: while the server hangs, everything waits, on one connection and
// in order of its turn.
func TestLine_Hangs(t *testing.T) {
	t.Parallel()
	entered, release := make(chan string), make(chan bool)
	var callers sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callers.Store(r.RemoteAddr, true)
		entered <- r.URL.Path
		<-release
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	l := newLine(server.URL, habits{terse: true})
	var sending sync.WaitGroup
	defer sending.Wait()
	post := func(ctx context.Context, path string) {
		sending.Go(func() {
			if err := l.post(ctx, message{path, object{}}); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	post(ctx, "/0")
	if got := <-entered; got != "/0" {
		t.Fatalf("got %s", got)
	}
	for i := range 3 {
		post(ctx, fmt.Sprint("/", i+1))
	}
	stop() // a stop cuts nothing short
	for range 3 {
		select {
		case got := <-entered:
			t.Fatalf("%s does not wait", got)
		case release <- true:
		}
		<-entered
	}
	release <- true
	sending.Wait()
	n := 0
	callers.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d connections", n)
	}
}
