package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/stationtime"
)

const statusSecret = "ann-secret-0123456789"

// startStudio starts a sync node whose people sign in on its pages.
func startStudio(t *testing.T) *service {
	t.Helper()
	s := launch(t, t.TempDir(), "sync-node", "sqlite://"+filepath.Join(t.TempDir(), "sync-node.db"),
		"AURA_LOCAL_NEEDS_TOKEN=true", "AURA_API_TOKENS=ann:admin:"+statusSecret, "AURA_MONITORS=http://"+freeAddress(t),
		"AURA_SOURCE_NAMES=1=Engine A,2=Engine B with a name that is longer than others,3=Studio line")
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	return s
}

// asAnn calls the service as a program of a person.
func asAnn(t *testing.T, s *service, method, path, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+statusSecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s: %d", method, path, answer.StatusCode)
	}
}

// operator is a person who uses the status page with the keyboard.
type operator struct {
	t   *testing.T
	ctx context.Context
}

func (o operator) press(keys string) {
	o.t.Helper()
	if err := chromedp.Do(o.ctx, chromedp.KeyEvent(keys)); err != nil {
		o.t.Fatal(err)
	}
}

// reach presses Tab until what the script finds has the focus.
func (o operator) reach(script string) {
	o.t.Helper()
	for range 80 {
		o.press(kb.Tab)
		if evaluate[bool](o.t, o.ctx, "document.activeElement === ("+script+")") {
			return
		}
	}
	o.t.Fatalf("the keyboard does not reach %s; the focus is on %s", script, evaluate[string](o.t, o.ctx, "document.activeElement.outerHTML"))
}

// sees waits until a part of the page shows a text.
func (o operator) sees(selector, text string) {
	o.t.Helper()
	patience.Await(o.t, func() error {
		shown, err := o.ask(fmt.Sprintf("document.querySelector(%q)?.textContent ?? document.title", selector))
		if err != nil || strings.Contains(shown, text) {
			return err
		}
		return fmt.Errorf("%s shows %q, not %q", selector, shown, text)
	})
}

// ask evaluates a script. It fails while the browser goes to another page, and as long
// as that is not there as a whole.
func (o operator) ask(script string) (string, error) {
	return chromedp.Run(o.ctx, chromedp.Evaluate[string](`if (document.readyState !== "complete") throw new Error("not loaded"); `+script))
}

// reads waits until a script says a text.
func (o operator) reads(script, text string) {
	o.t.Helper()
	patience.Await(o.t, func() error {
		said, err := o.ask(script)
		if err == nil && said != text {
			err = fmt.Errorf("%s is %q, not %q", script, said, text)
		}
		return err
	})
}

// TestStatusPage: with the keyboard alone a person signs in, switches and pins,
// says that somebody works on a source, and signs out. No script can read the
// cookie.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	s := startStudio(t)
	o := operator{t, openBrowser(t, s.url)}
	if err := chromedp.Do(o.ctx, chromedp.Navigate(s.url+"/signin")); err != nil {
		t.Fatal(err)
	}
	o.reach(`document.getElementById("token")`)
	o.press(statusSecret + kb.Enter)
	o.sees("#onair .active", "Engine A (1)")
	if cookies := evaluate[string](t, o.ctx, "document.cookie"); cookies != "" {
		t.Errorf("scripts read the cookie %q", cookies)
	}

	o.reach(`document.querySelector("#engine-2 summary.button")`)
	o.press(kb.Enter)
	o.reach(`document.getElementById("switch-2")`)
	o.press("A is silent")
	o.reach(`document.getElementById("pin-2")`)
	o.press(" ")
	o.reach(`document.querySelector("#engine-2 .act button")`)
	o.press(kb.Enter)
	o.sees("#onair .active strong", "Engine B")
	o.sees("#onair", "by ann · A is silent")
	o.sees("#onair .badge", "Pinned")

	o.reach(`document.querySelector("#engine-2 form button")`)
	o.press(kb.Enter)
	o.reads(`String(document.querySelector("#onair .badge"))`, "null") // no longer pinned
	o.reach(`document.querySelector("#engine-1 summary.plain")`)
	o.press(kb.Enter)
	o.reach(`document.getElementById("maintain-1")`)
	o.press("new disk" + kb.Enter)
	o.sees("#engine-1 .badges", "Maintenance")
	o.sees("#engine-1", "new disk")

	o.reach(`document.querySelector(".whoami button")`)
	o.press(kb.Enter)
	o.sees("h1", "Sign in")
	if status, _, err := call(t.Context(), http.MethodGet, s.url+"/status", ""); err != nil || status != http.StatusUnauthorized {
		t.Errorf("who is not signed in: %d, %v", status, err)
	}
}

// TestStatusPage_Live: the page follows what others do, keeps the focus where it is,
// and leaves a form alone that somebody fills in. It says so if the service is away.
func TestStatusPage_Live(t *testing.T) {
	t.Parallel()
	s := startStudio(t)
	o := operator{t, startBrowser(t)} // its console has an error when the service is away
	o.signIn(s)
	evaluate[any](t, o.ctx, `window.loadedOnce = true; document.querySelector("#engine-2 summary.button").focus(); 0`)
	asAnn(t, s, http.MethodPut, "/api/v1/source/maintenance/2", `{"on": true, "by": "Ben", "reason": "new card"}`)
	o.sees("#engine-2", "new card")
	if !evaluate[bool](t, o.ctx, `document.activeElement === document.querySelector("#engine-2 summary.button")`) {
		t.Error("the focus is lost")
	}
	evaluate[any](t, o.ctx, `document.querySelector("#engine-2 details.act").open = true; document.getElementById("switch-2").value = "half a reas"; 0`)
	asAnn(t, s, http.MethodPut, "/api/v1/source/active/3", `{"by": "Ben", "reason": "live from the hall"}`)
	o.sees("#onair .active strong", "Studio line (3)")
	o.sees("#engine-3 .badges", "On air")
	if typed := evaluate[string](t, o.ctx, `document.getElementById("switch-2").value`); typed != "half a reas" {
		t.Errorf("what somebody typed is now %q", typed)
	}
	if !evaluate[bool](t, o.ctx, "window.loadedOnce === true") {
		t.Error("the page was loaded again")
	}
	s.end(t)
	o.sees("#stale:not([hidden])", "out of date")
}

// TestStatusPage_Stream: the page shows a lost heartbeat without asking, and who signs
// out elsewhere is led to sign in.
func TestStatusPage_Stream(t *testing.T) {
	t.Parallel()
	var lost atomic.Int32
	monitor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		now := stationtime.UTC(time.Now())
		_ = json.NewEncoder(w).Encode(api.MonitorStatus{Now: now, Acting: true, Sources: []api.MonitorSource{{
			Number: 1, Name: "Engine A", State: api.SourceUp, Since: now, Heard: &now, Lost: int(lost.Load()),
		}}}) // fails only if the service has gone
	}))
	t.Cleanup(monitor.Close)
	s := launch(t, t.TempDir(), "sync-node", "sqlite://"+filepath.Join(t.TempDir(), "sync-node.db"),
		"AURA_LOCAL_NEEDS_TOKEN=true", "AURA_API_TOKENS=ann:admin:"+statusSecret, "AURA_MONITORS="+monitor.URL, "AURA_SOURCE_NAMES=1=Engine A")
	t.Cleanup(func() { s.end(t) })
	awaitReady(t, s.url, s.exited)
	o := operator{t, startBrowser(t)} // its console has an error when the session is over
	o.signIn(s)
	o.sees("#engine-1 .facts", "0 / 60")
	evaluate[any](t, o.ctx, `window.loadedOnce = true; window.ask = window.fetch; window.fetch = () => Promise.reject(new Error("no questions")); 0`)
	for n := range 3 {
		lost.Store(int32(n + 1))
		o.sees("#engine-1 .facts", fmt.Sprintf("%d / 60", n+1))
	}
	if !evaluate[bool](t, o.ctx, "window.loadedOnce === true") {
		t.Error("the page was loaded again")
	}

	evaluate[any](t, o.ctx, "window.fetch = window.ask; 0")
	var cookies []*network.Cookie
	err := chromedp.Do(o.ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		found, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
		cookies = found.Cookies
		return err
	}))
	if err != nil || len(cookies) != 1 {
		t.Fatalf("cookies %v, %v", cookies, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/signout", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookies[0].Name+"="+cookies[0].Value)
	r.Header.Set("Origin", s.url)
	answer, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing out: %v, %v", answer, err)
	}
	answer.Body.Close()
	o.sees("h1", "Sign in")
}

// signIn signs in without the keyboard.
func (o operator) signIn(s *service) {
	o.t.Helper()
	if err := chromedp.Do(o.ctx, chromedp.Navigate(s.url+"/signin")); err != nil {
		o.t.Fatal(err)
	}
	evaluate[any](o.t, o.ctx, fmt.Sprintf(`document.getElementById("token").value = %q; document.querySelector("main form").requestSubmit(); 0`, statusSecret))
	o.sees("h1", "Status")
}

// TestStatusPage_Accessible looks at the pages of the people of the station on each
// screen, with all that can be opened.
func TestStatusPage_Accessible(t *testing.T) {
	t.Parallel()
	s := startStudio(t)
	now := time.Now().UTC()
	for i, body := range []string{`"is_healthy": true`, `"is_healthy": true, "details": {"fallback": true}`, `"is_healthy": false, "details": "no sound card"`, `"is_healthy": true`} {
		at := now.Add(time.Duration(i-5) * 90 * time.Second).Format(time.RFC3339)
		asAnn(t, s, http.MethodPut, "/api/v1/source/health/1", fmt.Sprintf(`{"log_time": %q, %s}`, at, body))
	}
	asAnn(t, s, http.MethodPost, "/api/v1/playlog", fmt.Sprintf(`{"track_start": %q, "track_title": "Halah", "track_duration": "long", "log_source": 1}`, now.Add(-time.Minute).Format(time.RFC3339)))
	asAnn(t, s, http.MethodPut, "/api/v1/source/active/2?pin=true", `{"reason": "the reason is so long that it needs more than one line on a phone, and a-word-without-blanks-that-is-as-long-as-a-line"}`)
	asAnn(t, s, http.MethodPut, "/api/v1/source/maintenance/3", `{"on": true, "reason": "new disk"}`)
	o := operator{t, startBrowser(t)}
	for _, screen := range screens {
		screen.show(t, o.ctx, s.url+"/signin")
		accessible(t, o.ctx, screen, "signing in")
	}
	o.signIn(s)
	for _, lang := range []string{"en", "de"} {
		for _, screen := range screens {
			screen.show(t, o.ctx, s.url+"/status?"+url.Values{"lang": {lang}}.Encode())
			accessible(t, o.ctx, screen, "status, "+lang)
			evaluate[any](t, o.ctx, `document.querySelectorAll("details").forEach(d => { d.open = true }); 0`)
			accessible(t, o.ctx, screen, "status with everything open, "+lang)
		}
	}
}
