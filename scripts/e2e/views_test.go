package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// widgets is a page's script that reads the views as those of others do: AzuraCast's
// page by an EventSource, a widget that polls, LibreTime's player by JSONP, which puts
// the name into the page as it is, and a feed reader.
func widgets(service string) string {
	return fmt.Sprintf(`
		window.titles = []; window.seen = {}; window.service = %q;
		window.stream = new EventSource(service + "/api/live/nowplaying/sse?" + new URLSearchParams({
			cf_connect: JSON.stringify({subs: {"station:aura": {recover: true}}}),
		}));
		stream.onmessage = event => {
			const message = JSON.parse(event.data);
			const show = row => titles.push(row.data.np.now_playing.song.title);
			if ("connect" in message) Object.values(message.connect.subs).forEach(sub => sub.publications.forEach(show));
			else if ("pub" in message) show(message.pub);
		};
		window.poll = async () => {
			seen = {};
			seen.azuracast = (await (await fetch(service + "/api/nowplaying/aura")).json()).now_playing.song.title;
			seen.flat = (await (await fetch(service + "/nowplaying.json", {headers: {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}})).json()).media_title;
			seen.text = (await (await fetch(service + "/nowplaying.txt")).text()).trim();
			const feed = new DOMParser().parseFromString(await (await fetch(service + "/feed.xml")).text(), "application/xml");
			seen.feed = feed.querySelector("parsererror")?.textContent ?? feed.querySelector("entry > title").textContent;
			await new Promise((done, failed) => {
				window.jQuery191_1 = data => {
					document.body.innerHTML = data.current.name;
					seen.libretime = document.body.textContent;
					done();
				};
				const script = document.createElement("script");
				script.src = service + "/api/live-info?callback=jQuery191_1&type=interval&limit=5&_=" + Date.now();
				script.onerror = failed;
				document.head.append(script);
			});
			return Object.values(seen);
		};
		"ready"`, service)
}

// TestViews_foreignWebsite: the page of another website shows what plays, by the
// scripts that it already has. A title can't bring a script of its own into it.
func TestViews_foreignWebsite(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>another site</title><body>") // fails only if the browser has gone
	}))
	t.Cleanup(page.Close)
	ctx := startBrowser(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(page.URL), chromedp.WaitReady(chromedp.CSS("body"))); err != nil {
		t.Fatal(err)
	}
	evaluate[string](t, ctx, widgets(s.url))
	want := []string{"Station Offline"}
	streamed := func() {
		t.Helper()
		patience.Await(t, func() error {
			if got := evaluate[[]string](t, ctx, "titles"); !slices.Equal(got, want) {
				return fmt.Errorf("the stream showed %q, want %q", got, want)
			}
			return nil
		})
	}
	streamed()
	for i, title := range []string{"Fade Into You", `<img src="x" onerror="window.broken = true">`} {
		start := time.Now().Add(time.Duration(i-1) * time.Minute)
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, start), http.StatusNoContent)
		want = append(want, title)
		streamed()
		var got []string
		patience.Await(t, func() error {
			result, err := chromedp.Run(ctx, chromedp.Evaluate[[]string]("poll()", chromedp.EvalAwaitPromise))
			got = result
			switch {
			case err != nil:
				return fmt.Errorf("ask the widgets: %w", err)
			case slices.ContainsFunc(got, func(shown string) bool { return !strings.HasSuffix(shown, title) }):
				return fmt.Errorf("the widgets show %q, want %q", got, title)
			}
			return nil
		})
		if len(got) != 5 {
			t.Errorf("shown are %q", got)
		}
	}
	if evaluate[bool](t, ctx, "window.broken === true") {
		t.Error("a title brought a script into the page")
	}
}
