package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/sync-node/internal/nodetest"
)

const (
	annSecret  = "ann-secret-0123456789"
	workSecret = "monitor-secret-0123456789"
)

// people are the settings of a station whose people sign in.
var people = map[string]string{
	"AURA_LOCAL_NEEDS_TOKEN": "true", "AURA_API_TOKENS": "ann:admin:" + annSecret + ",mon:monitor:" + workSecret,
	"AURA_SOURCE_NAMES": "1=Engine A,2=Engine B",
}

// person uses pages without scripts.
type person struct {
	t       testing.TB
	browser *http.Client
	base    string
}

func newPerson(t testing.TB, s *lifecycletest.Service) person {
	t.Helper()
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	return person{t, &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.URL}
}

// ask sends a request, and returns what is shown.
func (p person) ask(status int, method, path string, form url.Values) (page string, header http.Header) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://"+r.Host)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := p.browser.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if answer.StatusCode != status {
		p.t.Errorf("%s %s: %d, want %d\n%s", method, path, answer.StatusCode, status, body)
	}
	return string(body), answer.Header
}

// send sends a form and follows to the page that it leads to.
func (p person) send(path string, form url.Values) string {
	p.t.Helper()
	_, header := p.ask(http.StatusSeeOther, http.MethodPost, path, form)
	to, err := url.Parse(p.base + path)
	if err == nil {
		to, err = to.Parse(header.Get("Location"))
	}
	if err != nil || !strings.HasPrefix(to.String(), p.base+"/") {
		p.t.Fatalf("%s leads to %q, %v", path, header.Get("Location"), err)
	}
	page, _ := p.ask(http.StatusOK, http.MethodGet, strings.TrimPrefix(to.String(), p.base), nil)
	return page
}

func (p person) signIn(secret string) string {
	p.t.Helper()
	return p.send("/signin", url.Values{"token": {secret}, "next": {"/status"}})
}

var epochShown = regexp.MustCompile(`name="epoch" value="(\d+)"`)

// upon is the epoch of the page that is shown.
func upon(t testing.TB, page string) string {
	t.Helper()
	found := epochShown.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page names no epoch:\n%s", page)
	}
	return found[1]
}

func wantShown(t testing.TB, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not show %q:\n%s", text, page)
		}
	}
}

// TestStatus_signIn: who is not signed in sees the form and nothing else, whichever
// way the page is asked for.
func TestStatus_signIn(t *testing.T) {
	t.Parallel()
	p := newPerson(t, start(t, repotest.MigratedURL(t, repotest.KindSQLite), people))
	for _, ask := range []struct{ method, path string }{
		{http.MethodGet, "/status"}, {http.MethodGet, "/status?lang=de"}, {http.MethodPost, "/status/activate"}, {http.MethodPost, "/status/maintain"},
	} {
		page, header := p.ask(http.StatusUnauthorized, ask.method, ask.path, url.Values{"source": {"2"}})
		wantShown(t, page, `name="token"`, `name="next" value="/status"`)
		if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, Cache-Control %q", ask.path, kind, header.Get("Cache-Control"))
		}
		for _, inside := range []string{"Engine A", "Engine B", "sync-node", "127.0.0.1", "epoch"} {
			if strings.Contains(page, inside) {
				t.Errorf("%s %s tells %q", ask.method, ask.path, inside)
			}
		}
	}
	page, _ := p.ask(http.StatusUnauthorized, http.MethodPost, "/signin", url.Values{"token": {"guess-0123456789"}, "next": {"/status"}})
	wantShown(t, page, "This token is not known here.", `name="next" value="/status"`)
	if strings.Contains(page, "guess-") {
		t.Error("the page repeats what was entered")
	}
	page, _ = p.ask(http.StatusUnauthorized, http.MethodGet, "/reports?period=2020-Q2", nil)
	wantShown(t, page, `name="next" value="/reports?period=2020-Q2"`)
	if _, header := p.ask(http.StatusSeeOther, http.MethodPost, "/signin", url.Values{"token": {annSecret}, "next": {"/reports?period=2020-Q2"}}); header.Get("Location") != "reports?period=2020-Q2" {
		t.Errorf("signing in leads to %q", header.Get("Location"))
	}
	for _, next := range []string{"//evil.example/", `/\evil.example`, "https://evil.example/status", "/../evil", "javascript:alert(1)"} {
		_, header := p.ask(http.StatusSeeOther, http.MethodPost, "/signin", url.Values{"token": {annSecret}, "next": {next}})
		if to := header.Get("Location"); to != "status" {
			t.Errorf("next=%s leads to %q", next, to)
		}
	}
	wantShown(t, p.signIn(annSecret), "Engine A (1)", "Engine B (2)", "Signed in as ann", "Sign out")
	_, _ = p.ask(http.StatusSeeOther, http.MethodPost, "/signout", nil)
	p.ask(http.StatusUnauthorized, http.MethodGet, "/status", nil)
}

// TestStatus_forms: an administrator switches, pins, releases and says that somebody
// works on a source, by forms. The history names who did it. What is out of date or
// pinned is refused in words, with the page as it is now.
func TestStatus_forms(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), people)
	p := newPerson(t, s)
	page := p.signIn(annSecret)
	before := upon(t, page)
	page = p.send("/status/activate", url.Values{"source": {"2"}, "epoch": {before}, "pin": {"1"}, "reason": {"<b>1 & fallback</b>"}})
	wantShown(t, page, "<strong>Engine B (2)</strong>", "Pinned", "by ann", "&lt;b&gt;1 &amp; fallback&lt;/b&gt;", "Release")

	page, _ = p.ask(http.StatusPreconditionFailed, http.MethodPost, "/status/activate", url.Values{"source": {"1"}, "epoch": {before}})
	wantShown(t, page, "somebody else has switched meanwhile", "<strong>Engine B (2)</strong>")
	page, _ = p.ask(http.StatusPreconditionFailed, http.MethodPost, "/status/activate?lang=de", url.Values{"source": {"1"}, "epoch": {before}})
	wantShown(t, page, "Inzwischen hat jemand anderer umgeschaltet")
	for field, value := range map[string]string{"source": "two", "epoch": "", "source of nobody": "77"} {
		form := url.Values{"source": {"1"}, "epoch": {upon(t, page)}}
		name, _, _ := strings.Cut(field, " ")
		form.Set(name, value)
		refused, _ := p.ask(http.StatusBadRequest, http.MethodPost, "/status/activate", form)
		wantShown(t, refused, `role="alert"`, "<strong>Engine B (2)</strong>")
	}

	page = p.send("/status/activate", url.Values{"source": {"2"}, "epoch": {upon(t, page)}, "reason": {"released"}})
	if wantShown(t, page, "<strong>Engine B (2)</strong>"); strings.Contains(page, "Release") {
		t.Error("it is still pinned")
	}
	page = p.send("/status/maintain", url.Values{"source": {"1"}, "on": {"1"}, "reason": {"new disk"}})
	wantShown(t, page, "Maintenance</span>", "by ann", "new disk", "End maintenance")
	if page = p.send("/status/maintain", url.Values{"source": {"1"}}); strings.Contains(page, "End maintenance") {
		t.Error("maintenance did not end")
	}
	var history []api.ActivationRecord
	if text, _ := p.ask(http.StatusOK, http.MethodGet, "/api/v1/source/history", nil); json.Unmarshal([]byte(text), &history) != nil || len(history) != 2 || history[0].By != "ann" || history[1].By != "ann" || !history[1].Pinned {
		t.Errorf("the history is %+v", history)
	}
}

// TestStatus_subPath: the pages are right below a proxy's path, and the cookie is for
// that path alone.
func TestStatus_subPath(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), people)
	p := newPerson(t, s)
	proxy := httptest.NewServer(http.StripPrefix("/studio", &httputil.ReverseProxy{
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(mustParse(t, s.URL))
			r.Out.Host = r.In.Host
		},
	}))
	t.Cleanup(proxy.Close)
	p.base = proxy.URL + "/studio"
	page := p.signIn(annSecret)
	for _, found := range regexp.MustCompile(`(?:action|href|src)="([^"#]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(found[1], "/") || strings.Contains(found[1], "://") {
			t.Errorf("the page leads to %s", found[1])
		}
	}
	wantShown(t, p.send("/status/activate", url.Values{"source": {"2"}, "epoch": {upon(t, page)}}), "<strong>Engine B (2)</strong>")
	if cookies := p.browser.Jar.Cookies(mustParse(t, proxy.URL+"/")); len(cookies) > 0 {
		t.Errorf("other paths of the host get %v", cookies)
	}
	p.ask(http.StatusSeeOther, http.MethodPost, "/signout", nil)
	p.ask(http.StatusUnauthorized, http.MethodGet, "/status", nil)
}

// TestStatus_roles: a monitor's token sees the page, but no forms, and can't act.
func TestStatus_roles(t *testing.T) {
	t.Parallel()
	p := newPerson(t, start(t, repotest.MigratedURL(t, repotest.KindSQLite), people))
	page := p.signIn(workSecret)
	wantShown(t, page, "Engine A (1)", "Signed in as mon")
	if strings.Contains(page, "/activate") || strings.Contains(page, "/maintain") {
		t.Error("the page offers what it would refuse")
	}
	page, _ = p.ask(http.StatusForbidden, http.MethodPost, "/status/activate", url.Values{"source": {"2"}, "epoch": {"0"}})
	wantShown(t, page, "mon has the role monitor")
}

// TestStatus_processes: sync nodes over one database know one another's sessions.
func TestStatus_processes(t *testing.T) {
	t.Parallel()
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			at := repotest.URL(t, kind)
			first, second := start(t, at, people), start(t, at, people)
			p := newPerson(t, first)
			p.signIn(annSecret)
			cookies := p.browser.Jar.Cookies(mustParse(t, first.URL))
			other := newPerson(t, second)
			// Behind a balancer both have one address, and so the cookie one name.
			cookies[0].Name = "aura-session-" + mustParse(t, second.URL).Port()
			other.browser.Jar.SetCookies(mustParse(t, second.URL), cookies)
			page, _ := other.ask(http.StatusOK, http.MethodGet, "/status", nil)
			wantShown(t, page, "Signed in as ann")
			other.ask(http.StatusSeeOther, http.MethodPost, "/signout", nil)
			p.ask(http.StatusUnauthorized, http.MethodGet, "/status", nil)
		})
	}
}

// report has source 1 say how it is.
func report(t testing.TB, s *lifecycletest.Service, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/api/v1/source/health/1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+annSecret)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusNoContent {
		t.Fatalf("a report of health is answered %d", answer.StatusCode)
	}
}

func mustParse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestStatus_shows: the page shows each node with what waits there, the monitor with
// what it sees, and times when a source was not good.
func TestStatus_shows(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, 1)
	monitor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/status" {
			http.NotFound(w, r)
			return
		}
		now := time.Now().UTC().Format(time.RFC3339Nano)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"now": %q, "name": "desk", "version": "9.8.7", "acting": true, "acting_detail": "holds the lease", "alarm": "no source is up",
			"sources": [{"number": 1, "state": "down", "reason": "no heartbeat for 4.5 s", "since": %q, "heard": %q, "lost": 7}]}`, now, now, now)
	}))
	t.Cleanup(monitor.Close)
	settings := map[string]string{"AURA_MAIN_HOST_1": node.URL, "AURA_MONITORS": monitor.URL + ",http://127.0.0.1:1"}
	for name, value := range people {
		settings[name] = value
	}
	settings["AURA_API_TOKENS"] += ",n1:node:node-secret-0123456789"
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite), settings)
	p := newPerson(t, s)
	for i, healthy := range []bool{true, false, true} {
		at := time.Now().Add(time.Duration(i-3) * 90 * time.Second).UTC().Format(time.RFC3339)
		report(t, s, fmt.Sprintf(`{"is_healthy": %t, "log_time": %q, "details": "sound card %d"}`, healthy, at, i))
	}
	page := p.signIn(annSecret)
	wantShown(t, page, "Down", "no heartbeat for 4.5 s", "no source is up", "7 / 60", "status-monitor", "desk", "9.8.7", "does not answer", "http://127.0.0.1:1",
		"1 time when it was not good", "Not healthy", "sound card 1", "engine-api", node.URL, `class="bad"`)
}
