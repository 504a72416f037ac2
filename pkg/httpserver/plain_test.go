package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

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
