package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// website serves a page of another site, which allows nothing but what an embedding
// needs. Its name is localhost, that of services is 127.0.0.1.
func website(t *testing.T, service, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll("default-src 'none'; script-src SERVICE; connect-src SERVICE; style-src 'none'; frame-src SERVICE; require-trusted-types-for 'script'", "SERVICE", service))
		fmt.Fprintf(w, "<!doctype html><html lang=en><title>another site</title>%s", body) // fails only if the browser has gone
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// visit opens a page. The test fails if it breaks its policy or throws. It counts the
// streams that the page opens.
func visit(t *testing.T, address string) (context.Context, *atomic.Int32) {
	t.Helper()
	ctx := startBrowser(t)
	var streams atomic.Int32
	complaints := make(chan string, 100)
	complain := func(words string) {
		select {
		case complaints <- words:
		default:
		}
	}
	if err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain((&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *log.EventEntryAdded:
			if strings.Contains(e.Entry.Text, "Content Security Policy") && !strings.Contains(e.Entry.Text+e.Entry.URL, "favicon") || strings.Contains(e.Entry.Text, "CORS") {
				complain(e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if strings.HasSuffix(e.Request.URL, "/trackservice/stream") {
				streams.Add(1)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for {
			select {
			case c := <-complaints:
				t.Error(c)
			default:
				return
			}
		}
	})
	return ctx, &streams
}

// awaits waits until a script says what it should.
func awaits(t *testing.T, ctx context.Context, script, want string) {
	t.Helper()
	patience.Await(t, func() error {
		if got := evaluate[string](t, ctx, "String("+script+")"); got != want {
			return fmt.Errorf("%s is %q, want %q", script, got, want)
		}
		return nil
	})
}

// inside is the text of a part of an element.
func inside(element, selector string) string {
	return fmt.Sprintf(`document.querySelector(%q)?.shadowRoot?.querySelector(%q)?.textContent`, element, selector)
}

// TestEmbed_elements: elements on the page of another website follow what plays. They
// share a stream, one of them speaks, and they leave nothing behind.
func TestEmbed_elements(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	idle := inFlight(t, s.url)
	ctx, streams := visit(t, website(t, s.url, `<script type="module" src="`+s.url+`/embed/aura.js"></script>
<aura-now-playing id="now" lang="de"></aura-now-playing>
<aura-now-playing id="own"><template><b data-field="title"></b><i data-field="artist"></i><u data-field="silence"></u></template>what plays</aura-now-playing>
<aura-trackservice id="list" limit="2"></aura-trackservice>
<aura-trackservice id="rows"><template><li data-field="title"></li></template></aura-trackservice>`))
	awaits(t, ctx, inside("#now", "[part=empty]"), "Gerade läuft nichts")
	awaits(t, ctx, `document.querySelector("#own u").textContent`, "Nothing is playing")
	evaluate[any](t, ctx, "window.loadedOnce = true")
	const rows = `[...document.querySelector("#list").shadowRoot.querySelectorAll("[part~=title]")].map(e => e.textContent).join()`
	titles := []string{"Fade Into You", "<b>Halah</b>", "Blue Flower"}
	for i, title := range titles {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now().Add(time.Duration(i-3)*time.Minute)), http.StatusNoContent)
		awaits(t, ctx, inside("#now", "[part=title]"), title)
		awaits(t, ctx, inside("#now", "[role=status][aria-live=polite][aria-atomic=true]"), "Es läuft: Mazzy Star – "+title)
		awaits(t, ctx, `document.querySelector("#own b").textContent + document.querySelector("#own i").textContent + document.querySelector("#own u").hidden`, title+"Mazzy Startrue")
		wanted := slices.Clone(titles[max(0, i-1) : i+1])
		slices.Reverse(wanted)
		awaits(t, ctx, rows, strings.Join(wanted, ","))
		awaits(t, ctx, `document.querySelectorAll("#rows > ol > li").length`, fmt.Sprint(i+1))
		awaits(t, ctx, `document.querySelector("#list").shadowRoot.querySelector("[aria-current=true] [part~=title]")?.textContent`, title)
	}
	const spoken = `[...document.querySelectorAll("#own, #list, #rows")].map(e => e.shadowRoot.querySelector("[role=status]").textContent).join("")`
	if got := evaluate[string](t, ctx, spoken); got != "" {
		t.Errorf("several elements say %q", got)
	}
	if n := streams.Load(); n != 1 {
		t.Errorf("the page opens %d streams", n)
	}
	if !evaluate[bool](t, ctx, "window.loadedOnce === true") {
		t.Error("the page was loaded again")
	}
	if got := evaluate[[]string](t, ctx, `Object.getOwnPropertyNames(window).filter(n => /aura|now-?playing|track-?service/i.test(n))`); len(got) > 0 {
		t.Errorf("left in the page: %q", got)
	}
	// With a delay, what plays is what was before. That is a stream of its own.
	evaluate[any](t, ctx, `document.querySelector("#own").setAttribute("delay", "90")`)
	awaits(t, ctx, `document.querySelector("#own b").textContent`, titles[1])
	awaitOpen(t, s.url, idle+2)
	evaluate[any](t, ctx, `document.querySelectorAll("aura-now-playing, aura-trackservice").forEach(e => e.remove())`)
	awaitOpen(t, s.url, idle)
}

// inFlight is how many requests a service answers now, this one included.
func inFlight(t *testing.T, service string) (n int) {
	t.Helper()
	metrics := mustCall(t, http.MethodGet, service+"/metrics", "", http.StatusOK)
	_, rest, _ := strings.Cut(metrics, "\naura_http_requests_in_flight ")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("%v in %s", err, metrics)
	}
	return n
}

func awaitOpen(t *testing.T, service string, want int) {
	t.Helper()
	patience.Await(t, func() error {
		if n := inFlight(t, service); n != want {
			return fmt.Errorf("%d requests are open, want %d", n, want)
		}
		return nil
	})
}

// TestEmbed_preflight: scripts of other websites may send the headers that widgets send.
func TestEmbed_preflight(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	ctx, _ := visit(t, website(t, s.url, ""))
	got, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(`fetch("%s/api/v1/trackservice/current", {headers: {
		"X-Requested-With": "XMLHttpRequest", "Content-Type": "application/json", "Cache-Control": "no-cache", "Pragma": "no-cache",
	}}).then(a => a.status)`, s.url), chromedp.EvalAwaitPromise))
	if err != nil || got != http.StatusNoContent {
		t.Errorf("%d, %v", got, err)
	}
}

// before is a proxy below the path /radio/ of a website. handle may answer a request in
// the place of the service.
func before(t *testing.T, target *atomic.Pointer[string], handle func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(*target.Load())
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(to)
	}}
	server := httptest.NewServer(http.StripPrefix("/radio", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle == nil || !handle(w, r) {
			proxy.ServeHTTP(w, r)
		}
	})))
	t.Cleanup(server.CloseClientConnections) // otherwise Close waits for streams
	t.Cleanup(server.Close)
	return server.URL
}

// TestEmbed_polling: a proxy that refuses streams does not keep an element from
// following what plays.
func TestEmbed_polling(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	var target atomic.Pointer[string]
	target.Store(&s.url)
	var refused atomic.Int32
	proxy := before(t, &target, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/stream") {
			return false
		}
		refused.Add(1)
		w.Header().Set("Access-Control-Allow-Origin", "*") // only the status refuses it
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	ctx, _ := visit(t, website(t, proxy, `<script type="module" src="`+proxy+`/radio/embed/aura.js"></script><aura-now-playing></aura-now-playing>`))
	awaits(t, ctx, inside("aura-now-playing", "[part=empty]"), "Nothing is playing")
	for i, title := range []string{"Fade Into You", "Halah"} {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now().Add(time.Duration(i-2)*time.Minute)), http.StatusNoContent)
		awaits(t, ctx, inside("aura-now-playing", "[part=title]"), title)
	}
	if refused.Load() == 0 {
		t.Error("no stream was refused")
	}
}

// framed attaches to the frame of another site.
func framed(t *testing.T, ctx context.Context, address string) context.Context {
	t.Helper()
	var in context.Context
	patience.Await(t, func() error {
		infos, err := chromedp.Targets(ctx)
		if err != nil {
			return err
		}
		for _, info := range infos {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, address) {
				frame, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(info.TargetID))
				t.Cleanup(cancel)
				in = frame
				return nil
			}
		}
		return fmt.Errorf("no frame of %s in %v", address, infos)
	})
	return in
}

// TestEmbed_frame: a frame on a website that allows no scripts follows what plays.
func TestEmbed_frame(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	ctx, _ := visit(t, website(t, s.url, `<iframe src="`+s.url+`/embed/now?theme=dark&amp;color=0088aa" title="what plays"></iframe>`))
	frame := framed(t, ctx, s.url+"/embed/now")
	awaits(t, frame, `document.querySelector(".silence").textContent`, "Nothing is playing")
	evaluate[any](t, frame, "window.loadedOnce = true")
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Halah", time.Now()), http.StatusNoContent)
	awaits(t, frame, `document.querySelector(".title").textContent`, "Halah")
	awaits(t, frame, `document.querySelector("aura-now-playing").shadowRoot.querySelector("[role=status]").textContent`, "Now playing: Mazzy Star – Halah")
	awaits(t, frame, `getComputedStyle(document.documentElement).colorScheme`, "dark")
	if !evaluate[bool](t, frame, "window.loadedOnce === true") {
		t.Error("the frame was loaded again")
	}
}

// TestEmbed_page: the page where the code is made follows the options, on each screen.
func TestEmbed_page(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Halah", time.Now()), http.StatusNoContent)
	ctx := openBrowser(t, s.url)
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/embed?lang=de")); err != nil {
		t.Fatal(err)
	}
	awaits(t, ctx, inside("#result aura-now-playing", "[part=title]"), "Halah")
	const code = `document.querySelector("[data-code]").textContent.split("\n").at(-1)`
	awaits(t, ctx, code, `<aura-now-playing lang="de" color="#c2410c"></aura-now-playing>`)
	evaluate[any](t, ctx, `document.querySelector("[name=kind][value=last]").click(); 0`)
	awaits(t, ctx, code, `<aura-trackservice lang="de" color="#c2410c" limit="10"></aura-trackservice>`)
	awaits(t, ctx, inside("#result aura-trackservice", "[part~=title]"), "Halah")
	evaluate[any](t, ctx, `document.querySelector("[name=way][value=frame]").click(); 0`)
	awaits(t, ctx, code, `<iframe src="`+s.url+`/embed/last?color=c2410c&amp;lang=de&amp;limit=10&amp;theme=auto" title="AURA" width="480" height="420" loading="lazy" frameborder="0"></iframe>`)
	looker := startBrowser(t)
	for _, page := range []string{"/embed", "/embed?way=frame&kind=last&lang=de", "/embed/now", "/embed/last?theme=light", "/embed/last?theme=dark&color=0000ff", "/embed/now?delay=x"} {
		for _, screen := range screens {
			screen.show(t, looker, s.url+page)
			accessible(t, looker, screen, page)
		}
	}
}
