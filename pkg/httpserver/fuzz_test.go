package httpserver_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

func quiet(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.Nop() }

// check requires that nothing that comes over the network causes a failure of
// ours, and that every refusal is a problem document.
func check(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= 500 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w.Code >= 400 && (w.Header().Get("Content-Type") != "application/problem+json" || !json.Valid(w.Body.Bytes())) {
		t.Fatalf("%d, no problem document: %s", w.Code, w.Body)
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "page=0&limit=3", "limit=%zz", "from_date=2020-06-27&to_date=", "a;b", "limit=1&limit=2",
		"after=%00", "page[x]=1", "limit=1,2", "skip_synced=true&corrections=raw", "format=csv&part=plays", "pin=false", "%ff=%fe", "limit=1e3"} {
		f.Add(s)
	}
	h := httpservertest.New(f, stub{}, quiet)
	f.Fuzz(func(t *testing.T, query string) {
		for _, e := range endpoints {
			r := httpservertest.Request(e.Method, e.Path, e.Body)
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			check(t, w)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, e := range endpoints {
		f.Add(e.Path)
	}
	for _, s := range []string{"//", "/api/v1/playlog/%2f", "/api/v1/ui/../x", "/api/v1/trackservice/day/2020-06-27//", "/\x00", "*", ""} {
		f.Add(s)
	}
	h := httpservertest.New(f, stub{}, quiet)
	f.Fuzz(func(t *testing.T, path string) {
		r := httpservertest.Request("GET", "/", "")
		r.URL = &url.URL{Path: path}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code/100 == 3 { // only to the documentation
			to, err := (&url.URL{Path: path}).Parse(w.Header().Get("Location"))
			if err != nil || to.Path != "/api/v1/ui/" {
				t.Fatalf("%q leads to %v, %v", path, to, err)
			}
		}
	})
}

func FuzzBody(f *testing.F) {
	for _, e := range endpoints {
		f.Add([]byte(e.Body))
	}
	for _, s := range []string{"", "null", "[]", `{"track_start": 1e400}`, `{"a":{"a":{}}}`, `{"track_num": "` + "\xff" + `"}`, `{"track_start":"x","TRACK_NUM":"y"}`,
		`{"is_healthy": {}}`, `{"changes": {"track_num": []}}`, `{"entry": 5}`, "\ufeff{}", `{"\ud800": "\udfff"}`, `{"pin": 1}`} {
		f.Add([]byte(s))
	}
	h := httpservertest.New(f, stub{}, quiet)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range endpoints {
			if e.Method != "GET" {
				check(t, httpservertest.Do(h, e.Method, e.Path, string(body)))
			}
		}
	})
}
