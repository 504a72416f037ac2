package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

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
