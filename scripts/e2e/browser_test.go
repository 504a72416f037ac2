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

// openBrowser starts a headless Chromium with a fresh profile. The test fails if
// the pages that it opens write errors to their console, or send a request to
// another host than home.
func openBrowser(t *testing.T, home string, options ...chromedp.ExecAllocatorOption) context.Context {
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

// TestDocumentation_TryItOut uses the interactive documentation as a person does:
// it logs a title and asks what is playing.
func TestDocumentation_TryItOut(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	ctx := openBrowser(t, s.url)
	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	text := func(selector string) string {
		t.Helper()
		text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
		if err != nil {
			t.Fatalf("%s: %v", selector, err)
		}
		return strings.TrimSpace(text)
	}
	click := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
	}
	do("open", chromedp.Navigate(s.url+"/api/v1/ui/"), chromedp.WaitVisible(chromedp.CSS(".opblock-tag-section")))

	// try opens an operation, fills in its body if there is one, and executes it.
	// It returns the status and the answer that is shown.
	try := func(operation, body string) (status, answer string) {
		t.Helper()
		block := `[id="operations-` + operation + `" i]` // the document may write its names in another case
		do("open "+operation, click(block+" .opblock-summary-control"), click(block+" .try-out__btn"))
		if body != "" {
			input := block + " .body-param__text"
			do("open the body of "+operation, click(input))
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[any]("document.activeElement.select()")); err != nil {
				t.Fatal(err)
			}
			do("fill in "+operation, chromedp.SendKeys(chromedp.CSS(input), body)) // in place of the example
		}
		do("execute "+operation, click(block+" .execute"))
		return text(block + " .live-responses-table .response .response-col_status"),
			text(block + " .live-responses-table .response .response-col_description")
	}
	const title = "Fade Into You 🎶"
	if status, answer := try("playlog-storePlaylog", play(t, title, time.Now())); !strings.HasPrefix(status, "204") {
		t.Errorf("POST /playlog: %s\n%s", status, answer)
	}
	status, answer := try("trackservice-getCurrentTrack", "")
	if !strings.HasPrefix(status, "200") || !strings.Contains(answer, title) {
		t.Errorf("GET /trackservice/current: %s\n%s", status, answer)
	}
	if current := mustCall(t, http.MethodGet, s.url+"/api/v1/trackservice/current", "", http.StatusOK); !strings.Contains(current, title) {
		t.Errorf("stored: %s", current)
	}
}
