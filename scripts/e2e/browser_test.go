package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// browserTimeout bounds everything that one test does in the browser.
func browserTimeout() time.Duration { return patience.Stretch(5 * time.Minute) }

// startBrowser starts a headless Chromium with a fresh profile.
func startBrowser(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("AURA_TEST_REQUIRE_CHROMIUM") != "" {
			t.Fatal(err)
		}
		t.Skip("chromium is not installed")
	}
	// Not the test's own context, which ends before Cleanup runs.
	ctx, cancel := context.WithTimeout(context.Background(), browserTimeout())
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // otherwise it refuses to run as root; it opens only our pages
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 1600),
	}, options)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// openBrowser starts a browser. The test fails if the pages that it opens write
// errors to their console, or send a request to another host than home.
func openBrowser(t *testing.T, home string, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx := startBrowser(t, options...)
	var requests atomic.Int64
	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	if err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain("uncaught: %s", (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError {
				for _, arg := range e.Args {
					complain("console: %s %s", arg.Value, arg.Description)
				}
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				complain("%s: %s", e.Entry.Text, e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			u, err := url.Parse(e.Request.URL)
			if err != nil || u.Scheme != "data" && u.Scheme != "blob" && u.Scheme+"://"+u.Host != home {
				complain("request to another host: %s", e.Request.URL)
			}
			requests.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // runs before the browser is closed
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
		if t.Failed() {
			screenshot(t, ctx)
		}
		if requests.Load() == 0 {
			t.Error("no request was seen: the watch over them is blind")
		}
	})
	return ctx
}

// screenshot keeps what the browser shows, for people who look into a failure.
func screenshot(t *testing.T, ctx context.Context) {
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Log("no screenshot:", err)
		return
	}
	file := filepath.Join(os.TempDir(), "aura-"+strings.ReplaceAll(t.Name(), "/", "-")+".png")
	if err := os.WriteFile(file, png, 0o600); err != nil {
		t.Log("no screenshot:", err)
		return
	}
	t.Log("screenshot:", file)
}

// documentationPage is the interactive documentation in a browser.
type documentationPage struct {
	t   *testing.T
	ctx context.Context
}

// openDocumentation opens the page, and does something to the browser before.
func openDocumentation(t *testing.T, url string, before ...chromedp.Action[chromedp.Void]) documentationPage {
	t.Helper()
	p := documentationPage{t, openBrowser(t, url)}
	p.do("open", slices.Concat(before, []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(url + "/api/v1/ui/"), chromedp.WaitVisible(chromedp.CSS(".opblock-tag-section")),
	})...)
	return p
}

func (p documentationPage) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func (p documentationPage) click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
}

func (p documentationPage) text(selector string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
	if err != nil {
		p.t.Fatalf("%s: %v", selector, err)
	}
	return strings.TrimSpace(text)
}

// operationBlock selects where the page shows an operation. The document may
// write its names in another case.
func operationBlock(operation string) string { return `[id="operations-` + operation + `" i]` }

// try opens an operation, fills in its body if there is one, and executes it.
// Without a body it sends what the page suggests. It returns the status and the
// answer that is shown.
func (p documentationPage) try(operation, body string) (status, answer string) {
	p.t.Helper()
	block := operationBlock(operation)
	p.do("open "+operation, p.click(block+" .opblock-summary-control"), p.click(block+" .try-out__btn"))
	if body != "" {
		input := block + " .body-param__text"
		p.do("open the body of "+operation, p.click(input))
		evaluate[any](p.t, p.ctx, "document.activeElement.select()")
		p.do("fill in "+operation, chromedp.SendKeys(chromedp.CSS(input), body)) // in place of the example
	}
	p.do("execute "+operation, p.click(block+" .execute"))
	return p.text(block + " .live-responses-table .response .response-col_status"),
		p.text(block + " .live-responses-table .response .response-col_description")
}

// TestDocumentation_TryItOut uses the interactive documentation as a person does:
// it logs a title, asks what is playing, and sends the clock that the page
// suggests.
func TestDocumentation_TryItOut(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	p := openDocumentation(t, s.url)
	const title = "Fade Into You 🎶"
	if status, answer := p.try("playlog-storePlaylog", play(t, title, time.Now())); !strings.HasPrefix(status, "204") {
		t.Errorf("POST /playlog: %s\n%s", status, answer)
	}
	status, answer := p.try("trackservice-getCurrentTrack", "")
	if !strings.HasPrefix(status, "200") || !strings.Contains(answer, title) {
		t.Errorf("GET /trackservice/current: %s\n%s", status, answer)
	}
	// It is below another server of the document.
	if status, answer := p.try("trackservice-getCurrentTrack1x", ""); !strings.HasPrefix(status, "200") || !strings.Contains(answer, "trackTitle") {
		t.Errorf("GET /engine/api/v1/playlog/current: %s\n%s", status, answer)
	}
	if current := mustCall(t, http.MethodGet, s.url+"/api/v1/trackservice/current", "", http.StatusOK); !strings.Contains(current, title) {
		t.Errorf("stored: %s", current)
	}
	if status, answer := p.try("clock-storeClock", ""); !strings.HasPrefix(status, "204") {
		t.Errorf("PUT /clock: %s\n%s", status, answer)
	}
	if clock := mustCall(t, http.MethodGet, s.url+"/api/v1/clock", "", http.StatusOK); !strings.Contains(clock, "Nachtlicht") {
		t.Errorf("the clock is %s", clock)
	}
}

// tooSmall lists what has text that is too small to read, with its size.
const tooSmall = `(() => {
	const found = new Set();
	const check = (e, pseudo) => {
		const size = getComputedStyle(e, pseudo).fontSize;
		if (parseFloat(size) < 12 && e.checkVisibility()) found.add(size + " " + e.tagName + "." + (e.className.baseVal ?? e.className) + (pseudo ?? "") + ": " + e.textContent.slice(0, 40));
	};
	for (const e of document.querySelectorAll("#swagger-ui *")) {
		if ([...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim()) || e.matches("input, textarea, select")) check(e);
		for (const pseudo of ["::before", "::after"]) {
			if (!["none", "normal", '""'].includes(getComputedStyle(e, pseudo).content)) check(e, pseudo);
		}
	}
	return [...found];
})()`

// tooWide lists what reaches beyond the screen, with its right edge. The margin
// counts, too: a browser moves the page sideways for it.
const tooWide = `[...document.querySelectorAll("#swagger-ui *")]
	.map(e => [e, e.getBoundingClientRect().right + parseFloat(getComputedStyle(e).marginRight)])
	.filter(([e, right]) => right > 390.5 && e.checkVisibility())
	.map(([e, right]) => Math.round(right) + " " + e.tagName + "." + (e.className.baseVal ?? e.className) + ": " + e.textContent.slice(0, 40))`

// TestDocumentation_Phone reads the page on a phone: nothing is too wide or too
// small, also when all operations are open and can be tried.
func TestDocumentation_Phone(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	p := openDocumentation(t, s.url, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	readable := func(when string) {
		t.Helper()
		// The viewport is wider if the page asks for none, or was zoomed out to fit.
		for _, width := range []string{"document.documentElement.scrollWidth", "window.innerWidth"} {
			if got := evaluate[float64](t, p.ctx, width); got > 390 {
				t.Errorf("%s: %s is %v\n%s", when, width, got, strings.Join(evaluate[[]string](t, p.ctx, tooWide), "\n"))
			}
		}
		if found := evaluate[[]string](t, p.ctx, tooSmall); len(found) > 0 {
			t.Errorf("%s: text smaller than 12 pixels:\n%s", when, strings.Join(found, "\n"))
		}
	}
	// press clicks all buttons of a kind. Each operation then shows another one.
	press := func(buttons, then string) {
		t.Helper()
		evaluate[any](t, p.ctx, `document.querySelectorAll("`+buttons+`").forEach(b => b.click())`)
		patience.Await(t, func() error {
			operations := evaluate[int](t, p.ctx, `document.querySelectorAll(".opblock").length`)
			if shown := evaluate[int](t, p.ctx, `document.querySelectorAll(".opblock `+then+`").length`); shown == 0 || shown != operations {
				return fmt.Errorf("after a click on %s, %d of %d operations show %s", buttons, shown, operations, then)
			}
			return nil
		})
	}
	readable("closed")
	press(".opblock-summary-control", ".try-out__btn")
	readable("open")
	press(".try-out__btn", ".execute")
	readable("ready to be tried")
	clock := operationBlock("clock-getClock")
	p.do("execute", p.click(clock+" .execute"))
	p.text(clock + " .live-responses-table .response .response-col_status")
	readable("answered")
	evaluate[any](t, p.ctx, `document.querySelectorAll(".model-example .tab button[data-name=model]").forEach(b => b.click())`)
	p.do("show the schemas", chromedp.WaitVisible(chromedp.CSS(clock+" .model-box")))
	readable("with schemas")
}
