package handler

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/report"
)

// long is a report of many plays.
func long(a *API) {
	a.Plays = func(m report.Period, _ time.Time) report.Plays {
		return func(ctx context.Context, fn func(report.Play) error) error {
			for i := range 5000 {
				if err := ctx.Err(); err != nil {
					return err
				}
				from := m.From.Add(time.Duration(i) * time.Second)
				if err := fn(report.Play{Entry: model.Entry{LogSource: 1, Title: fmt.Sprint("Title ", i)}, From: from, Until: from}); err != nil {
					return err
				}
			}
			return nil
		}
	}
}

// TestHead: HEAD of every route is answered as GET, whether the answer is short,
// long, held in memory, refused, or without an end.
func TestHead(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*station{"engine-api": newStation(t, long), "sync-node": newSyncNode(t, long)} {
		s.do(http.StatusNoContent, http.MethodPost, "/playlog", `{"track_start": "2020-06-27 19:14:00", "track_title": "Fade Into You", "log_source": 1}`)
		server := httptest.NewServer(s.http)
		t.Cleanup(server.Close)
		paths := []string{"/", "/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/ui/", "/nowhere", "/api/v1/playlog?limit=none", "/api/v1/report?from=2020-06-27"}
		for _, e := range httpservertest.Endpoints() {
			switch {
			case e.Method != http.MethodGet:
			case strings.Contains(e.Path, "report"):
				more := "?"
				if strings.Contains(e.Path, "?") {
					more = "&"
				}
				paths = append(paths, e.Path, e.Path+more+"format=csv", e.Path+more+"format=csv&part=titles", e.Path+more+"format=xlsx")
			default:
				paths = append(paths, e.Path, "/engine"+strings.TrimPrefix(e.Path, "/engine"))
			}
		}
		for _, path := range paths {
			for _, authorization := range []string{"", "Bearer of nothing"} {
				want, got := ask(t, http.MethodGet, server.URL+path, authorization), ask(t, http.MethodHead, server.URL+path, authorization)
				if got != want {
					t.Errorf("%s: %s is answered\n%s\nand HEAD\n%s", name, path, want, got)
				}
			}
		}
	}
}

// tellsTime are the views: their answers tell the time, and are kept for seconds.
var tellsTime = regexp.MustCompile(`/nowplaying|/live-info|/feed\.xml`)

// ask is the head of an answer, without what differs from one to the next.
func ask(t *testing.T, method, url, authorization string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header.Set("Accept-Encoding", "gzip") // said, so that the client leaves the answer as it is
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer w.Body.Close()
	if method == http.MethodHead {
		if body, err := io.ReadAll(w.Body); err != nil || len(body) > 0 {
			t.Errorf("HEAD %s: a body of %d bytes, %v", url, len(body), err)
		}
	}
	lines := []string{w.Status}
	for name, values := range w.Header {
		isOfNow := name == "Content-Length" && strings.Contains(url, "/source/life/") || // it tells how long ago something was
			(name == "Etag" || name == "Cache-Control") && tellsTime.MatchString(url)
		if !isOfNow && !slices.Contains([]string{"Date", "X-Request-Id", "Age", "Last-Modified"}, name) {
			lines = append(lines, fmt.Sprint(name, values))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
