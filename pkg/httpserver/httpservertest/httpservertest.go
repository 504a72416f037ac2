// Package httpservertest serves handlers to tests as a service would, and fails
// the test if an answer does not match the contract.
package httpservertest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
)

// Chapters are JSON under a name of their own.
func init() {
	openapi3filter.RegisterBodyDecoder("application/json+chapters", openapi3filter.JSONBodyDecoder)
}

// New is the whole server except for the network. The caller may change the
// options before the server is made.
func New(t testing.TB, ssi api.StrictServerInterface, change ...func(*httpserver.Config, *httpserver.Options)) http.Handler {
	t.Helper()
	cfg := httpserver.Config{Listen: "127.0.0.1:0"}
	o := httpserver.Options{
		Log: zerolog.New(zerolog.NewTestWriter(t)),
		OnMismatch: func(operation string, err error) {
			t.Errorf("the answer of %s is not as the contract says: %v", operation, err)
		},
	}
	for _, f := range change {
		f(&cfg, &o)
	}
	s, err := httpserver.New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Register(ssi)
	return s.Handler()
}

// Request comes from a program on the same host. If it has a body, the body is
// JSON.
func Request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "localhost:8008"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// Do sends a Request and returns the answer.
func Do(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, Request(method, target, body))
	return w
}
