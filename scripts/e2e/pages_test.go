package e2e

import (
	"context"
	_ "embed" // for axe
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// axe finds what people with disabilities can't use.
//
//go:embed testdata/axe-core/axe.min.js
var axe string

// screen is how a person looks at a page.
type screen struct {
	width  int64
	scheme string // light or dark
}

func (s screen) String() string { return fmt.Sprintf("%d-%s", s.width, s.scheme) }

// screens are a phone and a desk, by day and by night.
var screens = []screen{{390, "light"}, {390, "dark"}, {1440, "light"}, {1440, "dark"}}

// show opens a page on a screen.
func (s screen) show(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(s.width, 900), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
		return err
	}), chromedp.Navigate(address))
	if err != nil {
		t.Fatalf("open %s: %v", address, err)
	}
}

// accessible fails the test for what axe-core calls serious, for what is wider than
// the screen, and for text that is too small.
func accessible(t *testing.T, ctx context.Context, s screen, page string) {
	t.Helper()
	evaluate[any](t, ctx, axe+";0")
	evaluate[any](t, ctx, `window.findings = null; axe.run(document, {resultTypes: ["violations"]}).then(r => {
		window.findings = r.violations.filter(v => ["serious", "critical"].includes(v.impact))
			.map(v => v.id + ": " + v.help + "\n    " + v.nodes.slice(0, 5).map(n => n.html.slice(0, 200) + " " + (n.failureSummary ?? "")).join("\n    "));
	}); 0`)
	var findings []string
	patience.Await(t, func() error {
		if !evaluate[bool](t, ctx, `window.findings !== null`) {
			return fmt.Errorf("axe has not finished")
		}
		findings = evaluate[[]string](t, ctx, `window.findings`)
		return nil
	})
	for _, finding := range findings {
		t.Errorf("%s, %s: %s", page, s, finding)
	}
	if width := evaluate[int64](t, ctx, `document.documentElement.scrollWidth`); width > s.width {
		t.Errorf("%s, %s: is %d pixels wide", page, s, width)
	}
}

// publicPages are those that everybody may see, of a station that plays.
func publicPages() []string {
	today := time.Now().UTC().Format(time.DateOnly)
	return []string{"/", "/?lang=de", "/day/" + today, "/at", "/at?time=" + time.Now().UTC().Format("2006-01-02T15:04"), "/search?q=mazzy", "/top", "/top?period=ever", "/clock", "/clock?face=digital&hours=12&lang=de", "/no-such-page"}
}

// TestPages_Accessible looks at each page, empty and full, on each screen.
func TestPages_Accessible(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_STATION_TIMEZONE=UTC")
	ctx := startBrowser(t)
	look := func(when string) {
		t.Helper()
		for _, page := range publicPages() {
			for _, screen := range screens {
				screen.show(t, ctx, s.url+page)
				accessible(t, ctx, screen, when+" "+page)
			}
		}
	}
	look("empty")
	for i := range 40 {
		start := time.Now().Add(time.Duration(i-40) * 90 * time.Second)
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", fmt.Sprintf(
			`{"track_start":%q,"track_artist":"Mazzy Star %d","track_title":"Fade Into You, a title that is so long that it needs more than a line on a phone","track_duration":90,"show_name":"Nachtlicht %d","log_source":1}`,
			start.UTC().Format(time.RFC3339), i, i/10), http.StatusNoContent)
	}
	look("full")
}

// TestPages_Live: the start page follows what is posted, without being loaded again.
func TestPages_Live(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	ctx := openBrowser(t, s.url)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	evaluate[any](t, ctx, "window.loadedOnce = true")
	shows := func(selector, text string) {
		t.Helper()
		patience.Await(t, func() error {
			if shown := evaluate[string](t, ctx, `document.querySelector("`+selector+`")?.textContent ?? ""`); !strings.Contains(shown, text) {
				return fmt.Errorf("%s shows %q, not %q", selector, shown, text)
			}
			return nil
		})
	}
	shows("#now .title", "Nothing is playing")
	for i, title := range []string{"Fade Into You", "Halah", "Blue Flower"} {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now().Add(time.Duration(i-3)*time.Minute)), http.StatusNoContent)
		shows("#now .title", title)
		shows("#now [role=status]", "Now playing: Mazzy Star – "+title)
		if i > 0 {
			shows("#list .track .title", []string{"Fade Into You", "Halah"}[i-1])
		}
	}
	if !evaluate[bool](t, ctx, "window.loadedOnce === true") {
		t.Error("the page was loaded again")
	}
}

// TestPages_Weight: the first view of the start page is light, and nothing in it
// moves.
func TestPages_Weight(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	for i := range 30 {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, fmt.Sprint("Halah ", i), time.Now().Add(time.Duration(i-30)*time.Minute)), http.StatusNoContent)
	}
	ctx := openBrowser(t, s.url)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile), chromedp.Navigate(s.url+"/"), chromedp.WaitVisible(chromedp.CSS("#list .track"))); err != nil {
		t.Fatal(err)
	}
	patience.Await(t, func() error {
		if evaluate[string](t, ctx, `document.querySelector("#now [role=status]").textContent`) == "" {
			return fmt.Errorf("nothing is announced")
		}
		return nil
	})
	const most = 60 << 10
	if got := evaluate[int](t, ctx, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((n, e) => n + e.transferSize, 0)`); got > most {
		t.Errorf("the first view transfers %d bytes, more than %d", got, most)
	} else {
		t.Logf("the first view transfers %d bytes", got)
	}
	evaluate[any](t, ctx, `window.shift = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) window.shift += e.value }).observe({type: "layout-shift", buffered: true}); 0`)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Blue Flower", time.Now()), http.StatusNoContent)
	patience.Await(t, func() error {
		if got := evaluate[string](t, ctx, `document.querySelector("#now .title").textContent`); got != "Blue Flower" {
			return fmt.Errorf("the page shows %q", got)
		}
		return nil
	})
	if got := evaluate[float64](t, ctx, "window.shift"); got > 0.01 {
		t.Errorf("the layout shifts by %v", got)
	}
}
