package httpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

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

func (brokenReader) Read([]byte) (int, error) { return 0, model.ErrUnavailable }

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
