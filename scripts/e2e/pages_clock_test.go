package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"aura.radio/engine/pkg/patience"
)

// timeMachine stands in front of a service. It lets a browser see the service at
// another time, or not at all.
type timeMachine struct {
	url string
	// at is the time that GET /clock answers first, zero for the real one.
	at     atomic.Pointer[time.Time]
	frozen atomic.Pointer[chan struct{}] // requests wait until it is closed
}

func newTimeMachine(t *testing.T, target string) *timeMachine {
	t.Helper()
	m := &timeMachine{}
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	began := sync.OnceValue(time.Now)
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			at := m.at.Load()
			if at == nil || r.Request.URL.Path != "/api/v1/clock" {
				return nil
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			var clock map[string]any
			if err := json.Unmarshal(body, &clock); err != nil {
				return err
			}
			clock["server_time"] = at.Add(time.Since(began())).Format(time.RFC3339Nano)
			if body, err = json.Marshal(clock); err != nil {
				return err
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := m.frozen.Load(); wait != nil {
			select {
			case <-*wait:
			case <-r.Context().Done():
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// studioClock is the page in a browser.
type studioClock struct {
	t   *testing.T
	ctx context.Context
}

func (c studioClock) text(part string) string {
	return evaluate[string](c.t, c.ctx, `document.querySelector("[data-part=`+part+`]")?.textContent ?? ""`)
}

// shows waits until a part of the page shows a text.
func (c studioClock) shows(part, want string) {
	c.t.Helper()
	patience.Await(c.t, func() error {
		if got := c.text(part); !strings.Contains(got, want) {
			return fmt.Errorf("%s shows %q, not %q", part, got, want)
		}
		return nil
	})
}

// is waits until an expression is true.
func (c studioClock) is(what, expression string) {
	c.t.Helper()
	patience.Await(c.t, func() error {
		if !evaluate[bool](c.t, c.ctx, expression) {
			return fmt.Errorf("not yet %s", what)
		}
		return nil
	})
}

func openClock(t *testing.T, address string, before ...chromedp.Action[chromedp.Void]) studioClock {
	t.Helper()
	ctx := startBrowser(t)
	if err := chromedp.Do(ctx, append(before, chromedp.Navigate(address))...); err != nil {
		t.Fatal(err)
	}
	return studioClock{t, ctx}
}

// timeslot is a timeslot as an engine's clock names it.
func timeslot(name string, from, to time.Time) string {
	return fmt.Sprintf(`{"show_name": %q, "timeslot_start": %q, "timeslot_end": %q}`, name, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
}

// TestPages_Clock_ShowChange: the clock goes over to the next show by itself, and
// counts down to it.
func TestPages_Clock_ShowChange(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	ctx := openClock(t, s.url+"/clock")
	ctx.shows("show", "No show is known")
	now := time.Now()
	// Longer than the clock waits until it asks again.
	change := now.Add(patience.Stretch(25 * time.Second))
	mustCall(t, http.MethodPut, s.url+"/api/v1/clock", fmt.Sprintf(`{"engine_source": 1, "current_timeslot": %s, "upcoming_timeslots": [%s, %s]}`,
		timeslot("Nachtlicht", now.Add(-time.Hour), change), timeslot("Abend", change, change.Add(time.Hour)), timeslot("Spät", change.Add(time.Hour), change.Add(2*time.Hour))), http.StatusNoContent)
	ctx.is("urgent", `document.querySelector("[data-part=showleft]").matches(".soon, .now")`)
	ctx.shows("show", "Abend")
	ctx.shows("next", "Spät")
	if time.Now().Before(change) {
		t.Error("the next show is shown before it began")
	}
	mustCall(t, http.MethodPost, s.url+"/api/v1/playlog", play(t, "Halah", time.Now()), http.StatusNoContent)
	ctx.shows("title", "Halah")
	ctx.shows("artist", "Mazzy Star")
}

// TestPages_Clock_DST: the clock follows the station's zone in the nights in which
// clocks are set, whatever the zone of the browser.
func TestPages_Clock_DST(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_STATION_TIMEZONE=Europe/Vienna")
	for name, night := range map[string]struct{ at, before, after string }{
		"Autumn": {"2026-10-25T00:59:50Z", "02:59", "02:00"},
		"Spring": {"2026-03-29T00:59:50Z", "01:59", "03:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTimeMachine(t, s.url)
			at, err := time.Parse(time.RFC3339, night.at)
			if err != nil {
				t.Fatal(err)
			}
			m.at.Store(&at)
			// Every time that is shown is kept: a busy machine may miss a look.
			c := openClock(t, m.url+"/clock")
			evaluate[any](t, c.ctx, `window.seen = []; const time = document.querySelector("[data-part=time]");
				const note = () => window.seen.push(time.textContent); note(); new MutationObserver(note).observe(time, {childList: true, characterData: true, subtree: true}); 0`)
			c.is("past the change", fmt.Sprintf(`window.seen.at(-1) === %q`, night.after))
			if seen := evaluate[[]string](t, c.ctx, `window.seen`); len(seen) > 3 || seen[len(seen)-1] != night.after {
				t.Errorf("the clock showed %q", seen)
			}
		})
	}
}

// TestPages_Clock_Frozen: if the server is not heard, the clock says so, and dims
// what it no longer knows. It comes back by itself.
func TestPages_Clock_Frozen(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	m := newTimeMachine(t, s.url)
	c := openClock(t, m.url+"/clock")
	c.is("fresh", `document.querySelector("[data-part=lamp-server]").matches(".good")`)
	thawed := make(chan struct{})
	m.frozen.Store(&thawed)
	c.is("stale", `document.getElementById("studio").matches(".stale")`)
	c.is("an alarm", `document.querySelector("[data-part=lamp-server]").matches(".bad")`)
	c.shows("heard", "Server last heard at")
	second := c.text("seconds")
	c.is("going on", fmt.Sprintf(`document.querySelector("[data-part=seconds]").textContent !== %q`, second))
	m.frozen.Store(nil)
	close(thawed)
	c.is("fresh again", `!document.getElementById("studio").matches(".stale")`)
}

// TestPages_Clock_WrongComputer: the clock is the server's, and says how wrong that
// of the computer is, also if that is set while the page is open.
func TestPages_Clock_WrongComputer(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_STATION_TIMEZONE=UTC")
	wrong := page.AddScriptToEvaluateOnNewDocumentParams{Source: `window.ahead = 3600_000; const real = Date.now.bind(Date); Date.now = () => real() + window.ahead`}
	c := openClock(t, s.url+"/clock", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, wrong)
		return err
	}))
	c.shows("alert", "3600.")
	c.shows("alert", "ahead")
	c.is("told", `!document.querySelector("[data-part=alert]").hidden`)
	patience.Await(t, func() error {
		if got, now := c.text("time"), time.Now().UTC(); got != now.Format("15:04") && got != now.Add(-5*time.Second).Format("15:04") {
			return fmt.Errorf("the clock shows %s", got)
		}
		return nil
	})
	evaluate[any](t, c.ctx, "window.ahead = -90_000")
	c.shows("alert", "90.")
	c.shows("alert", "behind")
	evaluate[any](t, c.ctx, "window.ahead = 0")
	c.is("quiet", `document.querySelector("[data-part=alert]").hidden`)
}
