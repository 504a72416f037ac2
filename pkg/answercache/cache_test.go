package answercache_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"aura.radio/engine/pkg/answercache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const path = "/api/v1/trackservice/current"

// site is a cache in front of a handler that counts its renderings.
type site struct {
	http.Handler
	cache      *answercache.Cache
	renderings atomic.Int64
}

func newSite(cfg answercache.Config, render http.HandlerFunc) *site {
	s := &site{cache: answercache.New(cfg)}
	s.Handler = s.cache.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.renderings.Add(1)
		render(w, r)
	}))
	return s
}

// response is a client's answer, read completely.
type response struct {
	StatusCode int
	Header     http.Header
	Body       string
}

func (s *site) do(method, uri string, headers ...string) response {
	return s.doContext(context.Background(), method, uri, headers...)
}

func (s *site) doContext(ctx context.Context, method, uri string, headers ...string) response {
	r := httptest.NewRequestWithContext(ctx, method, uri, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return response{w.Code, w.Result().Header, w.Body.String()}
}

func (s *site) get(headers ...string) response { return s.do(http.MethodGet, path, headers...) }

// kept renders body, which is held until it is invalidated.
func kept(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answercache.Keep(r.Context(), answercache.Policy{MaxAge: 5 * time.Second})
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}
}

func wantRenderings(t *testing.T, s *site, want int64) {
	t.Helper()
	if got := s.renderings.Load(); got != want {
		t.Errorf("%d renderings, want %d", got, want)
	}
}

func wantHeader(t *testing.T, res response, name, want string) {
	t.Helper()
	if got := strings.Join(res.Header.Values(name), " | "); got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

func wantBody(t *testing.T, res response, want string) {
	t.Helper()
	if res.Body != want {
		t.Errorf("body is %q, want %q", res.Body, want)
	}
}

func TestCache_Middleware(t *testing.T) {
	t.Parallel()

	t.Run("RendersOncePerChange", func(t *testing.T) {
		t.Parallel()
		title := "Fade Into You"
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) { kept(title)(w, r) })
		for range 3 {
			wantBody(t, s.get(), "Fade Into You")
		}
		wantRenderings(t, s, 1)
		title = "Halah"
		s.cache.Invalidate()
		wantBody(t, s.get(), "Halah")
		wantBody(t, s.get(), "Halah")
		wantRenderings(t, s, 2)
	})

	t.Run("KeyIsTheURI", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) { kept(r.RequestURI)(w, r) })
		for _, uri := range []string{"/trackservice?page=0", "/trackservice?page=1", "/trackservice?page=0"} {
			wantBody(t, s.do(http.MethodGet, uri), uri)
		}
		wantRenderings(t, s, 2)
	})

	t.Run("Headers", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Total-Count", "7")
			w.Header().Set("X-Request-Id", "the first request's")
			kept("[]")(w, r)
		})
		s.get()
		res := s.get()
		wantHeader(t, res, "X-Total-Count", "7")
		wantHeader(t, res, "X-Request-Id", "")
		wantHeader(t, res, "Content-Type", "application/json")
		wantHeader(t, res, "Content-Length", "2")
		wantHeader(t, res, "Cache-Control", "public, max-age=5, stale-if-error=600")
		wantHeader(t, res, "Vary", "")
	})

	t.Run("Until", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			until := time.Now().Add(time.Minute)
			s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
				answercache.Keep(r.Context(), answercache.Policy{Until: until, MaxAge: 5 * time.Second})
				_, _ = w.Write([]byte("a"))
			})
			wantHeader(t, s.get(), "Cache-Control", "public, max-age=5, stale-if-error=55")
			time.Sleep(56*time.Second + 500*time.Millisecond)
			wantHeader(t, s.get(), "Cache-Control", "public, max-age=3, stale-if-error=0")
			time.Sleep(time.Until(until) - time.Nanosecond)
			wantHeader(t, s.get(), "Cache-Control", "public, max-age=0, stale-if-error=0")
			wantRenderings(t, s, 1)
			time.Sleep(time.Nanosecond)
			s.get()
			wantRenderings(t, s, 2)
		})
	})

	t.Run("NoContent", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{}, func(w http.ResponseWriter, r *http.Request) {
			answercache.Keep(r.Context(), answercache.Policy{})
			w.WriteHeader(http.StatusNoContent)
		})
		for range 2 {
			res := s.get("If-None-Match", "*")
			if res.StatusCode != http.StatusNoContent {
				t.Errorf("status %d", res.StatusCode)
			}
			wantHeader(t, res, "Cache-Control", "public, max-age=0, stale-if-error=600")
			wantHeader(t, res, "Content-Length", "")
			wantHeader(t, res, "Etag", "")
		}
		wantRenderings(t, s, 1)
	})

	t.Run("BypassesWhatIsNotItsBusiness", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{}, kept("x"))
		s.get()
		s.get("Authorization", "Bearer secret-of-a-test")
		s.do(http.MethodPost, path)
		s.do(http.MethodGet, path+"?"+strings.Repeat("x", 600))
		s.do(http.MethodGet, path+"?"+strings.Repeat("x", 600))
		wantRenderings(t, s, 5)
	})

	t.Run("HeadersInFrontStay", func(t *testing.T) {
		t.Parallel()
		for name, size := range map[string]int{"Small": 10, "Big": 5000} {
			s := newSite(answercache.Config{}, kept(strings.Repeat("x", size)))
			inner := s.Handler
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
				w.Header().Set("Vary", "Origin")
				inner.ServeHTTP(w, r)
			})
			for _, origin := range []string{"https://radio.example", "https://other.example"} {
				res := s.get("Origin", origin)
				wantHeader(t, res, "Access-Control-Allow-Origin", origin)
				want := map[string]string{"Small": "Origin", "Big": "Origin | Accept-Encoding"}[name]
				wantHeader(t, res, "Vary", want)
			}
			wantRenderings(t, s, 1)
		}
	})
}

func TestCache_Bounds(t *testing.T) {
	t.Parallel()
	uri := func(i int) string { return fmt.Sprintf("/trackservice?page=%d", i) }

	held := func(s *site) (entries, bytes float64) {
		registry := prometheus.NewRegistry()
		registry.MustRegister(s.cache)
		families, err := registry.Gather()
		if err != nil {
			t.Error(err)
		}
		for _, f := range families {
			switch f.GetName() {
			case "aura_answers_held":
				entries = f.GetMetric()[0].GetGauge().GetValue()
			case "aura_answers_held_bytes":
				bytes = f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return entries, bytes
	}

	t.Run("Entries", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{MaxEntries: 8}, kept("x"))
		for i := range 100 {
			s.do(http.MethodGet, uri(i))
			if n, _ := held(s); n != float64(min(i+1, 8)) {
				t.Fatalf("%v answers held after %d", n, i+1)
			}
		}
		s.do(http.MethodGet, uri(99))
		wantRenderings(t, s, 100) // the newest answer was not the one evicted
	})

	t.Run("Bytes", func(t *testing.T) {
		t.Parallel()
		const limit = 64 << 10
		size := 10
		s := newSite(answercache.Config{MaxBytes: limit}, func(w http.ResponseWriter, r *http.Request) {
			kept(strings.Repeat("x", size))(w, r)
		})
		for i := range 200 {
			s.do(http.MethodGet, uri(i%50))
			if _, bytes := held(s); bytes > limit {
				t.Fatalf("%v bytes held", bytes)
			}
			if i%50 == 49 { // the same answers, longer
				s.cache.Invalidate()
				size += 1000
			}
		}
		s.cache.Invalidate()
		size = 10
		for i := range 200 {
			s.do(http.MethodGet, uri(i%50))
		}
		if n, bytes := held(s); n != 50 || bytes != 50*(1024+10) {
			t.Errorf("%v answers of %v bytes held", n, bytes)
		}
	})

	t.Run("WantedOnesStay", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{MaxEntries: 8}, kept("x"))
		for range 2 {
			s.do(http.MethodGet, uri(0))
		}
		s.cache.Invalidate()
		for i := range 100 {
			s.do(http.MethodGet, uri(i))
		}
		s.do(http.MethodGet, uri(0))
		wantRenderings(t, s, 101) // twice the first one, and the others
	})

	t.Run("StaleOnesLeaveFirst", func(t *testing.T) {
		t.Parallel()
		s := newSite(answercache.Config{MaxEntries: 8}, kept("x"))
		for i := range 4 {
			s.do(http.MethodGet, uri(i))
		}
		s.cache.Invalidate()
		for i := 4; i < 12; i++ {
			s.do(http.MethodGet, uri(i))
		}
		for i := 4; i < 12; i++ {
			s.do(http.MethodGet, uri(i))
		}
		wantRenderings(t, s, 12)
	})
}

func TestCache_Collect(t *testing.T) {
	t.Parallel()
	s := newSite(answercache.Config{}, kept("x"))
	s.get()
	s.get()
	s.get()
	const want = `
# HELP aura_answers_total Reads by how they were answered: hit (from memory), shared (rendered for another request), rendered, stale (an older answer, because rendering failed), passed (not kept).
# TYPE aura_answers_total counter
aura_answers_total{result="hit"} 2
aura_answers_total{result="passed"} 0
aura_answers_total{result="rendered"} 1
aura_answers_total{result="shared"} 0
aura_answers_total{result="stale"} 0
`
	if err := testutil.CollectAndCompare(s.cache, strings.NewReader(want), "aura_answers_total"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(s.cache); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}
