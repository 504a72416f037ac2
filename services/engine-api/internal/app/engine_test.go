package app_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"aura.radio/engine/pkg/repo/repotest"
)

// post sends a play as an engine does that shares nothing with our client. The
// URL may have a name and a secret.
func post(t *testing.T, url, host, body string, header ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/playlog", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

// TestApp_BodiesOfEngines: what is no clean JSON is stored as it was meant.
func TestApp_BodiesOfEngines(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.Kinds()[0]))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	const bjork = `{"track_start": "2020-06-27 19:14:00", "track_artist": "Björk", "track_title": "TITLE",}`
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(strings.Replace(bjork, "TITLE", "gzip", 1))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const comma, charset = `{"field":"body","sent":",","why":"has a comma too many, which is left out"}`, `{"field":"track_title","sent":"camelCase \\xE9","why":"is not UTF-8, and was read as Windows-1252"}`
	for i, c := range []struct {
		title, body string
		header      []string
	}{
		{"camelCase é", strings.NewReplacer("track_title", "trackTitle", "TITLE", "camelCase \xe9").Replace(bjork), nil},
		{"gzip", zipped.String(), []string{"Content-Encoding", "gzip"}},
		{"Latin-1 é", strings.NewReplacer("ö", "\xf6", "TITLE", "Latin-1 \xe9").Replace(bjork), nil},
		{"curl", strings.Replace(bjork, "TITLE", "curl", 1), []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"© 2020", strings.Replace(bjork, "TITLE", `\194\169 2020`, 1), []string{"Content-Type", "text/plain"}},
	} {
		c.body = strings.Replace(c.body, "19:14", "19:1"+string(rune('5'+i)), 1)
		if status := post(t, s.URL, "", c.body, c.header...); status != http.StatusNoContent {
			t.Errorf("%s is answered %d", c.title, status)
		}
		_, list := s.Call(http.MethodGet, "/api/v1/playlog", "")
		if !strings.Contains(list, `"track_title":"`+c.title+`"`) || !strings.Contains(list, `"track_artist":"Björk"`) {
			t.Errorf("%s: %s", c.title, list)
		}
		if !strings.Contains(list, comma) || !strings.Contains(list, charset) {
			t.Errorf("%s: the doubts are missing: %s", c.title, list)
		}
	}
}

// TestApp_EnginesWithoutHeader: an engine that can send no header is known by the
// name and the secret in its URL, or by its network.
func TestApp_EnginesWithoutHeader(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	config := map[string]string{"AURA_LOCAL_NEEDS_TOKEN": "true", "AURA_API_TOKENS": "studio:engine:" + secret + ",ann:admin:1" + secret}
	s := startWith(t, repotest.MigratedURL(t, repotest.Kinds()[0]), config)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	as := func(user string) string { return strings.Replace(s.URL, "//", "//"+user, 1) }
	for user, want := range map[string]int{
		"studio:" + secret + "@": 204, "studio:" + secret + "0@": 401, "studio@": 401, "ann:1" + secret + "@": 401, "": 401,
	} {
		if got := post(t, as(user), "", mazzie); got != want {
			t.Errorf("%s is answered %d, want %d", user, got, want)
		}
	}

	config["AURA_ENGINE_NETWORKS"], config["AURA_ENGINE_HOSTNAMES"] = "127.0.0.0/8", "engine-api"
	n := startWith(t, repotest.MigratedURL(t, repotest.Kinds()[0]), config)
	n.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	for host, want := range map[string]int{"": 204, "engine-api:8008": 204, "evil.example": 401} {
		if got := post(t, n.URL, host, mazzie); got != want {
			t.Errorf("called %q it answers %d, want %d", host, got, want)
		}
	}
}
