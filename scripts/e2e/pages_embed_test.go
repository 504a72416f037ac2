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
// needs, and what more says. Its name is localhost, that of services is 127.0.0.1.
func website(t *testing.T, service, body string, more ...string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll("default-src 'none'; script-src SERVICE; connect-src SERVICE; style-src 'none'; frame-src SERVICE; require-trusted-types-for 'script'; "+strings.Join(more, "; "), "SERVICE", service))
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

// withCovers is a website that shows the pages of a service, and has covers of all titles
// except Halah.
func withCovers(t *testing.T, service string) string {
	t.Helper()
	at, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(at)
	proxy.FlushInterval = -1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/covers/"):
			proxy.ServeHTTP(w, r)
		case strings.Contains(r.URL.Path, "Halah"):
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path fill="#088" d="M0 0h9v9H0z"/></svg>`) // fails only if the browser has gone
		}
	}))
	t.Cleanup(server.CloseClientConnections) // otherwise Close waits for streams
	t.Cleanup(server.Close)
	return server.URL
}

// TestEmbed_covers: elements and frames on another website show covers from where they
// are. A cover that can't be had, or that the website does not allow, leaves its place
// as it was, and nothing moves.
func TestEmbed_covers(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_COVER_URL=/covers/{title}.svg")
	home := withCovers(t, s.url)
	for i, title := range []string{"Fade Into You", "Halah"} {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now().Add(time.Duration(i-2)*time.Minute)), http.StatusNoContent)
	}
	ctx, _ := visit(t, website(t, home, `<script type="module" src="`+home+`/embed/aura.js"></script>
<aura-now-playing id="now" covers="all"></aura-now-playing>
<aura-now-playing id="none" covers="none"></aura-now-playing>
<aura-trackservice id="list"></aura-trackservice>
<aura-now-playing id="own"><template><b data-field="title"></b><i data-field="cover"></i></template></aura-now-playing>
<iframe src="`+home+`/embed/now" title="what plays"></iframe>`, "img-src "+home))
	const place = `document.querySelector("#now").shadowRoot.querySelector("[part=cover]")`
	const images = `[...document.querySelectorAll("#list, #now, #none")].map(e => [...e.shadowRoot.querySelectorAll("[part=cover]:not([hidden])")].map(p => p.querySelector("img") ? p.querySelector("img").naturalWidth > 0 : "empty").join()).join(" ")`
	awaits(t, ctx, inside("#now", "[part=title]"), "Halah")
	awaits(t, ctx, images, "empty  empty,true") // of now, none and list, in the order of the page
	before := evaluate[string](t, ctx, `JSON.stringify(`+place+`.getBoundingClientRect())`)
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Blue Flower", time.Now()), http.StatusNoContent)
	awaits(t, ctx, images, "true  true,empty,true")
	awaits(t, ctx, `document.querySelector("#own i img")?.naturalWidth > 0`, "true")
	if after := evaluate[string](t, ctx, `JSON.stringify(`+place+`.getBoundingClientRect())`); after != before {
		t.Errorf("the place of the cover was %s, and is %s", before, after)
	}
	evaluate[any](t, ctx, `document.querySelector("#now").style.setProperty("--aura-cover-size", "31px"); 0`)
	awaits(t, ctx, place+`.getBoundingClientRect().width`, "31")
	frame := framed(t, ctx, home+"/embed/now")
	awaits(t, frame, `document.querySelector(".art img")?.naturalWidth > 0`, "true")
	page := startBrowser(t)
	if err := chromedp.Do(page, chromedp.Navigate(home+"/")); err != nil {
		t.Fatal(err)
	}
	awaits(t, page, `[...document.querySelectorAll("#now .picture, #list .track")].map(e => e.querySelector(".cover img")?.naturalWidth > 0).join()`, "true,false,true")
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

// TestEmbed_full: an element and the start page that the stream has no room for follow
// what plays nevertheless, and get the stream when there is room.
func TestEmbed_full(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_MAX_LISTENERS=1")
	full, leave := context.WithCancel(t.Context())
	defer leave()
	listen := func(ctx context.Context) int {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/trackservice/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer.StatusCode
	}
	if status := listen(full); status != http.StatusOK {
		t.Fatalf("the first listener gets %d", status)
	}
	element, _ := visit(t, website(t, s.url, `<script type="module" src="`+s.url+`/embed/aura.js"></script><aura-now-playing></aura-now-playing>`))
	page := startBrowser(t)
	if err := chromedp.Do(page, chromedp.Navigate(s.url+"/")); err != nil {
		t.Fatal(err)
	}
	evaluate[any](t, page, "window.loadedOnce = true")
	for i, title := range []string{"Fade Into You", "Halah"} {
		mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, title, time.Now().Add(time.Duration(i-3)*time.Minute)), http.StatusNoContent)
		awaits(t, element, inside("aura-now-playing", "[part=title]"), title)
		awaits(t, page, `document.querySelector("#now .title").textContent`, title)
	}
	if !evaluate[bool](t, page, "window.loadedOnce === true") {
		t.Error("the page was loaded again")
	}
	if err := chromedp.Do(page, chromedp.Navigate("about:blank")); err != nil { // otherwise it might take the only place
		t.Fatal(err)
	}
	leave()
	patience.Await(t, func() error { // the place is taken again, and by nobody else
		try, done := context.WithCancel(t.Context())
		defer done() // otherwise it would keep the place
		if status := listen(try); status != http.StatusServiceUnavailable {
			return fmt.Errorf("a further listener gets %d", status)
		}
		return nil
	})
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Blue Flower", time.Now()), http.StatusNoContent)
	awaits(t, element, inside("aura-now-playing", "[part=title]"), "Blue Flower")
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
