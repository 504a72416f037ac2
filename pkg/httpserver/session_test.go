package httpserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/answercache"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo/repotest"
)

// sessions are those of tests, which may look at them and change them. Err is what
// each call returns instead.
type sessions struct {
	mu   sync.Mutex
	kept map[model.SessionID]model.Session
	Err  error
}

func (s *sessions) do(what func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err == nil {
		what()
	}
	return s.Err
}

func (s *sessions) StartSession(_ context.Context, n model.Session) error {
	return s.do(func() { s.kept[n.ID] = n })
}

func (s *sessions) ProlongSession(ctx context.Context, n model.Session) error {
	return s.StartSession(ctx, n)
}

func (s *sessions) EndSession(_ context.Context, id model.SessionID) error {
	return s.do(func() { delete(s.kept, id) })
}

func (s *sessions) Session(_ context.Context, id model.SessionID) (found model.Session, err error) {
	ok := false
	if err = s.do(func() { found, ok = s.kept[id] }); err == nil && !ok {
		err = model.ErrNotFound
	}
	return found, err
}

// shift moves all sessions in time.
func (s *sessions) shift(by time.Duration) {
	_ = s.do(func() {
		for id, one := range s.kept {
			one.Created, one.Expires = one.Created.Add(by), one.Expires.Add(by)
			s.kept[id] = one
		}
	})
}

func (s *sessions) all() (all []model.Session) {
	_ = s.do(func() {
		for _, one := range s.kept {
			all = append(all, one)
		}
	})
	return all
}

// signing is a server on whose pages people sign in.
func signing(t *testing.T, store httpserver.Sessions, change ...func(*httpserver.Config, *httpserver.Options)) *httpserver.Server {
	t.Helper()
	cfg, o := httpserver.Config{Listen: "127.0.0.1:0", LocalToken: true}, httpserver.Options{Log: zerolog.Nop(), Sessions: store}
	for _, f := range append([]func(*httpserver.Config, *httpserver.Options){withTokens(t)}, change...) {
		f(&cfg, &o)
	}
	s, err := httpserver.New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Register(stub{})
	answer := func(c *gin.Context, err error) {
		if err != nil {
			_ = c.Error(err)
			return
		}
		c.Status(http.StatusNoContent)
	}
	s.Handle(http.MethodPost, "/signin", httpserver.Public, func(c *gin.Context) { answer(c, s.SignIn(c, c.PostForm("token"))) })
	s.Handle(http.MethodPost, "/signout", httpserver.Public, func(c *gin.Context) { answer(c, s.SignOut(c)) })
	s.Handle(http.MethodGet, "/status", httpserver.Only(httpserver.RoleAdmin), func(c *gin.Context) {
		ctx := c.Request.Context()
		c.String(http.StatusOK, "%s %s %t", httpserver.Caller(ctx).Name, httpserver.Caller(ctx).Role, httpserver.SignedIn(ctx))
	})
	return s
}

// browse is a request that the browser of another host makes for a page of the
// server.
func browse(h http.Handler, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr, r.Host = "192.0.2.7:5555", "radio.example"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", "http://radio.example")
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func form(secret string) string { return url.Values{"token": {secret}}.Encode() }

// signedIn signs in, and returns what the browser shows from then on.
func signedIn(t *testing.T, h http.Handler, secret string, change ...func(*http.Request)) func(*http.Request) {
	t.Helper()
	w := browse(h, "POST", "/signin", form(secret), change...)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusNoContent || len(cookies) != 1 {
		t.Fatalf("%d %s, cookies %v", w.Code, w.Body, cookies)
	}
	return cookie(cookies[0].Name, cookies[0].Value)
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

// wantStatus asks for a page that only admins see.
func wantStatus(t *testing.T, what string, h http.Handler, status int, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	w := browse(h, "GET", "/status", "", change...)
	if w.Code != status {
		t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, status)
	}
	return w
}

// TestSignIn: with the secret of a token somebody acts as that token, until signing
// out. Roles are those of the token.
func TestSignIn(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	h := signing(t, store).Handler()
	wantStatus(t, "nobody", h, 401)
	ann := signedIn(t, h, " "+adminSecret+"\n")
	if w := wantStatus(t, "signed in", h, 200, ann); w.Body.String() != "ann admin true" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the page says %q, Cache-Control %q", w.Body, w.Header().Get("Cache-Control"))
	}
	if w := browse(h, "PUT", "/api/v1/source/active/1", "", ann); w.Code != 204 {
		t.Errorf("a write: %d %s", w.Code, w.Body)
	}
	if w := wantStatus(t, "with a token", h, 200, ann, header("Authorization", "Bearer "+adminSecret)); w.Body.String() != "ann admin false" {
		t.Errorf("the page says %q", w.Body)
	}
	monitor := signedIn(t, h, monitorSecret)
	wantStatus(t, "another role", h, 403, monitor)
	out := browse(h, "POST", "/signout", "", ann)
	if set := out.Header().Get("Set-Cookie"); out.Code != 204 || !strings.HasPrefix(set, "aura-session=;") || !strings.Contains(set, "Max-Age=0") {
		t.Errorf("signing out: %d %s, %s", out.Code, out.Body, set)
	}
	wantStatus(t, "signed out", h, 401, ann)
	if left := store.all(); len(left) != 1 || left[0].Name != "mon" {
		t.Errorf("left are %v", left)
	}
}

// TestSignIn_cookie: the cookie is only for this host, for what is below the page,
// and for requests of its pages. Scripts do not see it, and over TLS it never
// travels in the clear.
func TestSignIn_cookie(t *testing.T) {
	t.Parallel()
	h := signing(t, &sessions{kept: map[model.SessionID]model.Session{}}).Handler()
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   string
	}{
		"plain":                       {nil, "aura-session=; HttpOnly; SameSite=Strict"},
		"a port":                      {[]func(*http.Request){host("radio.example:8010"), header("Origin", "http://radio.example:8010")}, "aura-session-8010=; HttpOnly; SameSite=Strict"},
		"TLS":                         {[]func(*http.Request){tlsOn}, "__Secure-aura-session=; HttpOnly; Secure; SameSite=Strict"},
		"TLS at a declared proxy":     {[]func(*http.Request){peer("10.1.2.3:1"), header("X-Forwarded-For", "192.0.2.7"), header("X-Forwarded-Proto", "https")}, "__Secure-aura-session=; HttpOnly; Secure; SameSite=Strict"},
		"TLS at the first of proxies": {[]func(*http.Request){peer("10.1.2.3:1"), header("X-Forwarded-Proto", "HTTPS, http")}, "__Secure-aura-session=; HttpOnly; Secure; SameSite=Strict"},
		"somebody says TLS":           {[]func(*http.Request){header("X-Forwarded-Proto", "https")}, "aura-session=; HttpOnly; SameSite=Strict"},
	} {
		w := browse(h, "POST", "/signin", form(adminSecret), c.change...)
		set := w.Header()["Set-Cookie"]
		if len(set) != 1 {
			t.Errorf("%s: %d %s, cookies %q", name, w.Code, w.Body, set)
			continue
		}
		value := w.Result().Cookies()[0].Value
		if got := strings.Replace(set[0], value, "", 1); got != c.want || len(value) != 43 {
			t.Errorf("%s: %s, want %s", name, set[0], c.want)
		}
	}
	secure := signedIn(t, h, adminSecret, tlsOn)
	wantStatus(t, "over TLS", h, 200, secure, tlsOn)
	wantStatus(t, "in the clear", h, 401, secure)
	plain := signedIn(t, h, adminSecret)
	wantStatus(t, "set in the clear", h, 401, plain, tlsOn)
}

// TestSignIn_foreignPage: the page of another site can't sign anybody in or out, or
// write with the session of who looks at it. A request that says nothing of its page
// counts as foreign.
func TestSignIn_foreignPage(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	h := signing(t, store).Handler()
	ann := signedIn(t, h, adminSecret)
	for name, c := range map[string]struct {
		headers map[string]string
		own     bool
	}{
		"own page":                         {map[string]string{"Origin": "http://radio.example"}, true},
		"own page by its fetch":            {map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"own page, the proxy changes Host": {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://studio.example"}, true},
		"another site":                     {map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		"another site, an older browser":   {map[string]string{"Origin": "https://evil.example"}, false},
		"another origin of the site":       {map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://www.radio.example"}, false},
		"another port":                     {map[string]string{"Origin": "http://radio.example:8011"}, false},
		"the page of nobody":               {map[string]string{"Origin": "null"}, false},
		"the address bar":                  {map[string]string{"Sec-Fetch-Site": "none"}, false},
		"says nothing":                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			as := func(r *http.Request) {
				r.Header.Del("Origin")
				for name, value := range c.headers {
					r.Header.Set(name, value)
				}
			}
			want := map[string]int{"write": 204, "sign in": 204, "sign out": 204}
			if !c.own {
				want = map[string]int{"write": 403, "sign in": 403, "sign out": 403}
				if c.headers != nil && c.headers["Sec-Fetch-Site"] != "none" { // says that it is foreign
					want["write"] = 401
				}
			}
			for what, w := range map[string]*httptest.ResponseRecorder{
				"write":    browse(h, "PUT", "/api/v1/source/active/1", "", ann, as),
				"sign in":  browse(h, "POST", "/signin", form(adminSecret), as),
				"sign out": browse(h, "POST", "/signout", "", as),
			} {
				if w.Code != want[what] || w.Code != 204 && w.Header()["Set-Cookie"] != nil {
					t.Errorf("%s: %d %s, want %d; cookies %q", what, w.Code, w.Body, want[what], w.Header()["Set-Cookie"])
				}
			}
			if w := browse(h, "POST", "/signout", "", ann, as); !c.own && w.Code != 403 {
				t.Errorf("sign out: %d", w.Code)
			}
			if c.own {
				ann = signedIn(t, h, adminSecret)
			}
			wantStatus(t, "a read", h, 200, ann, as)
		})
	}
}

// TestSignIn_fixation: nobody can choose the session that another one will have, and
// what the browser showed before is over.
func TestSignIn_fixation(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	h := signing(t, store).Handler()
	const chosen = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	signedIn(t, h, adminSecret, cookie("aura-session", chosen))
	wantStatus(t, "chosen before", h, 401, cookie("aura-session", chosen))
	monitor := signedIn(t, h, monitorSecret)
	ann := signedIn(t, h, adminSecret, monitor)
	wantStatus(t, "of before", h, 401, monitor)
	wantStatus(t, "of now", h, 200, ann)
	wantStatus(t, "below a wrong one", h, 200, cookie("aura-session", chosen), ann)
	if w := browse(h, "POST", "/signin", form("no such token 0123456789"), ann); w.Code != 401 || w.Header()["Set-Cookie"] != nil {
		t.Errorf("a wrong secret: %d, cookies %q", w.Code, w.Header()["Set-Cookie"])
	}
	wantStatus(t, "after a wrong secret", h, 200, ann)
}

// TestSession_ends: a session ends by itself, and with its token.
func TestSession_ends(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	s := signing(t, store)
	h := s.Handler()
	ann := signedIn(t, h, adminSecret)
	first := store.all()[0].Expires
	store.shift(-model.SessionIdle + time.Minute)
	wantStatus(t, "a minute before the end", h, 200, ann)
	if prolonged := store.all()[0].Expires; prolonged.Before(first) {
		t.Errorf("it ends at %s, before it was used at %s", prolonged, first)
	}
	store.shift(-model.SessionIdle)
	wantStatus(t, "after the end", h, 401, ann)

	ann = signedIn(t, h, adminSecret)
	const other = "another:secret:0123456789"
	for _, step := range []struct {
		tokens string
		status int
	}{
		{"bob:admin:" + other + ",ann:admin:" + adminSecret, 200},
		{"bob:admin:" + other, 401},
		{"ann:admin:" + other, 401},
		{"bob:admin:" + other + ",ann:node:" + adminSecret, 401},
		{"bob:admin:" + other + ",anna:admin:" + adminSecret, 401},
	} {
		var cfg httpserver.Config
		if err := cfg.Tokens.UnmarshalText([]byte(step.tokens)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reload(cfg); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, step.tokens, h, step.status, ann)
	}
}

// TestSession_unavailable: a database that is away is no reason to ask somebody to
// sign in again. What is public is answered.
func TestSession_unavailable(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	h := signing(t, store).Handler()
	ann := signedIn(t, h, adminSecret)
	store.Err = fmt.Errorf("read: %w", model.ErrUnavailable)
	wantStatus(t, "away", h, 503, ann)
	wantStatus(t, "away, with a token", h, 200, ann, header("Authorization", "Bearer "+adminSecret))
	for what, w := range map[string]*httptest.ResponseRecorder{
		"sign in":  browse(h, "POST", "/signin", form(adminSecret)),
		"sign out": browse(h, "POST", "/signout", "", ann),
	} {
		if w.Code != 503 || w.Header()["Set-Cookie"] != nil {
			t.Errorf("%s: %d, cookies %q", what, w.Code, w.Header()["Set-Cookie"])
		}
	}
	if w := browse(h, "GET", "/api/v1/trackservice/current", "", ann); w.Code != 200 {
		t.Errorf("public: %d", w.Code)
	}
	store.Err = nil
	wantStatus(t, "back", h, 200, ann)
}

// TestSignIn_limit: an address can't try secrets one after the other. The log names
// who signed in, and no secret.
func TestSignIn_limit(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	h := signing(t, store, func(_ *httpserver.Config, o *httpserver.Options) { o.Log = zerolog.New(&log) }).Handler()
	var got []int
	for i := range 12 {
		got = append(got, browse(h, "POST", "/signin", form(fmt.Sprint("a guess of somebody ", i))).Code)
	}
	if want := append(slices.Repeat([]int{401}, 10), 429, 429); !slices.Equal(got, want) {
		t.Errorf("guesses: %v, want %v", got, want)
	}
	if w := browse(h, "POST", "/signin", form(adminSecret)); w.Code != 429 {
		t.Errorf("the right one after that: %d", w.Code)
	}
	signedIn(t, h, adminSecret, peer("192.0.2.8:1"))
	if text := log.String(); strings.Contains(text, "guess of") || strings.Contains(text, adminSecret) || strings.Contains(text, "aura-session") {
		t.Errorf("the log tells too much: %s", text)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, `"path":"/signin"`) || !strings.Contains(last, `"caller":"ann"`) || !strings.Contains(last, `"client":"192.0.2.8"`) {
		t.Errorf("the log says %s", last)
	}
	if first := lines[0]; !strings.Contains(first, `"level":"warn"`) || !strings.Contains(first, `"caller":""`) {
		t.Errorf("the log says %s", first)
	}
}

// TestSignIn_form: a form is no longer than other bodies.
func TestSignIn_form(t *testing.T) {
	t.Parallel()
	h := signing(t, &sessions{kept: map[model.SessionID]model.Session{}}).Handler()
	fill := func(length int) string {
		return form(adminSecret) + "&x=" + strings.Repeat("y", length-len(form(adminSecret)+"&x="))
	}
	for length, want := range map[int]int{64 << 10: 204, 64<<10 + 1: 413} {
		if w := browse(h, "POST", "/signin", fill(length)); w.Code != want {
			t.Errorf("%d bytes: %d %s, want %d", length, w.Code, w.Body, want)
		}
	}
}

// TestSession_cache: the cache of answers neither keeps what somebody sees who is
// signed in, or what is not public, nor shows that person what it keeps for others.
func TestSession_cache(t *testing.T) {
	t.Parallel()
	store := &sessions{kept: map[model.SessionID]model.Session{}}
	s := signing(t, store, func(c *httpserver.Config, o *httpserver.Options) {
		c.LocalToken = false
		o.Wrap = answercache.New(answercache.Config{}).Middleware
	})
	s.Handle(http.MethodGet, "/now", httpserver.Public, func(c *gin.Context) {
		answercache.Keep(c.Request.Context(), answercache.Policy{Until: time.Now().Add(time.Hour), MaxAge: time.Hour})
		c.String(http.StatusOK, "hello "+httpserver.Caller(c.Request.Context()).Name)
	})
	s.Handle(http.MethodGet, "/inside", httpserver.Only(httpserver.RoleAdmin), func(c *gin.Context) {
		answercache.Keep(c.Request.Context(), answercache.Policy{Until: time.Now().Add(time.Hour), MaxAge: time.Hour}) // by mistake
		c.String(http.StatusOK, "a secret")
	})
	h := s.Handler()
	ann := signedIn(t, h, adminSecret)
	for range 2 {
		if w := browse(h, "GET", "/inside", "", peer("127.0.0.1:1"), host("localhost")); w.Code != 200 {
			t.Errorf("from the host: %d", w.Code)
		}
		if w := browse(h, "GET", "/inside", ""); w.Code != 401 {
			t.Errorf("from elsewhere: %d %s", w.Code, w.Body)
		}
		for want, change := range map[string]func(*http.Request){"hello ann": ann, "hello ": func(*http.Request) {}} {
			w := browse(h, "GET", "/now", "", change)
			if w.Body.String() != want || (w.Header().Get("Cache-Control") == "no-store") != (want == "hello ann") {
				t.Errorf("%q with Cache-Control %q, want %q", w.Body, w.Header().Get("Cache-Control"), want)
			}
		}
	}
}

// TestSession_twoServers: servers over one database know one another's sessions.
// Each is below a path of one host; another service is next to them.
func TestSession_twoServers(t *testing.T) {
	t.Parallel()
	at := repotest.MigratedURL(t, repotest.KindSQLite)
	first, second := repotest.OpenURL(t, at), repotest.OpenURL(t, at)
	turn := 0
	serve := func(h http.Handler) *url.URL {
		backend := httptest.NewServer(h)
		t.Cleanup(backend.Close)
		at, err := url.Parse(backend.URL)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	backends := []*url.URL{serve(signing(t, first).Handler()), serve(signing(t, second).Handler())}
	other := serve(signing(t, repotest.Open(t, repotest.KindSQLite)).Handler())
	transport := &http.Transport{DisableKeepAlives: true}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.Host = r.In.Host
		if path, ok := strings.CutPrefix(r.In.URL.Path, "/studio"); ok {
			turn++
			r.Out.URL.Path = path
			r.Out.URL.Scheme, r.Out.URL.Host = "http", backends[turn%2].Host
			return
		}
		r.Out.URL.Scheme, r.Out.URL.Host = "http", other.Host
	}})
	t.Cleanup(proxy.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Transport: transport}
	ask := func(method, path, body string, status int, want string) {
		t.Helper()
		r, err := http.NewRequest(method, proxy.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Origin", proxy.URL)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != status || !strings.Contains(string(text), want) {
			t.Errorf("%s %s: %d %s, %v", method, path, answer.StatusCode, text, err)
		}
	}
	ask("POST", "/studio/signin", form(adminSecret), 204, "")
	for range 4 {
		ask("GET", "/studio/status", "", 200, "ann admin true")
	}
	ask("GET", "/status", "", 401, "") // the cookie does not travel there
	ask("POST", "/signin", form(adminSecret), 204, "")
	for range 2 {
		ask("GET", "/status", "", 200, "ann admin true")
		ask("GET", "/studio/status", "", 200, "ann admin true")
	}
	ask("POST", "/studio/signout", "", 204, "")
	for range 2 {
		ask("GET", "/studio/status", "", 401, "")
		ask("GET", "/status", "", 200, "ann admin true")
	}
}

func tlsOn(r *http.Request) { r.TLS = new(tls.ConnectionState) }
