package httpservertest

import (
	"bufio"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/titles"
)

var placeholder = regexp.MustCompile(`[:*][a-z_]+`)

// CheckNothingInternal stores what is internal, and asks for each path that everybody
// may read, as somebody without a token. None may show what is internal. url is the
// service, paths are the paths, and token is that of an administrator.
func CheckNothingInternal(t *testing.T, url, token string, paths []string) {
	t.Helper()
	started := time.Now().Add(-time.Minute).UTC()
	date := started.Format(time.DateOnly)
	storeInternal(t, url, token, started.Format(time.RFC3339))
	values := map[string]string{ // of the placeholders of paths
		":id": titles.ID("Mazzy Star", "Halah").String(), ":date": date, ":name": "none.css", ":number": "1", "*file": "index.css",
		":station": "1", ":file": "aura.json", ":timeslot_id": "1",
		":gcc": "ce1", ":pi": "c201", ":frequency": "09710", ":ensemble": "c185", ":service": "c181", ":component": "0",
	}
	queries := map[string]string{ // of those paths that need one
		"/search": "?q=halah", "/api/v1/titles": "?q=halah", "/at": "?time=" + started.Format("2006-01-02T15:04:05Z"),
		"/api/live/nowplaying/sse":      "?cf_connect=%7B%22subs%22%3A%7B%22station%3Aaura%22%3A%7B%7D%7D%7D",
		"/api/v1/trackservice/chapters": "?from=" + date + "T00:00:00Z&to=" + date + "T23:59:59Z",
	}
	if len(paths) < 20 {
		t.Fatalf("only %d paths are public: %q", len(paths), paths)
	}
	answered := 0
	for _, path := range paths {
		filled := placeholder.ReplaceAllStringFunc(path, func(name string) string {
			value, ok := values[name]
			if !ok {
				t.Errorf("%s: the test has no value for %s", path, name)
			}
			return value
		})
		status, body := readAnonymously(t, url+filled+queries[path])
		if status < http.StatusBadRequest {
			answered++
		}
		if status >= http.StatusInternalServerError {
			t.Errorf("%s is answered %d", filled, status)
		}
		if i := strings.Index(body, secret); i >= 0 {
			t.Errorf("%s shows what is internal: …%s", filled, body[max(0, i-100):i+len(secret)])
		}
	}
	if answered < len(paths)*3/4 {
		t.Errorf("only %d of %d paths were answered", answered, len(paths))
	}
}

// readAnonymously reads an answer; of a stream of events the first ones.
func readAnonymously(t *testing.T, address string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		all, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(all)
	}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		body += lines.Text()
		if strings.HasPrefix(lines.Text(), "data:") {
			break
		}
	}
	return answer.StatusCode, body
}

// secret stands in all that storeInternal stores and nobody may read without a token.
const secret = "Geheimnis-7391"

// storeInternal stores a play with what only reports show, a correction, and a health
// status. url is the service, and token that of an administrator.
func storeInternal(t *testing.T, url, token, start string) {
	t.Helper()
	store := func(method, path, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode >= http.StatusBadRequest {
			problem, _ := io.ReadAll(answer.Body)
			t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, problem)
		}
	}
	store(http.MethodPost, "/api/v1/playlog", `{"track_start": "`+start+`", "track_artist": "Mazzy Star", "track_title": "Halah", "track_duration": 3600, "log_source": 1,
		"track_composer": "`+secret+`", "track_label": "`+secret+`", "track_isrc": "`+secret+`", "playlist_id": "`+secret+`"}`)
	store(http.MethodPost, "/api/v1/playlog/1/corrections", `{"kind": "amend", "by": "`+secret+`", "reason": "`+secret+`", "changes": {"track_album": "So Tonight"}}`)
	store(http.MethodPut, "/api/v1/source/health/1", `{"is_healthy": true, "details": {"note": "`+secret+`"}}`)
}
