package web_test

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/links"
	"aura.radio/engine/pkg/web"
)

// TestSite_frames: other websites may show frames, and only these. They are readable
// without scripts, and so is what went wrong.
func TestSite_frames(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:50:00+01:00", "Mazzy Star", "<b>Halah</b>")
	handler := pages(t, s, web.Config{})
	for address, c := range map[string]struct {
		status int
		want   []string
	}{
		"/embed/now":                           {200, []string{"<aura-now-playing", "&lt;b&gt;Halah&lt;/b&gt;", "Mazzy Star", `href="../"`, `theme.css?color=c2410c&amp;theme=auto`}},
		"/embed/now?lang=de&delay=4.5":         {200, []string{`<html lang="de">`, "Jetzt auf Sendung", ` delay="4.5"`, `href="../?lang=de"`}},
		"/embed/last?limit=5&theme=dark":       {200, []string{`limit="5"`, "11:50", "&lt;b&gt;Halah&lt;/b&gt;", "theme=dark"}},
		"/embed/last?color=%230088aa":          {200, []string{"color=0088aa"}},
		"/embed/last?limit=0&theme=x&delay=-1": {400, []string{"limit", "theme", "delay", "That did not work"}},
		"/embed/now?delay=NaN":                 {400, []string{"delay"}},
		"/embed/now?color=red%7D":              {400, []string{"color"}},
	} {
		answer := get(t, handler, address, c.status)
		for _, want := range c.want {
			if !strings.Contains(answer.Body.String(), want) {
				t.Errorf("%s lacks %s\n%s", address, want, answer.Body)
			}
		}
		policy := answer.Header().Get("Content-Security-Policy")
		if !strings.HasSuffix(policy, "frame-ancestors *") || strings.Contains(policy, "unsafe") || answer.Header()["X-Frame-Options"] != nil {
			t.Errorf("%s: %v", address, answer.Header())
		}
		if n := answer.Body.Len(); n > 3<<10 {
			t.Errorf("%s has %d bytes", address, n)
		}
	}
	for _, address := range []string{"/", "/embed", "/clock"} {
		h := get(t, handler, address, http.StatusOK).Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s may be framed: %v", address, h)
		}
	}
}

// TestSite_covers: frames and code have covers if the station has, and otherwise know
// nothing of them. A frame may load them from where they are, and only then.
func TestSite_covers(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.track(t, 1, "2026-11-27T11:59:00+01:00", "Mazzy Star", "Halah")
	s.tracks[0].Cover = "https://covers.example/halah.jpg?a=b&c=d"
	with := pagesWith(t, s, web.Config{}, func(o *web.Options) {
		o.Links = links.New(links.Config{Cover: "https://covers.example/{title}.jpg"}, s.zone)
	})
	for address, c := range map[string]struct{ has, lacks string }{
		"/embed/now":                   {`<img src="https://covers.example/halah.jpg?a=b&amp;c=d" alt=""`, `covers="none"`},
		"/embed/last":                  {`<span class="art"><img src=`, `covers="none"`},
		"/embed/now?covers=none":       {`covers="none"`, "<img"},
		"/embed/last?covers=none":      {`covers="none"`, "<img"},
		"/embed":                       {`<select id="covers" name="covers"><option value="all" selected>Shown<`, "covers=none"},
		"/embed?covers=none":           {` covers=&#34;none&#34;&gt;`, ` covers="all"`},
		"/embed?way=frame&covers=none": {"embed/now?color=c2410c&amp;covers=none&amp;theme=auto", ` covers="all"`},
	} {
		answer := get(t, with, address, http.StatusOK)
		if body := answer.Body.String(); !strings.Contains(body, c.has) || strings.Contains(body, c.lacks) {
			t.Errorf("%s should have %s and lack %s\n%s", address, c.has, c.lacks, body)
		}
		if policy := answer.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' https://covers.example") {
			t.Errorf("%s: %s", address, policy)
		}
	}
	if body := get(t, with, "/embed", http.StatusOK).Body.String(); !strings.Contains(body, "; img-src https://covers.example<") {
		t.Errorf("the policy for a website lacks the covers\n%s", body)
	}
	get(t, with, "/embed/now?covers=some", http.StatusBadRequest)
	without := pages(t, newStation(t), web.Config{})
	if body := get(t, without, "/embed?covers=all", http.StatusOK).Body.String(); strings.Contains(body, "covers=&") || strings.Contains(body, `name="covers"`) {
		t.Errorf("the station has no covers\n%s", body)
	}
	if answer := get(t, without, "/embed/now", http.StatusOK); strings.Contains(answer.Header().Get("Content-Security-Policy"), "img-src") || !strings.Contains(answer.Body.String(), `covers="none"`) {
		t.Errorf("the station has no covers: %v\n%s", answer.Header(), answer.Body)
	}
}

// TestSite_theme: the colours of a frame can be read on its ground.
func TestSite_theme(t *testing.T) {
	t.Parallel()
	handler := pages(t, newStation(t), web.Config{})
	for address, want := range map[string]string{
		"/embed/theme.css":                         ":root{color-scheme:light dark;--accent-text:light-dark(#",
		"/embed/theme.css?theme=dark&color=ffffff": ":root{color-scheme:dark;--accent-text:light-dark(#",
		"/embed/theme.css?color=%23000000":         ":root{color-scheme:light dark;--accent-text:light-dark(#000000,#",
	} {
		w := get(t, handler, address, http.StatusOK)
		if !strings.HasPrefix(w.Body.String(), want) || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%s: %s", address, w.Body)
		}
	}
	get(t, handler, "/embed/theme.css?theme=x", http.StatusBadRequest)
}

// TestSite_embedScript: the elements are at an address that stays the same, for every
// website, small, and whole: they need no other file.
func TestSite_embedScript(t *testing.T) {
	t.Parallel()
	handler := pages(t, newStation(t), web.Config{})
	ask := func(headers ...string) *httptest.ResponseRecorder {
		r := httpservertest.Request(http.MethodGet, "/embed/aura.js", "")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	plain, packed := ask("Origin", "https://any.example"), ask("Accept-Encoding", "gzip")
	h := plain.Header()
	if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Cache-Control") != "public, max-age=300" ||
		!strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
		t.Errorf("the headers are %v", h)
	}
	if script := plain.Body.String(); strings.Contains(script, "\nimport ") || !strings.Contains(script, "class Follower") {
		t.Error("the elements need another file")
	}
	const most = 10 << 10
	if n := packed.Body.Len(); packed.Header().Get("Content-Encoding") != "gzip" || n > most {
		t.Errorf("%d bytes, at most %d", n, most)
	} else {
		t.Logf("%d bytes", n)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(z); err != nil || !bytes.Equal(content, plain.Body.Bytes()) {
		t.Errorf("it is packed wrongly: %v", err)
	}
	if w := ask("If-None-Match", "W/"+h.Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != h.Get("ETag") || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("known already: %d %v", w.Code, w.Header())
	}
	if w := ask("If-None-Match", `"aura-000000000000.js"`); w.Code != http.StatusOK {
		t.Errorf("an older one is known: %d", w.Code)
	}
}

var (
	codeShown = regexp.MustCompile(`(?s)<code data-code[^>]*>(.*?)</code>`)
	discovery = regexp.MustCompile(`<link rel="alternate" type="application/json\+oembed" title="[^"]*" href="([^"]*)">`)
)

// TestSite_embed: the code is what was picked.
func TestSite_embed(t *testing.T) {
	t.Parallel()
	handler := pages(t, newStation(t), web.Config{URL: "https://radio.example/engine"})
	for query, want := range map[string]string{
		"": `<script type="module" src="https://radio.example/engine/embed/aura.js"></script>
<aura-now-playing lang="en" color="#c2410c"></aura-now-playing>`,
		"?kind=last&limit=5&delay=20&lang=de&color=%230088aa": `<script type="module" src="https://radio.example/engine/embed/aura.js"></script>
<aura-trackservice lang="de" color="#0088aa" delay="20" limit="5"></aura-trackservice>`,
		"?kind=last&way=frame&theme=dark": `<iframe src="https://radio.example/engine/embed/last?color=c2410c&amp;lang=en&amp;limit=10&amp;theme=dark" title="Radio &lt;Beispiel&gt;" width="480" height="420" loading="lazy" frameborder="0"></iframe>`,
	} {
		body := get(t, handler, "/embed"+query, http.StatusOK).Body.String()
		if found := codeShown.FindStringSubmatch(body); found == nil || html.UnescapeString(found[1]) != want {
			t.Errorf("%s: %q, want %s", query, found, want)
		}
		if !strings.Contains(body, "https://radio.example/engine/embed/") {
			t.Errorf("%s lacks the address for WordPress\n%s", query, body)
		}
	}
	get(t, handler, "/embed?kind=x&way=y", http.StatusBadRequest)
	unknown := get(t, pages(t, newStation(t), web.Config{}), "/embed", http.StatusOK).Body.String()
	if !strings.Contains(unknown, `data-unknown="https://radio.example/"`) || strings.Contains(unknown, "WordPress") {
		t.Errorf("where the pages are is not known:\n%s", unknown)
	}
}

// TestSite_discovery: a page that can be embedded says so, if it knows its address.
// The request's Host does not count: the page is kept for others.
func TestSite_discovery(t *testing.T) {
	t.Parallel()
	known, unknown := pages(t, newStation(t), web.Config{URL: "https://radio.example/engine/"}), pages(t, newStation(t), web.Config{})
	for address, want := range map[string]string{
		"/":                   "https://radio.example/engine/",
		"/?lang=de":           "https://radio.example/engine/?lang=de",
		"/embed/now":          "https://radio.example/engine/embed/now",
		"/embed/last?limit=5": "https://radio.example/engine/embed/last?limit=5",
	} {
		found := discovery.FindStringSubmatch(get(t, known, address, http.StatusOK).Body.String())
		if wanted := "https://radio.example/engine/oembed?" + (url.Values{"format": {"json"}, "url": {want}}).Encode(); found == nil || html.UnescapeString(found[1]) != wanted {
			t.Errorf("%s leads to %q, want %s", address, found, wanted)
		}
		if body := get(t, unknown, address, http.StatusOK).Body.String(); strings.Contains(body, "oembed") {
			t.Errorf("%s leads somewhere:\n%s", address, body)
		}
	}
}
