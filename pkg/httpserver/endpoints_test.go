package httpserver_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/httpserver"
	"aura.radio/engine/pkg/httpserver/httpservertest"
)

const play = httpservertest.Play

var endpoints = httpservertest.Endpoints()

// behind appends more to the path of a target.
func behind(target, more string) string {
	path, query, ok := strings.Cut(target, "?")
	if ok {
		query = "?" + query
	}
	return path + more + query
}

// belowEngine is where AURA 1.x has a target. What is not below /api/v1 is at one
// place only.
func belowEngine(target string) string {
	if isElsewhere(target) {
		return target
	}
	return "/engine" + target
}

func isElsewhere(target string) bool { return !strings.HasPrefix(target, "/api/v1/") }

// wantProblem checks that the answer is a problem document about status.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d, no problem document: %v\n%s", w.Code, err, w.Body)
	}
	if w.Code != status || p.Status != status || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, %s: %s; want %d", w.Code, w.Header().Get("Content-Type"), w.Body, status)
	}
	if p.Title == "" || p.Type == "" || p.Detail == nil || p.Instance == nil || *p.Instance != w.Header().Get("X-Request-Id") {
		t.Errorf("incomplete: %s", w.Body)
	}
	return p
}

// TestEndpoints_belowEngine: an operation has one handler and one rule of access,
// wherever it is. Views in the shapes of other systems are only where these have
// them.
func TestEndpoints_belowEngine(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	ask := func(method, target, body string) *httptest.ResponseRecorder {
		r := httpservertest.Request(method, target, body)
		r.RemoteAddr = "192.0.2.1:1234"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, e := range endpoints {
		if isElsewhere(e.Path) {
			if w := ask(e.Method, e.Path, e.Body); w.Code != 200 {
				t.Errorf("%s is not public: %d", e.ID, w.Code)
			}
			continue
		}
		here, there := ask(e.Method, e.Path, e.Body), ask(e.Method, belowEngine(e.Path), e.Body)
		if e.ID != "listPlaylog" && here.Code != there.Code {
			t.Errorf("%s from elsewhere is answered %d, and below /engine %d", e.ID, here.Code, there.Code)
		}
	}
	if w := httpservertest.Do(h, "GET", "/api/v1/playlog", ""); strings.Contains(w.Body.String(), "trackStart") {
		t.Errorf("the full records are %s", w.Body)
	}
	if w := httpservertest.Do(h, "GET", "/engine/api/v1/playlog", ""); !strings.Contains(w.Body.String(), "trackStart") {
		t.Errorf("a website of 1.x is shown %s", w.Body)
	}
	for _, path := range []string{
		"/engine/playlog", "/engine/api/v1", "/engine/api/v1/openapi.json", "/api/v1/api/v1/playlog",
		"/api/v1/nowplaying", "/engine/api/nowplaying", "/api/v1/feed.xml", "/engine/api/v1/nowplaying.txt", "/playlog/current",
	} {
		wantProblem(t, httpservertest.Do(h, "GET", path, ""), 404)
	}
}

func TestEndpoints_Complete(t *testing.T) {
	t.Parallel()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			known := slices.ContainsFunc(endpoints, func(e httpservertest.Endpoint) bool {
				return strings.EqualFold(e.ID, op.OperationID) && e.Method == method
			})
			if !known {
				missing = append(missing, method+" "+path)
			}
		}
	}
	if missing != nil {
		t.Errorf("not tested: %v", missing)
	}
}

// TestExamples: every operation belongs to a service, and its examples are as
// the contract says. The services' own tests show that they are accepted.
func TestExamples(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for _, e := range httpservertest.Examples(t) {
		if e.ServedBy == nil {
			t.Errorf("%s is served by no service", e.ID)
		}
		for _, service := range e.ServedBy {
			if !slices.Contains([]string{"engine-api", "sync-node", "status-monitor"}, service) {
				t.Errorf("%s is served by %s, which is no service", e.ID, service)
			}
		}
		r := httpservertest.Request(e.Method, e.Path, e.Body)
		maps.Copy(r.Header, e.Header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code/100 != 2 {
			t.Errorf("%s %s %s is answered %d %s", e.Method, e.Path, e.Body, w.Code, w.Body)
		}
	}
}

func TestEndpoints_Good(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for _, e := range endpoints {
		doubled, query, _ := strings.Cut(e.Path, "?")
		doubled = strings.ReplaceAll(doubled, "/", "//") + "?" + query
		for name, path := range map[string]string{
			"": e.Path, "/": behind(e.Path, "/"), "//": behind(e.Path, "//"), " doubled": doubled, " below engine": belowEngine(e.Path),
		} {
			t.Run(e.ID+name, func(t *testing.T) {
				t.Parallel()
				w := httpservertest.Do(h, e.Method, path, e.Body)
				if w.Code/100 != 2 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
	}
}

// TestEndpoints_Bad sends every operation requests that no client should send.
// It expects a problem document each time, never a failure of ours.
func TestEndpoints_Bad(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	isLenient := lenientOperations(t)
	deep := func(n int) string { return `{"x": ` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	bodies := []struct {
		name, body, contentType string
		status                  int
		engine                  int // if an engine may send it
	}{
		{"nothing", "", "application/json", 400, 400},
		{"blanks", " \n", "application/json", 400, 400},
		{"no JSON", "track_start=2020", "application/json", 400, 400},
		{"half JSON", `{"track_start": "2020`, "application/json", 400, 400},
		{"two values", `{} {}`, "application/json", 400, 400},
		{"a list", `[]`, "application/json", 400, 400},
		{"null", `null`, "application/json", 400, 400},
		{"text", `"x"`, "application/json", 400, 400},
		{"deep", deep(101), "application/json", 400, 400},
		{"very deep", deep(12000), "application/json", 400, 400},
		{"very deep, open", strings.Repeat(`{"a":`, 12000), "application/json", 400, 400},
		{"no UTF-8", "{\"track_title\": \"Bj\xf6rk\"}", "application/json", 400, 204},
		{"too long", `{"x": "` + strings.Repeat("y", 8<<20) + `"}`, "application/json", 413, 413},
		{"form", "a=b", "application/x-www-form-urlencoded", 415, 400},
		{"XML", "<a/>", "text/xml", 415, 415},
		{"latin1", `{}`, "application/json; charset=latin1", 415, 204},
		{"no type at all", `{}`, "nonsense; ;", 415, 415},
	}
	for _, e := range endpoints {
		if e.Body == "" && !strings.HasPrefix(e.ID, "activate") {
			continue // it takes none
		}
		for _, b := range bodies {
			if e.ID == "storeSyncRecords" && b.name == "deep" {
				continue // it may be deeper; see TestBatch
			}
			if b.name == "a list" && strings.HasPrefix(e.ID, "storePlaylog") {
				continue // it takes lists
			}
			if b.status == 400 && (b.name == "nothing" || b.name == "blanks") && strings.HasPrefix(e.ID, "activate") {
				continue // its body is optional
			}
			t.Run(e.ID+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				r := httpservertest.Request(e.Method, e.Path, b.body)
				r.Header.Set("Content-Type", b.contentType)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				want := b.status
				if isLenient[strings.ToLower(e.ID)] {
					want = b.engine
				}
				if want/100 != 2 {
					wantProblem(t, w, want)
				} else if w.Code != want {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
	}
	// What an engine plans for a day, and what it says of itself, may be long.
	for _, test := range []struct {
		path    string
		longest int
	}{
		{"/api/v1/clock", 8 << 20}, {"/api/v1/source/health/1", 8 << 20}, {"/api/v1/playlog", 8 << 20}, {"/api/v1/sync/records", 4 << 20},
	} {
		body := `{"track_start": "2020-06-27 19:14:00", "is_healthy": true, "x": "`
		body += strings.Repeat("y", test.longest-len(body)-2) + `"}`
		if w := httpservertest.Do(h, "POST", test.path, body); w.Code/100 != 2 {
			t.Errorf("%s: a body of %d bytes is answered %d %s", test.path, len(body), w.Code, w.Body)
		}
		wantProblem(t, httpservertest.Do(h, "POST", test.path, body+" "), 413)
	}
	for _, e := range endpoints {
		t.Run(e.ID+"/wrong method", func(t *testing.T) {
			t.Parallel()
			w := httpservertest.Do(h, "PATCH", e.Path, "")
			wantProblem(t, w, 405)
			if !strings.Contains(w.Header().Get("Allow"), e.Method) {
				t.Errorf("Allow: %q lacks %s", w.Header().Get("Allow"), e.Method)
			}
			if allowed := strings.Split(w.Header().Get("Allow"), ", "); slices.Contains(allowed, "GET") != slices.Contains(allowed, "HEAD") {
				t.Errorf("Allow: %q", allowed)
			}
		})
		t.Run(e.ID+"/unknown path", func(t *testing.T) {
			t.Parallel()
			wantProblem(t, httpservertest.Do(h, e.Method, behind(e.Path, "/un/known"), e.Body), 404)
		})
	}
	for _, path := range []string{"/api", "/api/v2", "/api/v2/clock", "/api/v1/trackservice/current/x", "/%00", "/api/v1/../v1/x", "/api/v1/ui/nothing.js"} {
		t.Run("unknown "+path, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, httpservertest.Do(h, "GET", path, ""), 404)
		})
	}
}

func TestEndpoints_BadParameters(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	cases := []struct{ method, target, field, value, rule string }{
		{"GET", "/api/v1/trackservice?limit=ten", "limit (query)", "ten", "must be a whole number"},
		{"GET", "/api/v1/trackservice?limit=0", "limit (query)", "0", "must be at least 1"},
		{"GET", "/api/v1/trackservice?limit=1001", "limit (query)", "1001", "must be at most 1000"},
		{"GET", "/api/v1/trackservice?page=-1", "page (query)", "-1", "must be at least 0"},
		{"GET", "/api/v1/trackservice?page=1'%20OR%201=1--", "page (query)", "1' OR 1=1--", "must be a whole number"},
		{"GET", "/api/v1/trackservice?page=99999999999999999999999", "page (query)", "99999999999999999999999", ""},
		{"GET", "/api/v1/trackservice?limit=1&limit=2", "limit (query)", "1, 2", "must be given once"},
		{"GET", "/api/v1/trackservice?from_date=%ff", "from_date (query)", "�", "must be UTF-8 without control characters"},
		{"GET", "/api/v1/trackservice?from_date=%00", "from_date (query)", "\x00", "must be UTF-8 without control characters"},
		{"GET", "/api/v1/trackservice?from_date=" + strings.Repeat("9", 65), "from_date (query)", strings.Repeat("9", 64) + "…", "must have at most 64 characters"},
		{"GET", "/api/v1/trackservice?limit=%zz", "query", "limit=%zz", ""},
		{"GET", "/api/v1/trackservice?a;b", "query", "a;b", ""},
		{"GET", "/api/v1/trackservice/day/yesterday", "date (path)", "yesterday", "must look like 2020-06-27"},
		{"GET", "/api/v1/trackservice/x", "id (path)", "x", "must be a whole number"},
		{"GET", "/api/v1/trackservice/0", "id (path)", "0", "must be at least 1"},
		{"GET", "/api/v1/trackservice/1%27;DROP%20TABLE%20playlog", "id (path)", "1';DROP TABLE playlog", "must be a whole number"},
		{"GET", "/api/v1/trackservice/9223372036854775808", "id (path)", "9223372036854775808", ""},
		{"GET", "/api/v1/playlog?skip_synced=perhaps", "skip_synced (query)", "perhaps", "must be true or false"},
		{"GET", "/api/v1/playlog?corrections=all", "corrections (query)", "all", "must be one of [apply raw]"},
		{"GET", "/api/v1/report/holes?from=2020-06-27&to=july", "to (query)", "july", "must look like 2020-07-03"},
		{"GET", "/api/v1/report/2020-06/holes?format=xlsx", "format (query)", "xlsx", "must be one of [json csv]"},
		{"GET", "/api/v1/report/2020-06?formulas=yes", "formulas (query)", "yes", "must be one of [exact guard]"},
		{"GET", "/api/v1/report/2020-06?format=pdf", "format (query)", "pdf", "must be one of [json csv xlsx]"},
		{"PUT", "/api/v1/source/active/2147483648", "number (path)", "2147483648", "must be at most 2147483647"},
		{"PUT", "/api/v1/source/active/1?pin=2", "pin (query)", "2", "must be true or false"},
		{"GET", "/api/v1/source/health/1.5", "number (path)", "1.5", "must be a whole number"},
	}
	for _, c := range cases {
		t.Run(c.target, func(t *testing.T) {
			t.Parallel()
			p := wantProblem(t, httpservertest.Do(h, c.method, c.target, ""), 400)
			if p.Errors == nil || len(*p.Errors) != 1 {
				t.Fatalf("errors %+v", p.Errors)
			}
			e := (*p.Errors)[0]
			if e.Field != c.field || e.Value == nil || *e.Value != c.value || c.rule != "" && e.Rule != c.rule {
				t.Errorf("%s=%q: %s; want %s=%q: %s", e.Field, *e.Value, e.Rule, c.field, c.value, c.rule)
			}
		})
	}
	t.Run("long header", func(t *testing.T) {
		t.Parallel()
		r := httpservertest.Request("GET", "/api/v1/trackservice/stream", "")
		r.Header.Set("Last-Event-ID", strings.Repeat("x", 65))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if p := wantProblem(t, w, 400); (*p.Errors)[0].Field != "Last-Event-ID (header)" {
			t.Errorf("%+v", *p.Errors)
		}
	})
	t.Run("two at once", func(t *testing.T) {
		t.Parallel()
		p := wantProblem(t, httpservertest.Do(h, "GET", "/api/v1/trackservice?limit=x&page=y", ""), 400)
		if len(*p.Errors) != 2 {
			t.Errorf("%+v", *p.Errors)
		}
	})
}

// lenientOperations are those that engines call, by their id in lower case.
func lenientOperations(t *testing.T) map[string]bool {
	t.Helper()
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.Extensions["x-lenient"] == true {
				found[strings.ToLower(op.OperationID)] = true
			}
		}
	}
	if len(found) != 6 {
		t.Errorf("engines call six operations, not %v", found)
	}
	return found
}

func TestEndpoints_BadFields(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	doc, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	rule := func(schema, property string) string {
		return doc.Components.Schemas[schema].Value.Properties[property].Value.Description
	}
	refused := func(field, value string) string { return "entry." + field + "=" + value + ": " + rule("Play", field) }
	missed := func(entry string) string { return `{"by": "M. Tester", "reason": "was live", "entry": ` + entry + `}` }
	cases := map[string]struct {
		path, body string
		want       []string
	}{
		"missing": {"/api/v1/playlog/corrections", `{"by": "M. Tester", "reason": "was missed"}`, []string{"entry=: is required"}},
		"all at once": {
			"/api/v1/playlog/corrections",
			missed(`{"track_start": 5, "track_num": "five", "track_duration": {}, "track_artist": true, "show_id": "x", "track_type": 1.5}`),
			[]string{
				refused("show_id", "x"), refused("track_artist", "true"), refused("track_duration", "{}"),
				refused("track_num", "five"), refused("track_start", "5"), refused("track_type", "1.5"),
			},
		},
		"bounds hold for text too": {
			"/api/v1/playlog/corrections", missed(`{"track_start": "2020-06-27 19:14:00", "track_num": "2147483648", "track_duration": "-1"}`),
			[]string{refused("track_duration", "-1"), refused("track_num", "2147483648")},
		},
		"nested": {
			"/api/v1/playlog/corrections", `{"by": "", "entry": {"track_start": "2020-06-27 19:14", "track_num": []}}`,
			[]string{
				"by=: is required: who logs the entry",
				refused("track_num", "[]"),
				"reason=: is required: why it is logged by hand",
			},
		},
		"unknown field": {
			"/api/v1/playlog/1/corrections", `{"kind": "undo", "by": "x", "reason": "y", "why": "z"}`,
			[]string{"kind=undo: must be one of [amend void restore]", "why=: is not a known field; known fields are by, changes, kind, reason"},
		},
		"maintenance": {"/api/v1/source/maintenance/1", `{"on": "yes", "reason": [], "until": "noon"}`,
			[]string{"on=yes: must be true or false", "reason=[]: " + rule("MaintenanceRequest", "reason"), "until=: is not a known field; known fields are by, on, reason"}},
		"maintenance, nothing said": {"/api/v1/source/maintenance/1", `{}`, []string{"on=: is required; must be true or false"}},
		"long value": {"/api/v1/playlog/corrections", missed(`{"track_start": "2020-06-27 19:14", "track_num": "` + strings.Repeat("ö", 100) + `"}`),
			[]string{refused("track_num", strings.Repeat("ö", 64)+"…")}},
		"no UTF-8":            {"/api/v1/playlog/corrections", "{\"by\": \"2020 M. Tester\", \"reason\": \"Bj\xf6rk\"}", []string{"reason=: must be UTF-8; byte 38 of the body is not"}},
		"no UTF-8 in a name":  {"/api/v1/playlog/corrections", "{\"tr\xf6ck\": 1}", []string{"body=: must be UTF-8; byte 4 of the body is not"}},
		"no JSON":             {"/api/v1/playlog/corrections", `{"track_start": }`, []string{"body=: must be JSON: invalid character '}' looking for beginning of value at byte 17"}},
		"no object":           {"/api/v1/playlog/corrections", `5`, []string{"body=: must be an object"}},
		"engine, no body":     {"/api/v1/playlog", " \n", []string{"body=: is required"}},
		"engine, no JSON":     {"/api/v1/playlog", `{"track_start": }`, []string{"body=: must be JSON: invalid character '}' looking for beginning of value at byte 17"}},
		"engine, cut off":     {"/api/v1/clock", `{"engine_source": 1`, []string{"body=: must be JSON: unexpected end of JSON input at byte 19"}},
		"engine, no object":   {"/api/v1/source/health/1", ` [{}]`, []string{"body=: must be an object"}},
		"engine, deep":        {"/api/v1/clock", `{"x": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, []string{"body=: must not be nested more than 100 deep"}},
		"optional body, null": {"/api/v1/source/active/1", `null`, []string{"body=: must be an object"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := wantProblem(t, httpservertest.Do(h, "POST", c.path, c.body), 400)
			var got []string
			for _, e := range *p.Errors {
				value := ""
				if e.Value != nil {
					value = *e.Value
				}
				got = append(got, e.Field+"="+value+": "+e.Rule)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestEndpoints_Lenient(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	cases := map[string]struct{ method, target, contentType, body string }{
		"unknown query":      {"GET", "/api/v1/trackservice?nobody=knows&limit=3", "", ""},
		"empty query":        {"GET", "/api/v1/trackservice?limit=&from_date=&page=", "", ""},
		"no content type":    {"POST", "/api/v1/playlog", "", play},
		"charset":            {"POST", "/api/v1/playlog", "application/json; charset=UTF-8", play},
		"unknown field":      {"POST", "/api/v1/playlog", "application/json", `{"track_start": "2020-06-27 19:14:00", "mood": {"x": [1]}}`},
		"numbers as text":    {"POST", "/api/v1/playlog", "application/json", `{"track_start": "2020-06-27 19:14:00", "track_num": "5", "track_duration": "", "show_id": null, "track_title": 42}`},
		"body of a GET":      {"GET", "/api/v1/trackservice", "text/plain", "not looked at"},
		"blanks around":      {"POST", "/api/v1/playlog", "application/json", "\n " + play + "\n"},
		"deep, but not very": {"POST", "/api/v1/clock", "application/json", strings.Repeat(`{"a":`, 99) + "1" + strings.Repeat("}", 99)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httpservertest.Request(c.method, c.target, c.body)
			r.Header.Del("Content-Type")
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code/100 != 2 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// TestServer_Services: the handlers could answer everything, but each service
// routes only its own operations.
func TestServer_Services(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"engine-api", "sync-node", "status-monitor"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) { o.Service = service }))
			t.Cleanup(server.Close)
			httpservertest.CheckService(t, service, server.URL)
		})
	}
}

func TestServer_Service(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{}, func(_ *httpserver.Config, o *httpserver.Options) { o.Service = "status-monitor" })
	wantProblem(t, httpservertest.Do(h, http.MethodGet, "/api/v1/trackservice", ""), 404)
	wantProblem(t, httpservertest.Do(h, http.MethodPatch, "/api/v1/trackservice", ""), 404)
	if w := httpservertest.Do(h, http.MethodGet, "/healthz", ""); w.Code != 200 {
		t.Errorf("healthz %d", w.Code)
	}
}
