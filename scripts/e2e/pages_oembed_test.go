package e2e

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var (
	linkTag    = regexp.MustCompile(`(?i)<link([^<>]+)/?>`)
	attribute  = regexp.MustCompile(`([\w-]+)="([^"]*)"`)
	iframeHTML = regexp.MustCompile(`(?s)(<iframe.*?></iframe>)`)
)

// wordPress finds out how to embed an address, as WordPress does (WP_oEmbed::discover,
// ::fetch and wp_filter_oembed_result).
func wordPress(t *testing.T, address string) string {
	t.Helper()
	head, _, _ := strings.Cut(mustCall(t, http.MethodGet, address, "", http.StatusOK), "</head>")
	provider := ""
	for _, link := range linkTag.FindAllStringSubmatch(head, -1) {
		attributes := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(link[1], -1) {
			attributes[a[1]] = html.UnescapeString(a[2])
		}
		if attributes["type"] == "application/json+oembed" {
			provider = attributes["href"]
		}
	}
	at, err := url.Parse(provider)
	if err != nil || !at.IsAbs() {
		t.Fatalf("%s has the provider %q", address, provider)
	}
	query := at.Query()
	for name, value := range map[string]string{"maxwidth": "400", "maxheight": "600", "url": address, "dnt": "1", "format": "json"} {
		query.Set(name, value)
	}
	at.RawQuery = query.Encode()
	var answer struct{ Version, Type, HTML string }
	if err := json.Unmarshal([]byte(mustCall(t, http.MethodGet, at.String(), "", http.StatusOK)), &answer); err != nil {
		t.Fatal(err)
	}
	frame := iframeHTML.FindString(answer.HTML)
	if answer.Version != "1.0" || answer.Type != "rich" || frame == "" {
		t.Fatalf("%s is answered %+v", at, answer)
	}
	query.Set("format", "xml")
	at.RawQuery = query.Encode()
	mustCall(t, http.MethodGet, at.String(), "", http.StatusNotImplemented)
	query.Set("format", "json")
	query.Set("url", "https://elsewhere.example/")
	at.RawQuery = query.Encode()
	mustCall(t, http.MethodGet, at.String(), "", http.StatusNotFound)
	return strings.Replace(frame, "<iframe", `<iframe sandbox="allow-scripts" security="restricted"`, 1)
}

// TestEmbed_oEmbed: who puts the address of the pages into WordPress sees a frame that
// follows what plays, also in WordPress' sandbox, and below a path of a website.
func TestEmbed_oEmbed(t *testing.T) {
	t.Parallel()
	var target atomic.Pointer[string]
	proxy := before(t, &target, nil)
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_PAGE_URL="+proxy+"/radio/")
	target.Store(&s.url)
	start := time.Now().Add(-10 * time.Minute)
	for page, in := range map[string]string{"/radio/": "/radio/embed/now", "/radio/embed/last?limit=3&theme=dark&lang=de": "/radio/embed/last"} {
		frame := wordPress(t, proxy+page)
		ctx, _ := visit(t, website(t, proxy, frame))
		inFrame := framed(t, ctx, proxy+in)
		for _, title := range []string{"Fade Into You", "Halah"} {
			title += in
			start = start.Add(time.Minute) // so that none takes the place of another one
			mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, start), http.StatusNoContent)
			awaits(t, inFrame, `document.querySelector(".title:not([hidden])")?.textContent`, title)
		}
	}
}
