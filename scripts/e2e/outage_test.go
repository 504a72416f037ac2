package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// TestStream_outage: a page that listens to the stream, through a proxy as the
// samples have it, goes on by itself after an outage that is longer than its
// pause between two attempts.
func TestStream_outage(t *testing.T) {
	t.Parallel()
	for program, start := range map[string]func(t *testing.T, upstream string) proxy{
		"nginx": func(t *testing.T, upstream string) proxy {
			return startNginx(t, sample("nginx/engine-api.conf"), ports(upstream))
		},
		"caddy": func(t *testing.T, upstream string) proxy {
			return startCaddy(t, sample("caddy/Caddyfile"), ports(upstream))
		},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(program + " is not installed")
			}
			listenThrough(t, start)
		})
	}
}

func listenThrough(t *testing.T, start func(t *testing.T, upstream string) proxy) {
	database := "sqlite://" + filepath.Join(t.TempDir(), "engine-api.db")
	s := startService(t, database)
	address := strings.TrimPrefix(s.url, "http://")
	p := start(t, address)

	const home = "https://" + proxyHost
	ctx := openBrowser(t, home,
		chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("host-resolver-rules", "MAP "+proxyHost+" "+p.secure))
	if err := chromedp.Do(ctx, chromedp.Navigate(home+"/api/v1/ui/")); err != nil {
		t.Fatal(err)
	}
	evaluate[string](t, ctx, `
		window.opened = 0; window.titles = [];
		window.stream = new EventSource("../trackservice/stream");
		stream.onopen = () => opened++;
		stream.addEventListener("track", e => titles.push((JSON.parse(e.data) || {}).track_title));
		"listens"`)
	shows := func(title string) {
		t.Helper()
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now()), http.StatusNoContent)
		patience.Await(t, func() error {
			if got := evaluate[string](t, ctx, `titles.join() + ", readyState " + stream.readyState`); !strings.Contains(got, title) {
				return fmt.Errorf("the page has %s", got)
			}
			return nil
		})
	}
	shows("Fade Into You")

	s.signal(t, syscall.SIGTERM)
	before := evaluate[int](t, ctx, "opened")
	patience.Await(t, func() error {
		if tries := evaluate[int](t, ctx, "opened") - before; tries < 2 {
			return fmt.Errorf("the page tried again %d times, %s", tries, evaluate[string](t, ctx, `"readyState " + stream.readyState`))
		}
		return nil
	})

	again := launch(t, t.TempDir(), "engine-api", database, "AURA_LISTEN="+address)
	t.Cleanup(func() { again.end(t) })
	again.url = s.url
	s = again
	awaitReady(t, s.url, s.exited)
	shows("Halah")
	evaluate[any](t, ctx, "stream.close()") // the service ends before the browser does
}

// evaluate runs a script in the page and returns its result.
func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return result
}
