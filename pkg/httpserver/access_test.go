package httpserver_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/config"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

const (
	engineSecret  = "engine-secret-0123456789"
	nodeSecret    = "node-secret-0123456789"
	monitorSecret = "monitor-secret-0123456789"
	adminSecret   = "admin:secret:0123456789"
)

func withTokens(t testing.TB) func(*httpserver.Config, *httpserver.Options) {
	return func(c *httpserver.Config, _ *httpserver.Options) {
		list := "engine1:engine:" + engineSecret + ",node1:node:" + nodeSecret + "\nmon:monitor:" + monitorSecret + ", ann:admin:" + adminSecret
		if err := c.Tokens.UnmarshalText([]byte(list)); err != nil {
			t.Fatal(err)
		}
		if err := c.TrustedProxies.UnmarshalText([]byte("10.0.0.0/8, 127.0.0.2, fd00::1")); err != nil {
			t.Fatal(err)
		}
	}
}

// withEngines admits the engines of a network, also if they call the service by
// the name engine-api.
func withEngines(t testing.TB, networks string) func(*httpserver.Config, *httpserver.Options) {
	return func(_ *httpserver.Config, o *httpserver.Options) {
		o.Engines.Hostnames = []string{"engine-api"}
		if err := o.Engines.Networks.UnmarshalText([]byte(networks)); err != nil {
			t.Fatal(err)
		}
	}
}

// basic is a name and secret that a program read from its URL.
func basic(name, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, secret) }
}

// remote makes a request come from another host.
func remote(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.7:5555", "radio.example" }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func peer(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func TestAccess_Host(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, withTokens(t))
	is := func(changes ...func(*http.Request)) []func(*http.Request) { return changes }
	cases := map[string]struct {
		change      []func(*http.Request)
		read, write int
	}{
		"loopback":                          {is(), 200, 204},
		"loopback IPv6":                     {is(peer("[::1]:1"), host("[::1]:8008")), 200, 204},
		"loopback IPv4 in IPv6":             {is(peer("[::ffff:127.0.0.1]:1")), 200, 204},
		"loopback without port":             {is(host("localhost")), 200, 204},
		"loopback by number":                {is(host("127.0.0.1:80")), 200, 204},
		"loopback, dot at the end":          {is(host("LocalHost.:80")), 200, 204},
		"another host":                      {is(remote), 401, 401},
		"another host that says localhost":  {is(peer("192.0.2.7:1"), host("localhost")), 401, 401},
		"DNS rebinding":                     {is(host("evil.example:8008")), 401, 401},
		"DNS rebinding, alike":              {is(host("localhost.evil.example")), 401, 401},
		"DNS rebinding, address":            {is(host("192.0.2.1")), 401, 401},
		"no host":                           {is(host("")), 401, 401},
		"page of another site":              {is(header("Origin", "https://evil.example")), 200, 401},
		"page of nobody":                    {is(header("Origin", "null")), 200, 401},
		"page of another port":              {is(header("Origin", "http://localhost:3000")), 200, 401},
		"own page":                          {is(header("Origin", "http://localhost:8008"), header("Sec-Fetch-Site", "same-origin")), 200, 204},
		"cross-site by its fetch":           {is(header("Sec-Fetch-Site", "cross-site")), 200, 401},
		"same-site by its fetch":            {is(header("Sec-Fetch-Site", "same-site")), 200, 401},
		"typed into the address bar":        {is(header("Sec-Fetch-Site", "none")), 200, 204},
		"undeclared proxy here":             {is(header("X-Forwarded-For", "198.51.100.1")), 401, 401},
		"undeclared proxy here, spoofed":    {is(header("X-Forwarded-For", "127.0.0.1")), 401, 401},
		"undeclared proxy, Forwarded":       {is(header("Forwarded", "for=127.0.0.1")), 401, 401},
		"undeclared proxy, X-Real-IP":       {is(header("X-Real-IP", "127.0.0.1")), 401, 401},
		"undeclared proxy, Via":             {is(header("Via", "1.1 proxy")), 401, 401},
		"undeclared proxy, its scheme":      {is(header("X-Forwarded-Proto", "https")), 401, 401},
		"undeclared proxy, its host":        {is(header("X-Forwarded-Host", "radio.example")), 401, 401},
		"undeclared proxy, HTTP/1.0":        {is(func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 1, 0 }), 401, 401},
		"declared proxy, from far":          {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "198.51.100.1")), 401, 401},
		"declared proxy, from here":         {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "127.0.0.1")), 200, 204},
		"declared proxy, spoofed":           {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "127.0.0.1, 198.51.100.1")), 401, 401},
		"declared proxies in a row":         {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "127.0.0.1, 10.1.2.3")), 200, 204},
		"declared proxies, spoofed":         {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "127.0.0.1, 198.51.100.1, 10.1.2.3")), 401, 401},
		"declared proxy, nonsense":          {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "me")), 401, 401},
		"declared proxy, only X-Real-IP":    {is(peer("127.0.0.2:1"), header("X-Real-IP", "127.0.0.1")), 401, 401},
		"declared proxy, other name":        {is(peer("127.0.0.2:1"), header("X-Forwarded-For", "127.0.0.1"), host("radio.example")), 401, 401},
		"a stranger claims to be a proxy":   {is(peer("192.0.2.7:1"), header("X-Forwarded-For", "127.0.0.1")), 401, 401},
		"another host with a good token":    {is(remote, header("Authorization", "Bearer "+adminSecret)), 200, 204},
		"DNS rebinding, but with a token":   {is(host("evil.example"), header("Authorization", "bearer "+adminSecret)), 200, 204},
		"another host, wrong token":         {is(remote, header("Authorization", "Bearer admin:secret:012345678")), 401, 401},
		"another host, empty token":         {is(remote, header("Authorization", "Bearer ")), 401, 401},
		"another host, Basic":               {is(remote, basic("ann", adminSecret)), 401, 401},
		"local, wrong token":                {is(header("Authorization", "Bearer nonsense")), 200, 204},
		"local, token of too small a right": {is(header("Authorization", "Bearer "+nodeSecret)), 200, 204},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, e := range []struct {
				method, path, body string
				want               int
			}{
				{"GET", "/api/v1/report/2020-06", "", c.read},
				{"GET", "/api/v1/report/2020-06/holes", "", c.read},
				{"GET", "/api/v1/report?from=2020-06-27&to=2020-07-03", "", c.read},
				{"GET", "/api/v1/report/holes?from=2020-06-27&to=2020-07-03", "", c.read},
				{"PUT", "/api/v1/source/active/1", "", c.write},
				{"GET", "/api/v1/trackservice/current", "", 200},
				{"GET", "/metrics", "", c.read},
			} {
				r := httpservertest.Request(e.method, e.path, e.body)
				for _, change := range c.change {
					change(r)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != e.want {
					t.Errorf("%s %s: %d, want %d: %s", e.method, e.path, w.Code, e.want, w.Body)
				}
				if w.Code == 401 && !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), `Bearer realm="aura"`) {
					t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
				}
			}
		})
	}
}

// TestAccess_olderHTTP: a program of this host that speaks HTTP/1.0 is told why
// it is asked for a token.
func TestAccess_olderHTTP(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for minor, told := range map[int]bool{0: true, 1: false} {
		r := httpservertest.Request("PUT", "/api/v1/source/active/1", "")
		r.ProtoMajor, r.ProtoMinor = 1, minor
		if minor == 1 {
			r.Host = "radio.example"
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		p := wantProblem(t, w, 401)
		if strings.Contains(*p.Detail, "This request is HTTP/1.0") != told {
			t.Errorf("HTTP/1.%d: %s", minor, *p.Detail)
		}
	}
}

// TestAccess_LocalNeedsToken: behind a proxy that does not identify itself,
// nobody is taken for a program of this host.
func TestAccess_LocalNeedsToken(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, withTokens(t), func(c *httpserver.Config, _ *httpserver.Options) { c.LocalToken = true })
	for _, e := range []struct {
		method, path string
		secret       string
		want         int
	}{
		{"GET", "/api/v1/trackservice/current", "", 200},
		{"GET", "/metrics", "", 401},
		{"PUT", "/api/v1/source/active/1", "", 401},
		{"PUT", "/api/v1/source/active/1", engineSecret, 403},
		{"PUT", "/api/v1/source/active/1", adminSecret, 204},
	} {
		r := httpservertest.Request(e.method, e.path, "")
		if e.secret != "" {
			r.Header.Set("Authorization", "Bearer "+e.secret)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != e.want {
			t.Errorf("%s %s: %d, want %d: %s", e.method, e.path, w.Code, e.want, w.Body)
		}
		if w.Code == 401 && strings.Contains(w.Body.String(), "A program on this host") {
			t.Errorf("it says that none is needed: %s", w.Body)
		}
	}
}

// TestAccess_Basic: name and secret are good for a token of the role engine, as
// its bearer token is, and nobody is asked for them.
func TestAccess_Basic(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, withTokens(t))
	for name, c := range map[string]struct {
		change         []func(*http.Request)
		play, activate int
	}{
		"engine":               {[]func(*http.Request){basic("engine1", engineSecret)}, 204, 403},
		"engine, own page":     {[]func(*http.Request){basic("engine1", engineSecret), header("Origin", "https://radio.example"), header("Sec-Fetch-Site", "same-origin")}, 204, 403},
		"another name":         {[]func(*http.Request){basic("engine2", engineSecret)}, 401, 401},
		"no name":              {[]func(*http.Request){basic("", engineSecret)}, 401, 401},
		"another secret":       {[]func(*http.Request){basic("engine1", engineSecret+"0")}, 401, 401},
		"no secret":            {[]func(*http.Request){basic("engine1", "")}, 401, 401},
		"another one's secret": {[]func(*http.Request){basic("engine1", nodeSecret)}, 401, 401},
		"node":                 {[]func(*http.Request){basic("node1", nodeSecret)}, 401, 401},
		"admin":                {[]func(*http.Request){basic("ann", adminSecret)}, 401, 401},
		"no base64":            {[]func(*http.Request){header("Authorization", "Basic engine1:"+engineSecret)}, 401, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, e := range []struct {
				method, path, body string
				want               int
			}{{"POST", "/api/v1/playlog", play, c.play}, {"PUT", "/api/v1/source/active/1", "", c.activate}} {
				r := httpservertest.Request(e.method, e.path, e.body)
				remote(r)
				for _, change := range c.change {
					change(r)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != e.want {
					t.Errorf("%s: %d, want %d: %s", e.path, w.Code, e.want, w.Body)
				}
				if strings.Contains(strings.Join(w.Header().Values("WWW-Authenticate"), ","), "Basic") {
					t.Errorf("it asks for a name and a secret: %q", w.Header())
				}
			}
		})
	}
}

// TestAccess_Engines: from their networks plays, health and clock need no token,
// and everything else does.
func TestAccess_Engines(t *testing.T) {
	t.Parallel()
	const engine = "172.18.0.5:4000"
	is := func(changes ...func(*http.Request)) []func(*http.Request) { return changes }
	for name, c := range map[string]struct {
		networks string
		change   []func(*http.Request)
		want     int
	}{
		"by address":                  {"172.18.0.0/16", is(peer(engine), host("172.18.0.2:8008")), 204},
		"by IPv6 address":             {"fd00:1::/64", is(peer("[fd00:1::5]:1"), host("[fd00:1::2]:8008")), 204},
		"by name":                     {"172.18.0.5", is(peer(engine), host("Engine-API:8008")), 204},
		"by localhost":                {"172.18.0.5", is(peer(engine), host("localhost:8008")), 204},
		"with a wrong token":          {"172.18.0.5", is(peer(engine), host("engine-api"), header("Authorization", "Bearer nonsense")), 204},
		"behind a declared proxy":     {"172.18.0.5", is(peer("10.1.1.1:1"), host("engine-api"), header("X-Forwarded-For", "172.18.0.5")), 204},
		"off":                         {"", is(peer(engine), host("172.18.0.2")), 401},
		"another network":             {"172.18.0.0/16", is(peer("172.19.0.5:1"), host("172.18.0.2")), 401},
		"by another name":             {"172.18.0.5", is(peer(engine), host("evil.example:8008")), 401},
		"by a name alike":             {"172.18.0.5", is(peer(engine), host("engine-api.evil.example")), 401},
		"by no name":                  {"172.18.0.5", is(peer(engine), host("")), 401},
		"behind an undeclared proxy":  {"172.18.0.5", is(peer(engine), host("engine-api"), header("X-Forwarded-For", "172.18.0.5")), 401},
		"the declared proxy's visits": {"10.0.0.0/8", is(peer("10.1.1.1:1"), host("engine-api"), header("X-Forwarded-For", "192.0.2.7")), 401},
		"pretends to be an engine":    {"172.18.0.5", is(peer("192.0.2.7:1"), host("engine-api"), header("X-Forwarded-For", "172.18.0.5")), 401},
		"another site's page":         {"172.18.0.5", is(peer(engine), host("engine-api"), header("Origin", "https://evil.example")), 401},
		"a sandbox":                   {"172.18.0.5", is(peer(engine), host("engine-api"), header("Origin", "null")), 401},
		"same site":                   {"172.18.0.5", is(peer(engine), host("engine-api"), header("Sec-Fetch-Site", "same-site")), 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var caller httpserver.Identity
			h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
				caller = httpserver.Caller(ctx)
				return nil
			}}, withTokens(t), withEngines(t, c.networks))
			isLenient := lenientOperations(t)
			for _, e := range endpoints {
				r := httpservertest.Request(e.Method, e.Path, e.Body)
				for _, change := range c.change {
					change(r)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				want := 401
				if isLenient[strings.ToLower(e.ID)] {
					want = c.want
				}
				if w.Code != want && w.Code != 200 { // public
					t.Errorf("%s: %d, want %d: %s", e.ID, w.Code, want, w.Body)
				}
			}
			if want := (httpserver.Identity{Name: "network", Role: "engine"}); c.want == 204 && caller != want {
				t.Errorf("the caller is %+v", caller)
			}
		})
	}
}

// TestAccess_EnginesAtOnce: an engine whose requests were held up sends all of
// them in a moment.
func TestAccess_EnginesAtOnce(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, withEngines(t, "172.18.0.5"), func(c *httpserver.Config, _ *httpserver.Options) { c.RateLimit = 1 })
	for range 10 {
		r := httpservertest.Request("POST", "/api/v1/playlog", play)
		r.RemoteAddr, r.Host = "172.18.0.5:1", "engine-api"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

func TestAccess_Roles(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, withTokens(t))
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"engine": engineSecret, "node": nodeSecret, "monitor": monitorSecret, "admin": adminSecret}
	for _, e := range endpoints {
		public, allowed := false, map[string]bool{}
		for _, item := range doc.Paths.Map() {
			for _, op := range item.Operations() {
				if strings.EqualFold(op.OperationID, e.ID) {
					public = op.Security != nil && len(*op.Security) == 0
					list, _ := op.Extensions["x-roles"].([]any)
					for _, role := range list {
						allowed[role.(string)] = true
					}
				}
			}
		}
		for role, secret := range secrets {
			t.Run(e.ID+"/"+role, func(t *testing.T) {
				t.Parallel()
				r := httpservertest.Request(e.Method, e.Path, e.Body)
				remote(r)
				r.Header.Set("Authorization", "Bearer "+secret)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if public || allowed[role] {
					if w.Code/100 != 2 {
						t.Errorf("%d %s", w.Code, w.Body)
					}
					return
				}
				p := wantProblem(t, w, 403)
				for may := range allowed {
					if !strings.Contains(*p.Detail, may) {
						t.Errorf("%q does not name %s", *p.Detail, may)
					}
				}
			})
		}
	}
}

// certificate is a verified client certificate.
func certificate(name string, units ...string) func(*http.Request) {
	return func(r *http.Request) {
		remote(r)
		leaf := &x509.Certificate{Subject: pkix.Name{CommonName: name, OrganizationalUnit: units}}
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
		if name != "unverified" {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{leaf}}
		}
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*http.Request)
		status int
		want   httpserver.Identity
	}{
		"local":              {func(*http.Request) {}, 204, httpserver.Identity{Name: "local", Role: "admin"}},
		"local with a token": {header("Authorization", "Bearer "+engineSecret), 204, httpserver.Identity{Name: "engine1", Role: "engine"}},
		"certificate":        {certificate("node7", "Radio", "node"), 204, httpserver.Identity{Name: "node7", Role: "node"}},
		"certificate of no role": {
			certificate("node7", "Radio"), 401, httpserver.Identity{}},
		"certificate of a wrong role": {certificate("mon", "monitor"), 403, httpserver.Identity{}},
		"certificate not verified":    {certificate("unverified", "node"), 401, httpserver.Identity{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got httpserver.Identity
			var id string
			h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, _ api.Play) error {
				got, id = httpserver.Caller(ctx), httpserver.RequestID(ctx)
				return nil
			}}, withTokens(t))
			r := httpservertest.Request("POST", "/api/v1/playlog", play)
			c.change(r)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || got != c.want {
				t.Errorf("%d %+v, want %d %+v: %s", w.Code, got, c.status, c.want, w.Body)
			}
			if w.Code == 204 && id != w.Header().Get("X-Request-Id") {
				t.Errorf("request id %q, answered %q", id, w.Header().Get("X-Request-Id"))
			}
		})
	}
	if got := httpserver.Caller(t.Context()); got != (httpserver.Identity{}) {
		t.Errorf("outside of requests: %+v", got)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		variable, value string
		want            string // within the error; "" is none
	}{
		"tokens":          {"API_TOKENS", "a:engine:0123456789abcdef,\n b:admin:x:y:z:0123456789ab,", ""},
		"no role":         {"API_TOKENS", "a:0123456789abcdef", "AURA_API_TOKENS: entry 1 must be name:role:secret"},
		"unknown role":    {"API_TOKENS", "a:boss:0123456789abcdef", "entry 1 must be name:role:secret, with one of the roles [engine node monitor admin] in the middle"},
		"secret first":    {"API_TOKENS", "0123456789abcdef:engine:hush", "entry 1 must be name:role:secret, with a secret of at least 16 characters at the end"},
		"secret second":   {"API_TOKENS", "engine:0123456789abcdef:a", "entry 1 must be name:role:secret, with one of the roles"},
		"short":           {"API_TOKENS", "a:engine:hush", "entry 1 must be name:role:secret, with a secret of at least 16 characters"},
		"exchange":        {"API_TOKENS", "a:engine:0123456789abcdef,a:engine:0123456789abcdeg", ""},
		"name twice":      {"API_TOKENS", "a:engine:0123456789abcdef,a:node:0123456789abcdeg", "entry 2 must not use a name that an entry of another role has"},
		"three secrets":   {"API_TOKENS", "a:engine:0123456789abcdef,a:engine:0123456789abcdeg,a:engine:0123456789abcdeh", "entry 3 must not use a name that two other entries have"},
		"secret twice":    {"API_TOKENS", "a:engine:0123456789abcdef,b:node:0123456789abcdef", "entry 2 must not have a secret that another entry has"},
		"several":         {"API_TOKENS", "a:engine:hush,b", "a secret of at least 16 characters at the end; entry 2 must be"},
		"proxies":         {"TRUSTED_PROXIES", "10.0.0.0/8, ::1,192.0.2.1", ""},
		"proxy name":      {"TRUSTED_PROXIES", "proxy.example", `"proxy.example" must be an address or a network such as 10.0.0.0/8`},
		"everybody":       {"TRUSTED_PROXIES", "0.0.0.0/0", `"0.0.0.0/0" must not be the whole internet`},
		"origins":         {"CORS_ORIGINS", "https://radio.example,http://localhost:3000", ""},
		"any origin":      {"CORS_ORIGINS", "*", ""},
		"no origin":       {"CORS_ORIGINS", "none", ""},
		"origin and path": {"CORS_ORIGINS", "https://radio.example/", `AURA_CORS_ORIGINS="https://radio.example/": must be`},
		"listen":          {"LISTEN", "[::]:8010", ""},
		"listen nowhere":  {"LISTEN", "8008", `AURA_LISTEN="8008": must be address:port`},
		"no port":         {"LISTEN", "localhost:http", `AURA_LISTEN="localhost:http": must be address:port`},
		"rate":            {"RATE_LIMIT", "0", ""},
		"negative rate":   {"RATE_LIMIT", "-1", `AURA_RATE_LIMIT="-1": must be 0 or more`},
		"no key":          {"TLS_CERT", "/tmp/cert.pem", "must be set together with AURA_TLS_KEY"},
		"no certificate":  {"TLS_CLIENT_CA", "/tmp/ca.pem", "needs AURA_TLS_CERT and AURA_TLS_KEY"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := loadConfig(map[string]string{"AURA_" + c.variable: c.value})
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "0123456789abcdef")) {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}

func TestEngines_config(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ networks, hostnames, want string }{
		"off":               {"", "", ""},
		"networks":          {"172.18.0.0/16, fd00::1", "", ""},
		"names":             {"172.18.0.0/16", "engine-api, api.studio.example", ""},
		"everybody":         {"0.0.0.0/0", "", `"0.0.0.0/0" must not be the whole internet`},
		"everybody by IPv6": {"::/0", "", `"::/0" must not be the whole internet`},
		"a name":            {"engine.example", "", `"engine.example" must be an address or a network`},
		"URL":               {"172.18.0.5", "http://engine-api", `AURA_ENGINE_HOSTNAMES="http://engine-api": must be names such as engine-api`},
		"port":              {"172.18.0.5", "engine-api:8008", `AURA_ENGINE_HOSTNAMES="engine-api:8008": must be names`},
		"any name":          {"172.18.0.5", "*", `AURA_ENGINE_HOSTNAMES="*": must be names`},
		"names only":        {"", "engine-api", `AURA_ENGINE_HOSTNAMES="engine-api": is only for engines of AURA_ENGINE_NETWORKS`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := config.Load(&httpserver.Engines{}, map[string]string{"AURA_ENGINE_NETWORKS": c.networks, "AURA_ENGINE_HOSTNAMES": c.hostnames})
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
