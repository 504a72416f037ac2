package httpserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

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
