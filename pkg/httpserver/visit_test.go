package httpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

// TestServer_Visit: who is a visitor, and that a place comes back: after a panic,
// and before the answer is sent.
func TestServer_Visit(t *testing.T) {
	t.Parallel()
	const tracks = "/api/v1/trackservice"
	var visitor, fails bool
	h := httpservertest.New(t, stub{TracksFunc: func(ctx context.Context, _ api.ListTracksParams) error {
		visitor = model.IsForVisitor(ctx)
		if fails {
			panic("bug")
		}
		return nil
	}}, withTokens(t), func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.Nop() })
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   bool
	}{
		"stranger":      {[]func(*http.Request){remote}, true},
		"this host":     {nil, true},
		"unknown token": {[]func(*http.Request){remote, header("Authorization", "Bearer of-nobody-0123456789")}, true},
		"node":          {[]func(*http.Request){remote, header("Authorization", "Bearer "+nodeSecret)}, false},
		"admin":         {[]func(*http.Request){header("Authorization", "Bearer "+adminSecret)}, false},
	} {
		r := httpservertest.Request(http.MethodGet, tracks, "")
		for _, f := range c.change {
			f(r)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || visitor != c.want || w.Body.Len() < 10 {
			t.Errorf("%s: %d %s, a visitor: %t", name, w.Code, w.Body, visitor)
		}
	}
	fails = true
	for range model.VisitorPlaces() + 1 {
		wantProblem(t, httpservertest.Do(h, http.MethodGet, tracks, ""), http.StatusInternalServerError)
	}
	fails = false
	began, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan struct{})
	for range model.VisitorPlaces() {
		go func() {
			h.ServeHTTP(stalled{http.Header{}, began, goOn}, httpservertest.Request(http.MethodGet, tracks, ""))
			ended <- struct{}{}
		}()
		<-began
	}
	if w := httpservertest.Do(h, http.MethodGet, tracks, ""); w.Code != http.StatusOK {
		t.Errorf("while others read slowly: %d %s", w.Code, w.Body)
	}
	close(goOn)
	for range model.VisitorPlaces() {
		<-ended
	}
}

// stalled is a client that reads nothing until goOn.
type stalled struct {
	header      http.Header
	began, goOn chan struct{}
}

func (s stalled) Header() http.Header { return s.header }

func (s stalled) WriteHeader(int) {}

func (s stalled) Write(p []byte) (int, error) {
	s.began <- struct{}{}
	<-s.goOn
	return len(p), nil
}
