package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

func loadConfig(environ map[string]string) error {
	return config.Load(&httpserver.Config{}, environ)
}

func TestServer_Errors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		status int
		detail string
	}{
		"not found":   {fmt.Errorf("get: %w", model.ErrNotFound), 404, "The requested object does not exist here."},
		"invalid":     {fmt.Errorf("record: %w", model.Invalid("track_start", "never", "must be a time")), 400, "invalid: track_start: must be a time"},
		"unavailable": {fmt.Errorf("store: %w", model.ErrUnavailable), 503, "The database cannot be reached"},
		"stale":       {model.ErrStaleEpoch, 412, "Somebody else has activated"},
		"deposed":     {fmt.Errorf("activate: %w", model.ErrDeposed), 412, "Another monitor"},
		"purged":      {&model.PurgedError{Purge: model.Purge{By: "M. Tester", Reason: "old"}}, 410, "were purged on 0001-01-01 by M. Tester: old"},
		"pinned":      {model.ErrPinned, 409, "is pinned"},
		"circle":      {fmt.Errorf("activate: %w", model.ErrLoop), 508, "AURA_SYNC_HOST"},
		"deadline":    {fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "took too long"},
		"gone":        {context.Canceled, 499, "closed the connection"},
		"unknown":     {errors.New("dial tcp 10.0.0.3: secret"), 500, "The service failed."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h := httpservertest.New(t, stub{StoreFunc: func(context.Context, api.Play) error { return c.err }},
				func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.New(&log) })
			w := httpservertest.Do(h, "POST", "/api/v1/playlog", play)
			p := wantProblem(t, w, c.status)
			if !strings.Contains(*p.Detail, c.detail) || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("detail %q, want %q", *p.Detail, c.detail)
			}
			if after := w.Header().Get("Retry-After"); (c.status == 503) != (len(after) == 1 && after >= "1" && after <= "5") {
				t.Errorf("Retry-After %q", after)
			}
			var line map[string]any
			if err := json.Unmarshal(log.Bytes(), &line); err != nil {
				t.Fatalf("not one line: %v\n%s", err, &log)
			}
			if line["error"] != c.err.Error() || line["request_id"] != *p.Instance || (line["level"] == "error") != (c.status >= 500) {
				t.Errorf("log %v", line)
			}
		})
	}
}

func TestServer_Panic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := httpservertest.New(t, stub{StoreFunc: func(context.Context, api.Play) error { panic("secret thing") }},
		func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.New(&log) })
	w := httpservertest.Do(h, "POST", "/api/v1/playlog", play)
	wantProblem(t, w, 500)
	if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("tells too much: %s", w.Body)
	}
	if !strings.Contains(log.String(), "panic: secret thing") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("log tells too little: %s", &log)
	}
}

func TestServer_Timeout(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
		<-ctx.Done()
		return fmt.Errorf("store: %w", ctx.Err())
	}}, func(_ *httpserver.Config, o *httpserver.Options) { o.RequestTimeout = time.Millisecond })
	wantProblem(t, httpservertest.Do(h, "POST", "/api/v1/playlog", play), 503)
}

// TestServer_Cut: a client that gets half a report must not mistake it for a
// whole one.
func TestServer_Cut(t *testing.T) {
	t.Parallel()
	half := io.MultiReader(strings.NewReader("track_start\n"), brokenReader{})
	h := httpservertest.New(t, stub{ReportFunc: func(context.Context) (io.Reader, error) { return half, nil }},
		func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.Nop() })
	server := httptest.NewServer(h)
	defer server.Close()
	answer, err := http.Get(server.URL + "/api/v1/report/2020-06")
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	if err == nil {
		t.Error("looks complete")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, model.ErrUnavailable }

func TestServer_RequestID(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for sent, kept := range map[string]bool{
		"": false, "abc-123": true, "a.b:c/d=": true, "with blank": false, "line\nbreak": false,
		strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, `"quoted"`: false, "ümlaut": false,
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			r := httpservertest.Request("GET", "/api/v1/trackservice", "")
			r.Header.Set("X-Request-Id", sent)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := w.Header().Get("X-Request-Id")
			if got == "" || (got == sent) != kept {
				t.Errorf("sent %q, got %q", sent, got)
			}
		})
	}
}

func TestServer_AccessLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := httpservertest.New(t, stub{}, withTokens(t), func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log = zerolog.New(&log).Level(zerolog.InfoLevel)
	})
	httpservertest.Do(h, "GET", "/api/v1/trackservice?access_token=hush", "")
	if log.Len() > 0 {
		t.Errorf("a read is logged: %s", &log)
	}
	r := httpservertest.Request("PUT", "/api/v1/source/active/1?pin=true&access_token=hush", "")
	remote(r)
	r.Header.Set("Authorization", "Bearer "+adminSecret)
	h.ServeHTTP(httptest.NewRecorder(), r)
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	for field, want := range map[string]any{"level": "info", "method": "PUT", "path": "/api/v1/source/active/1", "status": 204.0,
		"client": "192.0.2.7", "caller": "ann", "message": "request"} {
		if line[field] != want {
			t.Errorf("%s = %v, want %v", field, line[field], want)
		}
	}
	if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), adminSecret) {
		t.Errorf("shows a secret: %s", &log)
	}
}

// TestServer_AccessLog_preparing: a request that came too early is no failure, even
// if it is answered when the service is ready.
func TestServer_AccessLog_preparing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	preparing := true
	h := httpservertest.New(t, stub{CurrentFunc: func(context.Context) (api.GetCurrentTrackResponseObject, error) {
		preparing = false
		return nil, model.ErrUnavailable
	}}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Log, o.Preparing = zerolog.New(&log), func() bool { return preparing }
	})
	for _, want := range []string{`"level":"info"`, `"level":"error"`} {
		log.Reset()
		if w := httpservertest.Do(h, "GET", "/api/v1/trackservice/current", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(log.String(), want) {
			t.Errorf("%d %s, want %s", w.Code, &log, want)
		}
	}
}

func TestServer_Headers(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for path, policy := range map[string]string{
		"/api/v1/trackservice": "default-src 'none'; frame-ancestors 'none'",
		"/nowhere":             "default-src 'none'; frame-ancestors 'none'",
		"/healthz":             "default-src 'self'",
	} {
		w := httpservertest.Do(h, "GET", path, "")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Content-Security-Policy": policy,
		} {
			if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s %s: %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestServer_CORS(t *testing.T) {
	t.Parallel()
	listed := httpservertest.New(t, stub{}, func(c *httpserver.Config, _ *httpserver.Options) { c.CORSOrigins = []string{"https://radio.example"} })
	all := httpservertest.New(t, stub{}, func(c *httpserver.Config, _ *httpserver.Options) { c.CORSOrigins = []string{"*"} })
	none := httpservertest.New(t, stub{})
	refused := httpservertest.New(t, stub{}, func(c *httpserver.Config, _ *httpserver.Options) { c.CORSOrigins = []string{"none"} })
	pages, err := httpserver.New(httpserver.Config{CORSOrigins: []string{"*"}}, httpserver.Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	pages.Handle(http.MethodGet, "/page", httpserver.Public.Page(), func(c *gin.Context) { c.Status(http.StatusOK) })
	page := pages.Handler()
	cases := map[string]struct {
		h                            http.Handler
		method, path, origin         string
		status                       int
		allowOrigin, vary, allowsGET string
	}{
		"listed":              {listed, "GET", "/api/v1/trackservice", "https://radio.example", 200, "https://radio.example", "Origin", ""},
		"listed, by id":       {listed, "GET", "/api/v1/trackservice/1", "https://radio.example", 200, "https://radio.example", "Origin", ""},
		"internal, by id":     {listed, "GET", "/api/v1/playlog/1", "https://radio.example", 200, "", "", ""},
		"not listed":          {listed, "GET", "/api/v1/trackservice", "https://evil.example", 200, "", "Origin", ""},
		"no origin":           {listed, "GET", "/api/v1/trackservice", "", 200, "", "Origin", ""},
		"internal":            {listed, "GET", "/api/v1/playlog", "https://radio.example", 200, "", "", ""},
		"all":                 {all, "GET", "/api/v1/trackservice", "https://any.example", 200, "*", "", ""},
		"all, internal":       {all, "GET", "/api/v1/playlog", "https://any.example", 200, "", "", ""},
		"none":                {none, "GET", "/api/v1/trackservice", "https://radio.example", 200, "", "", ""},
		"preflight":           {listed, "OPTIONS", "/api/v1/trackservice", "https://radio.example", 204, "https://radio.example", "Origin", "GET, HEAD"},
		"preflight, slash":    {listed, "OPTIONS", "/api/v1/trackservice/", "https://radio.example", 204, "https://radio.example", "Origin", "GET, HEAD"},
		"preflight by others": {listed, "OPTIONS", "/api/v1/trackservice", "https://evil.example", 204, "", "Origin", ""},
		"preflight, internal": {all, "OPTIONS", "/api/v1/playlog", "https://any.example", 405, "", "", ""},
		"a view":              {none, "GET", "/nowplaying.txt", "https://any.example", 200, "*", "", ""},
		"a view, listed":      {listed, "GET", "/api/nowplaying/aura", "https://any.example", 200, "*", "", ""},
		"a view, no origin":   {listed, "GET", "/feed.xml", "", 200, "*", "", ""},
		"preflight, view":     {none, "OPTIONS", "/nowplaying.json", "https://any.example", 204, "*", "", "GET, HEAD"},
		"current":             {listed, "GET", "/api/v1/trackservice/current", "https://evil.example", 200, "", "Origin, Accept", ""},
		"none at all":         {refused, "GET", "/api/v1/trackservice", "https://any.example", 200, "", "Origin", ""},
		"none at all, a view": {refused, "GET", "/nowplaying.txt", "https://any.example", 200, "*", "", ""},
		"oEmbed":              {refused, "GET", "/oembed?url=https://radio.example/", "https://any.example", 200, "*", "", ""},
		"a page":              {page, "GET", "/page", "https://any.example", 200, "", "", ""},
		"preflight, page":     {page, "OPTIONS", "/page", "https://any.example", 204, "", "", ""},
		"preflight, clock":    {all, "OPTIONS", "/api/v1/clock", "https://any.example", 204, "*", "", "GET, HEAD"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httpservertest.Request(c.method, c.path, "")
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, r)
			got := w.Header()
			if w.Code != c.status || got.Get("Access-Control-Allow-Origin") != c.allowOrigin || strings.Join(got["Vary"], ", ") != c.vary ||
				got.Get("Access-Control-Allow-Methods") != c.allowsGET || got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%d %v", w.Code, got)
			}
		})
	}
}

// TestServer_preflight: a script may send the headers that widgets send, from every
// website, unless the configuration says otherwise. It may not say who it is.
func TestServer_preflight(t *testing.T) {
	t.Parallel()
	var cfg httpserver.Config
	if err := config.Load(&cfg, nil); err != nil {
		t.Fatal(err)
	}
	h := httpservertest.New(t, stub{}, func(c *httpserver.Config, _ *httpserver.Options) { c.CORSOrigins = cfg.CORSOrigins })
	for _, path := range []string{"/api/v1/trackservice", "/api/v1/trackservice/current", "/api/v1/trackservice/stream", "/api/v1/clock", "/api/nowplaying/1", "/oembed"} {
		r := httpservertest.Request(http.MethodOptions, path, "")
		r.Header.Set("Origin", "null") // as of a sandboxed frame
		r.Header.Set("Access-Control-Request-Method", http.MethodGet)
		r.Header.Set("Access-Control-Request-Headers", "cache-control,content-type,x-requested-with")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		allowed := strings.Split(strings.ToLower(w.Header().Get("Access-Control-Allow-Headers")), ", ")
		for _, name := range []string{"cache-control", "content-type", "x-requested-with", "last-event-id", "if-none-match"} {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s: %s may not be sent: %v", path, name, allowed)
			}
		}
		if slices.Contains(allowed, "authorization") || w.Header().Get("Access-Control-Allow-Credentials") != "" || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Code != http.StatusNoContent {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

// TestServer_plain: a client that wants text gets it, from wherever the operation is.
func TestServer_plain(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Wrap = answercache.New(answercache.Config{}).Middleware
	})
	for _, path := range []string{"/api/v1/trackservice/current", "/engine/api/v1/trackservice/current/?a=b"} {
		for accept, isText := range map[string]bool{
			"text/plain": true, "text/plain; charset=utf-8, */*;q=0.1": true, "": false, "*/*": false, "application/json, text/plain, */*": false, "text/html": false,
		} {
			r := httpservertest.Request(http.MethodGet, path, "")
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			kind, vary := w.Header().Get("Content-Type"), w.Header().Get("Vary")
			if strings.HasPrefix(kind, "text/plain") != isText || strings.HasPrefix(w.Body.String(), "Mazzie Star - ") != isText || vary != "Accept" || w.Code != http.StatusOK {
				t.Errorf("%s as %q: %d %s, varies by %q: %s", path, accept, w.Code, kind, vary, w.Body)
			}
		}
	}
	r := httpservertest.Request(http.MethodPost, "/api/v1/trackservice/current", "")
	r.Header.Set("Accept", "text/plain")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	wantProblem(t, w, http.StatusMethodNotAllowed)
}

func TestServer_RateLimit(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change  []func(*http.Request)
		limited bool
	}{
		"another host":           {[]func(*http.Request){remote}, true},
		"the host itself":        {nil, false},
		"a good token":           {[]func(*http.Request){remote, header("Authorization", "Bearer "+nodeSecret)}, false},
		"a bad token":            {[]func(*http.Request){remote, header("Authorization", "Bearer nonsense")}, true},
		"an empty token":         {[]func(*http.Request){remote, header("Authorization", "")}, true},
		"a client certificate":   {[]func(*http.Request){certificate("node7", "node")}, false},
		"through a proxy":        {[]func(*http.Request){header("X-Forwarded-For", "198.51.100.1")}, true},
		"a spoofed address each": {[]func(*http.Request){remote, func(r *http.Request) { r.Header.Set("X-Forwarded-For", r.Header.Get("X-Request-Id")) }}, true},
		"a new IPv6 address each": {[]func(*http.Request){func(r *http.Request) {
			r.RemoteAddr = "[2001:db8::" + r.Header.Get("X-Request-Id") + "]:1"
		}}, true},
		"new addresses": {[]func(*http.Request){func(r *http.Request) { r.RemoteAddr = "203.0.113." + r.Header.Get("X-Request-Id") + ":1" }}, false},
		"new addresses behind a proxy": {[]func(*http.Request){func(r *http.Request) {
			r.RemoteAddr = "10.0.0.1:1"
			r.Header.Set("X-Forwarded-For", "203.0.113."+r.Header.Get("X-Request-Id"))
		}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := httpservertest.New(t, stub{}, withTokens(t), func(c *httpserver.Config, _ *httpserver.Options) { c.RateLimit = 0.001 })
			var last *httptest.ResponseRecorder
			for i := range 2 { // the burst is one request
				r := httpservertest.Request("GET", "/api/v1/trackservice", "")
				r.Header.Set("X-Request-Id", fmt.Sprint(i+1))
				for _, change := range c.change {
					change(r)
				}
				last = httptest.NewRecorder()
				h.ServeHTTP(last, r)
				if i == 0 && last.Code != 200 {
					t.Fatalf("first: %d", last.Code)
				}
			}
			if !c.limited {
				if last.Code != 200 {
					t.Errorf("%d %s", last.Code, last.Body)
				}
				return
			}
			wantProblem(t, last, 429)
			if last.Header().Get("Retry-After") != "1" {
				t.Errorf("Retry-After %q", last.Header().Get("Retry-After"))
			}
		})
	}
}

func TestServer_Probes(t *testing.T) {
	t.Parallel()
	reason := errors.New("schema 3 is newer than 2")
	h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Ready = func(context.Context) (string, error) { return "", reason }
	})
	if w := httpservertest.Do(h, "GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("healthz %d", w.Code)
	}
	if p := wantProblem(t, httpservertest.Do(h, "GET", "/readyz", ""), 503); *p.Detail != reason.Error() {
		t.Errorf("%q does not tell the host why", *p.Detail)
	}
	r := httpservertest.Request("GET", "/readyz", "")
	remote(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if p := wantProblem(t, w, 503); strings.Contains(*p.Detail, "schema") {
		t.Errorf("%q tells strangers why", *p.Detail)
	}
	h = httpservertest.New(t, stub{})
	if w := httpservertest.Do(h, "GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("readyz %d", w.Code)
	}
	h = httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.Ready = func(context.Context) (string, error) { return "3 items wait", nil }
	})
	if w := httpservertest.Do(h, "GET", "/readyz", ""); w.Code != 200 || w.Body.String() != "ready: 3 items wait\n" {
		t.Errorf("readyz %d %q", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 200 || w.Body.String() != "ready\n" {
		t.Errorf("readyz says to strangers: %d %q", w.Code, w.Body)
	}
}

// TestServer_Stream_refused: an EventSource never asks again after any status
// except 200.
func TestServer_Stream_refused(t *testing.T) {
	t.Parallel()
	full := stub{StreamFunc: func(context.Context) (io.Reader, error) { return nil, fmt.Errorf("listen: %w", model.ErrOverloaded) }}
	broken := stub{StreamFunc: func(context.Context) (io.Reader, error) { panic("broken") }}
	const path, browser = "/api/v1/trackservice/stream", "text/event-stream"
	for name, c := range map[string]struct {
		stub         stub
		path, accept string
		requests     int    // of one address; the last one counts
		status       int    // of the answer
		counted      string // by the metric
	}{
		"full":                {full, path, browser, 1, 200, "503"},
		"full, in a list":     {full, path, "text/html, text/event-stream;q=0.9", 1, 200, "503"},
		"full, for others":    {full, path, "*/*", 1, 503, "503"},
		"full, for nobody":    {full, path, "", 1, 503, "503"},
		"broken":              {broken, path, browser, 1, 200, "500"},
		"too many":            {stub{}, path, browser, 2, 200, "429"},
		"too many, slash":     {stub{}, path + "/", browser, 2, 200, "429"},
		"too many, others":    {stub{}, path, "application/json", 2, 429, "429"},
		"too many, no stream": {stub{}, "/api/v1/trackservice", browser, 2, 429, "429"},
		"served":              {stub{}, path, browser, 1, 200, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := prometheus.NewRegistry()
			h := httpservertest.New(t, c.stub, func(cfg *httpserver.Config, o *httpserver.Options) {
				cfg.RateLimit, cfg.CORSOrigins, o.Registry, o.Log = 0.001, []string{"*"}, registry, zerolog.Nop()
			})
			var w *httptest.ResponseRecorder
			for range c.requests {
				r := httpservertest.Request("GET", c.path, "")
				r.RemoteAddr = "192.0.2.7:40000"
				r.Header.Set("Accept", c.accept)
				w = httptest.NewRecorder()
				h.ServeHTTP(w, r)
			}
			if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("answered %d %v %s, want %d", w.Code, w.Header(), w.Body, c.status)
			}
			var wait int
			_, err := fmt.Sscanf(w.Body.String(), "retry: %d\n\n", &wait)
			if refused := c.status == 200 && c.counted != "200"; refused != (err == nil && wait >= 2000 && wait < 6000 && w.Header().Get("Content-Type") == "text/event-stream" && w.Header().Get("Retry-After") == "") {
				t.Errorf("answered %v %q", w.Header(), w.Body)
			}
			metric := fmt.Sprintf(`route=%q,status=%q} 1`, strings.TrimRight(c.path, "/"), c.counted)
			all := httpservertest.Do(h, "GET", "/metrics", "").Body.String()
			if !strings.Contains(all, metric) {
				t.Errorf("no %s in\n%s", metric, all)
			}
		})
	}
}

func TestServer_Metrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) { o.Registry = registry })
	httpservertest.Do(h, "GET", "/api/v1/trackservice/1", "")
	httpservertest.Do(h, "GET", "/api/v1/trackservice/2", "")
	httpservertest.Do(h, "GET", "/api/v1/trackservice/x", "")
	httpservertest.Do(h, "BREW", "/coffee", "")
	want := `# HELP aura_http_requests_total Requests that reached the router, by method, route and status. A browser that the stream refuses counts as refused, although the answer is 200 and says when to ask again.
# TYPE aura_http_requests_total counter
aura_http_requests_total{method="GET",route="/api/v1/trackservice/:id",status="200"} 2
aura_http_requests_total{method="GET",route="/api/v1/trackservice/:id",status="400"} 1
aura_http_requests_total{method="any",route="none",status="404"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "aura_http_requests_total"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	if w := httpservertest.Do(h, "GET", "/metrics", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "aura_http_requests_in_flight 1") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestServer_Documentation(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	w := httpservertest.Do(h, "GET", "/api/v1/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || !json.Valid(w.Body.Bytes()) {
		t.Errorf("openapi.json: %d %v", w.Code, w.Header())
	}
	r := httpservertest.Request("GET", "/api/v1/openapi.json", "")
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != 304 {
		t.Errorf("known contract: %d", again.Code)
	}
	for _, path := range []string{"/api/v1/openapi.json", "/api/v1/ui/", "/api/v1/ui/swagger-ui-bundle.js"} {
		r := httpservertest.Request("GET", path, "")
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Errorf("%s: %d, %v", path, w.Code, err)
			continue
		}
		if _, err := io.Copy(io.Discard, z); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	page := httpservertest.Do(h, "GET", "/api/v1/ui/", "")
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.Contains(page.Body.String(), `"swaggerJsonUrl":"../openapi.json"`) || strings.Contains(policy, "unsafe") ||
		strings.Count(policy, "'sha256-") != strings.Count(page.Body.String(), "<script>")+strings.Count(page.Body.String(), "<style>") {
		t.Errorf("page does not fit its policy %q:\n%s", policy, page.Body)
	}
	if !strings.Contains(page.Body.String(), `name="viewport" content="width=device-width`) {
		t.Error("page is tiny on a phone")
	}
	if strings.Contains(page.Body.String(), "https://unpkg") || strings.Contains(page.Body.String(), "cdn") {
		t.Error("page needs the internet")
	}
}

// Each service describes what it serves, and nothing else.
func TestServer_Documentation_ofService(t *testing.T) {
	t.Parallel()
	s, err := httpserver.New(httpserver.Config{}, httpserver.Options{Log: zerolog.Nop(), Service: "status-monitor"})
	if err != nil {
		t.Fatal(err)
	}
	w := httpservertest.Do(s.Handler(), "GET", "/api/v1/openapi.json", "")
	var contract struct {
		Paths map[string]json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &contract); err != nil || len(contract.Paths) != 1 || contract.Paths["/status"] == nil {
		t.Errorf("%v: %.200s", err, w.Body)
	}
}

// Below a proxy's sub-path, every address of the documentation leads to what is
// there, and so do the contract's servers.
func TestServer_Documentation_belowSubpath(t *testing.T) {
	t.Parallel()
	server := httpservertest.New(t, stub{})
	proxy := httptest.NewServer(http.StripPrefix("/radio/engine", server))
	defer proxy.Close()
	// get returns the address after redirects, and the body.
	get := func(address *url.URL) (*url.URL, string) {
		t.Helper()
		answer, err := http.Get(address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 200 {
			t.Errorf("%s: %d, %v", address, answer.StatusCode, err)
		}
		return answer.Request.URL, string(body)
	}
	root, err := url.Parse(proxy.URL + "/radio/engine/api/v1/")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"ui", "ui/", "/radio/engine//api//v1//ui//", "/radio/engine/", "/radio/engine/api/v1", "/radio/engine/api/v1/", "/radio/engine//"} {
		at, html := get(resolve(t, root, path))
		addresses := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(html, -1)
		if len(addresses) < 4 {
			t.Errorf("%s: addresses %v in\n%s", path, addresses, html)
		}
		for _, a := range addresses {
			get(resolve(t, at, a[1]))
		}
		at, document := get(resolve(t, at, "../openapi.json"))
		type servers struct {
			Servers []struct{ URL string }
		}
		var contract struct {
			servers
			Paths map[string]servers
		}
		if err := json.Unmarshal([]byte(document), &contract); err != nil || len(contract.Servers) != 2 {
			t.Fatalf("%v: %.200s", err, document)
		}
		if first := resolve(t, at, contract.Servers[0].URL); first.Path != "/radio/engine/api/v1" {
			t.Errorf("the contract's first server is %s", first)
		}
		for _, base := range contract.Servers {
			get(resolve(t, at, base.URL).JoinPath("trackservice"))
		}
		own := 0
		for path, item := range contract.Paths {
			for _, base := range item.Servers {
				own++
				there := resolve(t, at, base.URL).JoinPath(path)
				there.RawQuery = "cf_connect=%7B%7D&url=http://localhost/embed/now" // what some of them require
				get(there)
			}
		}
		if own != 14 {
			t.Errorf("%d paths have a server of their own", own)
		}
	}
}

func resolve(t *testing.T, base *url.URL, reference string) *url.URL {
	t.Helper()
	u, err := base.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRelative(t *testing.T) {
	t.Parallel()
	const target = "/api/v1/ui/"
	for sent, want := range map[string]string{
		"/": "api/v1/ui/", "/api": "api/v1/ui/", "/api/": "v1/ui/", "/api/v1": "v1/ui/", "/api/v1/": "ui/", "/api/v1/ui": "ui/", "/api/v1/ui/": "./",
		"/api/v1/ui/x": "./", "/api/v1/uix/y": "../ui/", "/x/y/z": "../../api/v1/ui/", "//api//v1": "../../../api/v1/ui/",
	} {
		var got string
		h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
			o.Wrap = func(http.Handler) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpserver.Relative(r, target) })
			}
		})
		httpservertest.Do(h, "GET", sent, "")
		if got != want {
			t.Errorf("from %s: %s, want %s", sent, got, want)
		}
		base, err := url.Parse("http://proxy.example/radio" + sent)
		if err != nil {
			t.Fatal(err)
		}
		if at := resolve(t, base, got); at.Path != "/radio"+target {
			t.Errorf("from %s it leads to %s", base, at)
		}
	}
}

func TestServer_Head(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(httpservertest.New(t, stub{}))
	defer server.Close()
	answer, err := http.Head(server.URL + "/api/v1/trackservice/current")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

func TestServer_OnMismatch(t *testing.T) {
	t.Parallel()
	var reported []string
	h := httpservertest.New(t, stub{CurrentFunc: func(context.Context) (api.GetCurrentTrackResponseObject, error) {
		return wrongTrack{}, nil
	}}, func(_ *httpserver.Config, o *httpserver.Options) {
		o.OnMismatch = func(operation string, err error) { reported = append(reported, operation+": "+err.Error()) }
	})
	httpservertest.Do(h, "GET", "/api/v1/trackservice/current", "")
	if len(reported) != 1 || !strings.Contains(reported[0], "track_start") {
		t.Errorf("reported %q", reported)
	}
}

type wrongTrack struct{}

func (wrongTrack) VisitGetCurrentTrackResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := io.WriteString(w, `{"id": "one"}`)
	return err
}
