package httpserver_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

func TestServer_Documentation(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	w := httpservertest.Do(h, "GET", "/api/v1/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || !json.Valid(w.Body.Bytes()) {
		t.Errorf("openapi.json: %d %v", w.Code, w.Header())
	}
	r := httpservertest.Request("GET", "/api/v1/openapi.json", "")
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != 304 {
		t.Errorf("known contract: %d", again.Code)
	}
	for _, path := range []string{"/api/v1/openapi.json", "/api/v1/ui/", "/api/v1/ui/swagger-ui-bundle.js"} {
		r := httpservertest.Request("GET", path, "")
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Errorf("%s: %d, %v", path, w.Code, err)
			continue
		}
		if _, err := io.Copy(io.Discard, z); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	page := httpservertest.Do(h, "GET", "/api/v1/ui/", "")
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.Contains(page.Body.String(), `"swaggerJsonUrl":"../openapi.json"`) || strings.Contains(policy, "unsafe") ||
		strings.Count(policy, "'sha256-") != strings.Count(page.Body.String(), "<script>")+strings.Count(page.Body.String(), "<style>") {
		t.Errorf("page does not fit its policy %q:\n%s", policy, page.Body)
	}
	if !strings.Contains(page.Body.String(), `name="viewport" content="width=device-width`) {
		t.Error("page is tiny on a phone")
	}
	if strings.Contains(page.Body.String(), "https://unpkg") || strings.Contains(page.Body.String(), "cdn") {
		t.Error("page needs the internet")
	}
}

// Each service describes what it serves, and nothing else.
func TestServer_Documentation_ofService(t *testing.T) {
	t.Parallel()
	s, err := httpserver.New(httpserver.Config{}, httpserver.Options{Log: zerolog.Nop(), Service: "status-monitor"})
	if err != nil {
		t.Fatal(err)
	}
	w := httpservertest.Do(s.Handler(), "GET", "/api/v1/openapi.json", "")
	var contract struct {
		Paths map[string]json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &contract); err != nil || len(contract.Paths) != 1 || contract.Paths["/status"] == nil {
		t.Errorf("%v: %.200s", err, w.Body)
	}
}

// Below a proxy's sub-path, every address of the documentation leads to what is
// there, and so do the contract's servers.
func TestServer_Documentation_belowSubpath(t *testing.T) {
	t.Parallel()
	server := httpservertest.New(t, stub{})
	proxy := httptest.NewServer(http.StripPrefix("/radio/engine", server))
	defer proxy.Close()
	// get returns the address after redirects, and the body.
	get := func(address *url.URL) (*url.URL, string) {
		t.Helper()
		answer, err := http.Get(address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 200 {
			t.Errorf("%s: %d, %v", address, answer.StatusCode, err)
		}
		return answer.Request.URL, string(body)
	}
	root, err := url.Parse(proxy.URL + "/radio/engine/api/v1/")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"ui", "ui/", "/radio/engine//api//v1//ui//", "/radio/engine/", "/radio/engine/api/v1", "/radio/engine/api/v1/", "/radio/engine//"} {
		at, html := get(resolve(t, root, path))
		addresses := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(html, -1)
		if len(addresses) < 4 {
			t.Errorf("%s: addresses %v in\n%s", path, addresses, html)
		}
		for _, a := range addresses {
			get(resolve(t, at, a[1]))
		}
		at, document := get(resolve(t, at, "../openapi.json"))
		type servers struct {
			Servers []struct{ URL string }
		}
		var contract struct {
			servers
			Paths map[string]servers
		}
		if err := json.Unmarshal([]byte(document), &contract); err != nil || len(contract.Servers) != 2 {
			t.Fatalf("%v: %.200s", err, document)
		}
		if first := resolve(t, at, contract.Servers[0].URL); first.Path != "/radio/engine/api/v1" {
			t.Errorf("the contract's first server is %s", first)
		}
		for _, base := range contract.Servers {
			get(resolve(t, at, base.URL).JoinPath("trackservice"))
		}
		own := 0
		for path, item := range contract.Paths {
			for _, base := range item.Servers {
				own++
				there := resolve(t, at, base.URL).JoinPath(path)
				there.RawQuery = "cf_connect=%7B%7D&url=http://localhost/embed/now" // what some of them require
				get(there)
			}
		}
		if own != 14 {
			t.Errorf("%d paths have a server of their own", own)
		}
	}
}

func resolve(t *testing.T, base *url.URL, reference string) *url.URL {
	t.Helper()
	u, err := base.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRelative(t *testing.T) {
	t.Parallel()
	const target = "/api/v1/ui/"
	for sent, want := range map[string]string{
		"/": "api/v1/ui/", "/api": "api/v1/ui/", "/api/": "v1/ui/", "/api/v1": "v1/ui/", "/api/v1/": "ui/", "/api/v1/ui": "ui/", "/api/v1/ui/": "./",
		"/api/v1/ui/x": "./", "/api/v1/uix/y": "../ui/", "/x/y/z": "../../api/v1/ui/", "//api//v1": "../../../api/v1/ui/",
	} {
		var got string
		h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) {
			o.Wrap = func(http.Handler) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpserver.Relative(r, target) })
			}
		})
		httpservertest.Do(h, "GET", sent, "")
		if got != want {
			t.Errorf("from %s: %s, want %s", sent, got, want)
		}
		base, err := url.Parse("http://proxy.example/radio" + sent)
		if err != nil {
			t.Fatal(err)
		}
		if at := resolve(t, base, got); at.Path != "/radio"+target {
			t.Errorf("from %s it leads to %s", base, at)
		}
	}
}
