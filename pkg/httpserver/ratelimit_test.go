package httpserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

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
