package httpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

// keeping makes a server that keeps what it refuses in a list.
func keeping(kept *[]model.Refusal) func(*httpserver.Config, *httpserver.Options) {
	return func(_ *httpserver.Config, o *httpserver.Options) {
		o.Refused = func(_ context.Context, r model.Refusal) { *kept = append(*kept, r) }
	}
}

// TestRefusals: what an engine sent and nobody understood is handed over as it
// came.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const play = `{"track_title": "Halah"}`
	broken := gzipped(t, play)[:30]
	unknown := stub{StoreFunc: func(context.Context, api.Play) error { return model.Invalid("body", "", "must say what was played") }}
	long := `{"x": "` + strings.Repeat("y", 2<<20)
	for name, c := range map[string]struct {
		path, contentType, encoding, body string
		kept                              string // "" if nothing is
		cut                               bool
	}{
		"says nothing":      {"/api/v1/playlog", "application/json", "", `{"a": 1}`, `{"a": 1}`, false},
		"below engine":      {"/engine/api/v1/playlog", "application/json", "", `{"a": 1}`, `{"a": 1}`, false},
		"cut off":           {"/api/v1/playlog", "application/json; charset=latin1", "", "{\"track_title\": \"Bj\xf6", "{\"track_title\": \"Bj\xf6", false},
		"too deep":          {"/api/v1/clock", "", "", strings.Repeat("[", 101) + strings.Repeat("]", 101), strings.Repeat("[", 101) + strings.Repeat("]", 101), false},
		"no object":         {"/api/v1/clock", "", "", ` "studio" `, ` "studio" `, false},
		"XML":               {"/api/v1/source/health/1", "text/xml", "", `<healthy/>`, `<healthy/>`, false},
		"no number":         {"/api/v1/source/health/one", "application/json", "", `{"is_healthy": true}`, `{"is_healthy": true}`, false},
		"gzip":              {"/api/v1/playlog", "application/json", "gzip", gzipped(t, `{"a": 1}`), gzipped(t, `{"a": 1}`), false},
		"gzip, cut off":     {"/api/v1/playlog", "application/json", "gzip", broken, broken, false},
		"no gzip":           {"/api/v1/playlog", "application/json", "gzip", play, play, false},
		"brotli":            {"/api/v1/playlog", "application/json", "br", "\x0b\x02", "\x0b\x02", false},
		"long":              {"/api/v1/playlog", "application/json", "", long, long[:1<<20], true},
		"too long":          {"/api/v1/playlog", "application/json", "", long + strings.Repeat("y", 7<<20), "", false},
		"nothing":           {"/api/v1/playlog", "application/json", "", " \n", "", false},
		"no engine's":       {"/api/v1/playlog/corrections", "application/json", "", `{"a": 1}`, "", false},
		"not there":         {"/api/v1/playlog/lost", "application/json", "", `{"a": 1}`, "", false},
		"understood, clock": {"/api/v1/clock", "application/json", "", `{"engine_source": 1}`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var kept []model.Refusal
			h := httpservertest.New(t, unknown, keeping(&kept))
			r := httpservertest.Request("POST", c.path, c.body)
			r.Header.Set("Content-Type", c.contentType)
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			before := time.Now().Truncate(time.Microsecond)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if c.kept == "" {
				if len(kept) > 0 {
					t.Errorf("%d: kept %+v", w.Code, kept)
				}
				return
			}
			if len(kept) != 1 {
				t.Fatalf("%d: kept %d: %s", w.Code, len(kept), w.Body)
			}
			p := wantProblem(t, w, kept[0].Status)
			got := kept[0]
			if string(got.Body) != c.kept || got.Cut != c.cut || got.ContentType != c.contentType || got.ContentEncoding != c.encoding {
				t.Errorf("kept %d bytes %.60q, %+v", len(got.Body), got.Body, got)
			}
			if got.Address != "127.0.0.1" || got.Caller != "local" || got.Method != "POST" || got.Path != c.path || got.Reason != *p.Detail ||
				got.Arrival.Before(before) || got.Arrival.After(time.Now()) || !strings.Contains(c.path, got.Kind) {
				t.Errorf("kept %+v, answered %s", got, w.Body)
			}
		})
	}
}

// TestRefusals_access: nobody without access fills what is kept.
func TestRefusals_access(t *testing.T) {
	t.Parallel()
	var kept []model.Refusal
	h := httpservertest.New(t, stub{}, quiet, withTokens(t), keeping(&kept))
	for page, says := range foreignPages {
		for _, contentType := range []string{"text/plain", "application/json"} {
			r := httpservertest.Request("POST", "/api/v1/playlog", "no JSON")
			r.Header.Set("Content-Type", contentType)
			for _, say := range says {
				say(r)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 401 || len(kept) > 0 {
				t.Errorf("%s: %d, kept %+v", page, w.Code, kept)
			}
		}
	}
	r := httpservertest.Request("POST", "/api/v1/playlog", "no JSON")
	r.RemoteAddr = "192.0.2.7:1234"
	basic("engine1", engineSecret)(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 400 || len(kept) != 1 || kept[0].Address != "192.0.2.7" || kept[0].Caller != "engine1" {
		t.Errorf("%d, kept %+v", w.Code, kept)
	}
}

// TestRefusals_again: what an admin sends again has its first arrival, and is not
// kept a second time.
func TestRefusals_again(t *testing.T) {
	t.Parallel()
	var kept []model.Refusal
	var got time.Time
	h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
		got, _ = httpserver.Arrival(ctx)
		return nil
	}}, quiet, withTokens(t), keeping(&kept))
	send := func(body, arrival string, change ...func(*http.Request)) *httptest.ResponseRecorder {
		got = time.Time{}
		r := httpservertest.Request("POST", "/api/v1/playlog", body)
		r.Header.Set("X-Arrival", arrival)
		for _, f := range change {
			f(r)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	const arrival = "2020-06-27T17:14:00.123456Z"
	if w := send(`{"track_title": "Halah"}`, arrival); w.Code != 204 || got.Format(time.RFC3339Nano) != arrival {
		t.Errorf("%d, arrived %v", w.Code, got)
	}
	wantProblem(t, send("no JSON", arrival), 400)
	for _, wrong := range []string{"soon", "0001-01-01T00:00:00Z"} {
		wantProblem(t, send(`{"track_title": "Halah"}`, wrong), 400)
	}
	from := func(r *http.Request) { r.RemoteAddr = "192.0.2.7:1234" }
	wantProblem(t, send(`{"track_title": "Halah"}`, arrival, from, basic("engine1", engineSecret)), 403)
	if len(kept) > 0 || !got.IsZero() {
		t.Errorf("kept %+v, arrived %v", kept, got)
	}
}
