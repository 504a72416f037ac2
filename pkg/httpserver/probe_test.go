package httpserver_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

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
