package answercache_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/answercache"
)

const benchBody = `{"id":42,"track_start":"2020-06-27T19:14:00+02:00","track_artist":"Mazzie Star","track_title":"Fade Into You"}`

// ready is the lower bound: net/http with ready bytes and headers, the same
// that the cache sends.
func ready(like http.Header) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, values := range like {
			h[name] = values
		}
		_, _ = w.Write([]byte(benchBody))
	})
}

func benchSite() *site {
	return newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
		answercache.Keep(r.Context(), answercache.Policy{Until: time.Now().Add(time.Hour), MaxAge: 5 * time.Second})
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, benchBody)
	})
}

// discard is the cheapest http.ResponseWriter there is.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkCache_Hit measures what a hit costs in addition to net/http.
func BenchmarkCache_Hit(b *testing.B) {
	s := benchSite()
	s.get()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		s.ServeHTTP(w, r)
	}
}

// TestCache_HitAllocates pins the benchmark's result.
func TestCache_HitAllocates(t *testing.T) {
	s := benchSite()
	s.get()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := discard{http.Header{}}
	if n := testing.AllocsPerRun(100, func() { s.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}

// BenchmarkServer compares whole requests over kept-alive connections.
func BenchmarkServer(b *testing.B) {
	s := benchSite()
	s.get()
	like := s.get().Header
	for name, handler := range map[string]http.Handler{
		"Bare":            ready(http.Header{"Content-Type": like["Content-Type"], "Content-Length": like["Content-Length"]}),
		"BareSameHeaders": ready(like),
		"Cache":           s,
	} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				in := bufio.NewReader(conn)
				for pb.Next() {
					if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: radio.example\r\n\r\n"); err != nil {
						b.Error(err)
						return
					}
					if err := skipAnswer(in); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// skipAnswer reads one answer without interpreting it.
func skipAnswer(in *bufio.Reader) error {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			_, err := in.Discard(length)
			return err
		}
		if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
}
