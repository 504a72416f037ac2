package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// engineToken is a token's name and secret, as a page could have found them out.
const engineToken = "engine1:0123456789abcdef"

// attempts is a script that sends plays to a service in every way in which a page
// may send something to another origin without being asked. Each play's title is
// the way's name.
func attempts(t *testing.T, service string) string {
	t.Helper()
	return fmt.Sprintf(`
		window.body = title => JSON.stringify({...%s, track_title: title});
		window.url = %q;
		window.frame = document.body.appendChild(document.createElement("iframe"));
		frame.name = "answer";
		window.form = (title, action, target) => {
			const form = document.body.appendChild(document.createElement("form"));
			Object.assign(form, {method: "post", enctype: "text/plain", action, target});
			const field = form.appendChild(document.createElement("input"));
			[field.name, field.value] = [body(title).slice(0, -1) + ',"rest":"', '"}']; // the form writes name=value
			form.submit();
		};
				form("form", url, "answer");
		fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body: body("fetch")});
		navigator.sendBeacon(url, new Blob([body("beacon")], {type: "text/plain"}));
		"tried"`, play(t, "", time.Now()), service+"/api/v1/playlog")
}

// TestForeignPage: the page of another site can't write into the service of the
// computer on which it is looked at, although programs there need no token, and
// whatever it knows. The service's own page can, in the same ways, except by a
// form, which its policy forbids.
func TestForeignPage(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"),
		"AURA_API_TOKENS="+strings.Replace(engineToken, ":", ":engine:", 1), "AURA_ENGINE_NETWORKS=127.0.0.0/8", "AURA_RATE_LIMIT=0")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>another site</title><body>") // fails only if the browser has gone
	}))
	t.Cleanup(page.Close)
	ctx := startBrowser(t, chromedp.Flag("host-resolver-rules", "MAP evil.example "+strings.TrimPrefix(page.URL, "http://")))
	open := func(url string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body"))); err != nil {
			t.Fatal(err)
		}
	}
	answered := func(status string, want int) {
		t.Helper()
		patience.Await(t, func() error {
			line := fmt.Sprintf(`aura_http_requests_total{method="POST",route="/api/v1/playlog",status=%q} %d`, status, want)
			if metrics := mustCall(t, http.MethodGet, s.url+"/metrics", "", http.StatusOK); !strings.Contains(metrics, line+"\n") {
				var got []string
				for l := range strings.Lines(metrics) {
					if strings.HasPrefix(l, `aura_http_requests_total{method="POST"`) {
						got = append(got, l)
					}
				}
				return fmt.Errorf("the service counts %q, want %s", got, line)
			}
			return nil
		})
	}

	refused := 0
	for _, site := range []string{
		"http://evil.example", // cross-site
		page.URL,              // same-site: only the port is another
		strings.Replace(page.URL, "127.0.0.1", "localhost", 1), // an allowed name
	} {
		open(site)
		evaluate[string](t, ctx, attempts(t, s.url))
		refused += 3
		answered("401", refused)
		// A sandboxed frame has the origin null.
		evaluate[string](t, ctx, fmt.Sprintf(`
			const sandbox = document.createElement("iframe");
			sandbox.sandbox = "allow-scripts";
			sandbox.srcdoc = %q.replace("BODY", JSON.stringify(body("sandbox")));
			document.body.append(sandbox);
			"tried"`, "<script>fetch("+fmt.Sprintf("%q", s.url+"/api/v1/playlog")+", {method: 'POST', mode: 'no-cors', body: BODY})</script>"))
		refused++
		answered("401", refused)
		// Name and secret in the address. The browser sends the form without them,
		// because nobody asks for them.
		evaluate[string](t, ctx, fmt.Sprintf(`form("basic", url.replace("//", "//" + %q + "@"), "_top"); "tried"`, engineToken))
		refused++
		answered("401", refused)
	}
	if list := mustCall(t, http.MethodGet, s.url+"/api/v1/playlog", "", http.StatusOK); strings.TrimSpace(list) != "[]" {
		t.Errorf("a foreign page stored %s", list)
	}

	open(s.url + "/api/v1/ui/")
	evaluate[string](t, ctx, attempts(t, s.url))
	answered("204", 2)
	list := mustCall(t, http.MethodGet, s.url+"/api/v1/playlog", "", http.StatusOK)
	for _, way := range []string{"fetch", "beacon"} {
		if !strings.Contains(list, fmt.Sprintf(`"track_title":%q`, way)) {
			t.Errorf("the service's own page could not store by %s: %s", way, list)
		}
	}
}
