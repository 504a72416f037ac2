package peer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// fake is a peer that answers as the test says.
func fake(t testing.TB, answer http.HandlerFunc) (*peer.Client, string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return client(t, server.URL), server.URL
}

// says always answers the same.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(server.Close)
	for suffix, want := range map[string]string{
		"": "", "/": "", "/api/v1": "", "/api/v1/": "", "//": "", "/aura": "/aura", "/aura/api/v1/": "/aura",
	} {
		paths = nil
		if _, err := client(t, " "+server.URL+suffix).Digests(t.Context(), model.DigestQuery{Source: 1}); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
		if len(paths) != 1 || paths[0] != want+"/api/v1/sync/digests" {
			t.Errorf("%s calls %v", suffix, paths)
		}
	}
	for _, bad := range []string{"", "host", "host:8010", "ftp://host", "http://", "http://:8010", "http://host/?x=1", "http://host/#a", "http://ann:hidden@host", "http://hidden@host", "http://host/?token=hidden", "http://host/#hidden", "http://ann:hidden@ho st"} {
		if _, err := peer.New(bad, peer.Config{}); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestReload: from then on the other token is sent, unless it is none.
func TestReload(t *testing.T) {
	t.Parallel()
	sent := ""
	c, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		says(http.StatusOK, "[]")(w, r)
	})
	for _, step := range []struct {
		token, sent string
		changed     bool
		wrong       bool
	}{
		{"first-secret", "Bearer first-secret", true, false},
		{"first-secret", "Bearer first-secret", false, false},
		{"second secret", "Bearer first-secret", false, true},
		{"", "", true, false},
	} {
		changed, err := peer.Reload(peer.Config{Token: step.token}, c)
		if (len(changed) > 0) != step.changed || (err != nil) != step.wrong || strings.Contains(strings.Join(changed, "")+fmt.Sprint(err), "secret") {
			t.Errorf("%q: %q %v", step.token, changed, err)
		}
		if _, err := c.Digests(t.Context(), model.DigestQuery{Source: 1}); err != nil || sent != step.sent {
			t.Errorf("%q: sent %q, %v", step.token, sent, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	load := func(environ map[string]string) (c peer.Config, err error) {
		err = config.Load(&c, environ)
		return c, err
	}
	if c, err := load(nil); err != nil || c.Token != "" || c.Timeout != 10*time.Second {
		t.Errorf("defaults are %+v, %v", c, err)
	}
	if c, err := load(map[string]string{"AURA_SYNC_TOKEN": "node-secret-0123456789", "AURA_SYNC_TIMEOUT": "0.5"}); err != nil || c.Token != "node-secret-0123456789" || c.Timeout != time.Second/2 {
		t.Errorf("got %+v, %v", c, err)
	}
	_, err := load(map[string]string{"AURA_SYNC_TOKEN": "two words", "AURA_SYNC_TIMEOUT": "1ms"})
	for _, name := range []string{"AURA_SYNC_TOKEN", "AURA_SYNC_TIMEOUT"} {
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "two words") {
			t.Errorf("%v does not name %s, or tells the secret", err, name)
		}
	}
}

// calls has one call of each operation.
var calls = map[string]func(ctx context.Context, c *peer.Client) error{
	"GET State": func(ctx context.Context, c *peer.Client) error { _, _, err := c.State(ctx); return err },
	"GET Digests": func(ctx context.Context, c *peer.Client) error {
		_, err := c.Digests(ctx, model.DigestQuery{Source: 1})
		return err
	},
	"GET Records": func(ctx context.Context, c *peer.Client) error {
		_, _, err := c.Records(ctx, 1, time.Time{}, time.Time{}, "", 1)
		return err
	},
	"GET Healths": func(ctx context.Context, c *peer.Client) error {
		_, _, err := c.Healths(ctx, 1, time.Time{}, time.Time{}, "", 1)
		return err
	},
	"POST Send": func(ctx context.Context, c *peer.Client) error {
		_, err := c.Send(ctx, peer.Batch{Records: []model.Record{played(0, "a")}})
		return err
	},
	"POST Post": func(ctx context.Context, c *peer.Client) error { return c.Post(ctx, "/playlog/store", "a") },
	"GET Get": func(ctx context.Context, c *peer.Client) error {
		var list []string
		return c.Get(ctx, "/playlog", url.Values{"limit": {"1"}}, &list)
	},
	"GET ActiveSource": func(ctx context.Context, c *peer.Client) error { _, err := c.ActiveSource(ctx); return err },
	"PUT Activate": func(ctx context.Context, c *peer.Client) error {
		return c.Activate(ctx, peer.ActivateRequest{Source: 1})
	},
	"GET Ordered": func(ctx context.Context, c *peer.Client) error {
		_, err := c.ActivationsAfter(ctx, model.NoEpoch, 1)
		return err
	},
	"GET Activations": func(ctx context.Context, c *peer.Client) error { _, err := c.Activations(ctx, 0, 1); return err },
	"PUT AcquireLease": func(ctx context.Context, c *peer.Client) error {
		_, err := c.AcquireLease(ctx, "a", time.Minute)
		return err
	},
	"GET Lease":           func(ctx context.Context, c *peer.Client) error { _, err := c.Lease(ctx); return err },
	"DELETE ReleaseLease": func(ctx context.Context, c *peer.Client) error { return c.ReleaseLease(ctx, "a") },
	"GET Maintenances":    func(ctx context.Context, c *peer.Client) error { _, err := c.Maintenances(ctx); return err },
	"PUT SetMaintenance": func(ctx context.Context, c *peer.Client) error {
		return c.SetMaintenance(ctx, model.Maintenance{Source: 1})
	},
	"GET LatestHealth":  func(ctx context.Context, c *peer.Client) error { _, err := c.LatestHealth(ctx, 1); return err },
	"GET MonitorStatus": func(ctx context.Context, c *peer.Client) error { _, err := c.MonitorStatus(ctx); return err },
}

// aboutSource reports whether the errors of an operation are those of the
// model.
func aboutSource(name string) bool {
	return slices.ContainsFunc([]string{"Activ", "Lease", "Maintenance", "Latest", "Monitor"}, func(part string) bool { return strings.Contains(name, part) })
}

// bodiless are the operations whose answers have no body.
var bodiless = []string{"POST Post", "PUT Activate", "DELETE ReleaseLease", "PUT SetMaintenance"}

func TestClient_Errors(t *testing.T) {
	t.Parallel()
	problem := `{"type": "about:blank", "status": 400, "title": "x", "detail": "in \n words", "errors": [{"field": "at", "rule": "must be past", "value": "soon"}]}`
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := func(answer http.HandlerFunc) (*peer.StatusError, error) {
				t.Helper()
				c, at := fake(t, answer)
				err := do(t.Context(), c)
				if err == nil {
					t.Fatal("no error")
				}
				s, _ := errors.AsType[*peer.StatusError](err)
				if _, isInvalid := errors.AsType[*model.InvalidError](err); !isInvalid && !strings.Contains(err.Error(), at) {
					t.Errorf("%v does not name the peer %s", err, at)
				}
				return s, err
			}
			for _, code := range []int{404, 405} {
				if s, err := status(says(code, "")); !errors.Is(err, peer.ErrUnsupported) || s != nil {
					t.Errorf("%d: %v", code, err)
				}
			}
			want := peer.ErrUnsupported
			if name == "GET LatestHealth" {
				want = model.ErrNotFound // a node uses the same words for a missing operation and a missing status
			}
			if s, err := status(says(404, `{"status": 404}`, "Content-Type", "application/problem+json")); !errors.Is(err, want) || s != nil {
				t.Errorf("404 with a problem: %v, want %v", err, want)
			}
			for _, code := range []int{401, 403, 500, 502, 503, 429, 301, 204 + 100} {
				s, err := status(says(code, "<html>", "Content-Type", "text/html", "Location", "/elsewhere", "Retry-After", "7"))
				if code == 301 && strings.HasPrefix(name, "GET") {
					continue // see TestClient_Redirect
				}
				if s == nil || s.Status != code || s.Detail != "" || s.RetryAfter != 7*time.Second || errors.Is(err, peer.ErrUnsupported) {
					t.Errorf("%d: %v, %+v", code, err, s)
				}
				if unavailable := code >= 429; aboutSource(name) && errors.Is(err, model.ErrUnavailable) != unavailable {
					t.Errorf("%d: %v, unavailable should be %t", code, err, unavailable)
				}
			}
			s, err := status(says(400, problem, "Content-Type", "application/problem+json"))
			invalid, isInvalid := errors.AsType[*model.InvalidError](err)
			switch {
			case aboutSource(name):
				if !isInvalid || invalid.Fields[0] != (model.FieldError{Field: "at", Value: "soon", Rule: "must be past"}) {
					t.Errorf("400: %v", err)
				}
			case s == nil || s.Detail != "in words" || isInvalid:
				t.Errorf("400: %v", err)
			}
			if _, err := status(says(400, `{"detail": "no fields"}`, "Content-Type", "application/problem+json")); !strings.Contains(err.Error(), "no fields") {
				t.Errorf("400: %v", err)
			}
			if s, _ := status(says(413, strings.Repeat("ü", 1000), "Content-Type", "text/plain")); s == nil || len(s.Detail) > 600 {
				t.Errorf("413: %v", s)
			}
			if aboutSource(name) {
				for code, want := range map[int]error{412: model.ErrStaleEpoch, 409: model.ErrPinned} {
					if _, err := status(says(code, "")); !errors.Is(err, want) {
						t.Errorf("%d: %v", code, err)
					}
				}
			}
			if slices.Contains(bodiless, name) {
				return
			}
			for _, body := range []string{"", "<html>", "5", `{"records": 1}`, `[1`} {
				if s, err := status(says(200, body)); s != nil || errors.Is(err, peer.ErrUnsupported) {
					t.Errorf("%q: %v", body, err)
				}
			}
		})
	}
}

func TestClient_Unreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String()
	l.Close()
	for name, do := range calls {
		err := do(t.Context(), client(t, gone))
		if err == nil || !strings.Contains(err.Error(), gone) || strings.Count(err.Error(), gone) != 1 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, model.ErrUnavailable) != aboutSource(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A peer that does not answer delays nobody.
func TestClient_Timeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "digests") {
			_, _ = io.WriteString(w, "[") // begins to answer
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	c, err := peer.New(server.URL, peer.Config{Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range calls {
		err := do(t.Context(), c)
		var network net.Error
		if !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("%s: %v, want a timeout", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := do(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that it was canceled", name, err)
		}
	}
}

func TestClient_Redirect(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.Method]++
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(elsewhere.Close)
	c, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusPermanentRedirect)
	})
	if _, err := c.Digests(t.Context(), model.DigestQuery{Source: 1}); err != nil {
		t.Errorf("a read: %v", err)
	}
	for _, name := range append([]string{"POST Send", "PUT AcquireLease"}, bodiless...) {
		err := calls[name](t.Context(), c)
		if status, ok := errors.AsType[*peer.StatusError](err); !ok || status.Status != 308 {
			t.Errorf("%s: %v, want 308", name, err)
		}
	}
	if len(seen) != 1 || seen["GET"] != 1 {
		t.Errorf("what went elsewhere: %v, want the read only", seen)
	}
	loop, _ := fake(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	if _, err := loop.Digests(t.Context(), model.DigestQuery{Source: 1}); err == nil {
		t.Error("a redirect to itself ends without an error")
	}
}

func TestClient_Request(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	c, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"records":[{"content":"00000000000000000000000000000000"}],"healths":[],"clocks":[]}`)
	})
	if err := calls["POST Send"](t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer node-secret-0123456789", "Content-Type": "application/json", "Content-Encoding": "", "Accept-Encoding": "", "X-Idempotency-Key": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if want := `{"records":[{"log_source":1,"track_title":"a","track_start":"2020-06-27T12:00:00+00:00","duration_ms":1500}],"edition":2,"synced":false}`; string(body) != want {
		t.Errorf("sent %s, want %s", body, want)
	}
	from := time.Date(2020, 6, 27, 14, 0, 0, 5000, time.FixedZone("", 7200))
	_, _, _ = c.Records(t.Context(), 7, from, time.Time{}, "1-2", 50)
	if q := got.URL.Query(); q.Encode() != "after=1-2&from=2020-06-27T12%3A00%3A00.000005Z&kind=entries&limit=50&source=7" {
		t.Errorf("query is %s", q.Encode())
	}
	_ = c.Activate(t.Context(), peer.ActivateRequest{Source: 2, Epoch: new(int64(17)), Pin: new(false), At: from, By: "ann", Reason: "test"})
	if want := `{"at":"2020-06-27T12:00:00.000005+00:00","by":"ann","reason":"test","pin":false}`; string(body) != want || got.Header.Get("If-Match") != `"17"` || got.URL.Path != "/api/v1/source/active/2" {
		t.Errorf("%s %s If-Match %s: %s", got.Method, got.URL, got.Header.Get("If-Match"), body)
	}
	_ = c.Activate(t.Context(), peer.ActivateRequest{Source: 2, Lease: &model.Lease{Holder: "a", Epoch: 3}})
	if want := `{"lease":{"epoch":3,"holder":"a"}}`; string(body) != want {
		t.Errorf("sent %s, want %s", body, want)
	}
	_ = c.Activate(t.Context(), peer.ActivateRequest{Source: 2})
	if string(body) != `{}` || got.Header.Values("If-Match") != nil || got.Header.Values(api.PassedOnHeader) != nil {
		t.Errorf("header %v: %s", got.Header, body)
	}
	_ = c.Activate(t.Context(), peer.ActivateRequest{Source: 2, PassedOn: true})
	if got.Header.Get(api.PassedOnHeader) == "" {
		t.Errorf("header %v", got.Header)
	}
}

// A list that never ends is the peer's mistake.
func TestClient_Records_endless(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"next": "1-2"}`, `{"records": [{}], "next": "1-1"}`} {
		c, _ := fake(t, says(200, body))
		if _, _, err := c.Records(t.Context(), 1, time.Time{}, time.Time{}, "1-1", 1); err == nil {
			t.Errorf("%s is taken", body)
		}
	}
}

func TestClient_headerTooLong(t *testing.T) {
	t.Parallel()
	c, _ := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Long", strings.Repeat("a", 1<<20))
		_, _ = w.Write([]byte(`{"active_source": 1}`))
	})
	if _, err := c.ActiveSource(t.Context()); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("error is %v", err)
	}
}

func TestClient_answerTooLong(t *testing.T) {
	t.Parallel()
	c, _ := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 70 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if _, err := c.ActiveSource(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error is %v", err)
	}
}
