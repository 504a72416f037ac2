package httpservertest

import (
	"bufio"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`[:*][a-z_]+`)

// CheckNothingInternal asks for each path that everybody may read, as somebody without
// a token. None may show a secret that the service has stored. values are for the
// placeholders of the paths, and queries for those paths that need one.
func CheckNothingInternal(t *testing.T, url string, paths []string, values, queries map[string]string, secret string) {
	t.Helper()
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

// Secret stands in all that StoreInternal stores and nobody may read without a token.
const Secret = "Geheimnis-7391"

// StoreInternal stores a play with what only reports show, a correction, and a health
// status. url is the service, and token that of an administrator.
func StoreInternal(t *testing.T, url, token, start string) {
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
		"track_composer": "`+Secret+`", "track_label": "`+Secret+`", "track_isrc": "`+Secret+`", "playlist_id": "`+Secret+`"}`)
	store(http.MethodPost, "/api/v1/playlog/1/corrections", `{"kind": "amend", "by": "`+Secret+`", "reason": "`+Secret+`", "changes": {"track_album": "So Tonight"}}`)
	store(http.MethodPut, "/api/v1/source/health/1", `{"is_healthy": true, "details": {"note": "`+Secret+`"}}`)
}
