package httpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

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
