package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/api/lenient"
	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/model"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestLenient: what an engine may send, and what the handler gets of it.
func TestLenient(t *testing.T) {
	t.Parallel()
	const bjork = `{"track_start": "2020-06-27 19:14:00", "track_title": "Björk"}`
	latin1 := strings.ReplaceAll(bjork, "ö", "\xf6")
	doubt := model.Doubt{Field: "track_title", Sent: `Bj\xF6rk`, Why: "is not UTF-8, and was read as Windows-1252"}
	cover := strings.Repeat("/9j/4AAQ", 8<<10+1)
	inside := func(member string) string { return strings.Replace(bjork, "{", "{"+member+", ", 1) }
	leftOut := func(field, sent string) model.Doubt {
		return model.Doubt{Field: field, Sent: sent[:model.MaxDoubtText], Why: "is no known field and too long, so it was left out"}
	}
	for name, c := range map[string]struct {
		contentType, encoding, body string
		status                      int // 0: 204
		doubts                      []model.Doubt
	}{
		"JSON":                         {"application/json", "", bjork, 0, nil},
		"no type":                      {"", "", bjork, 0, nil},
		"text/json":                    {"text/json", "", bjork, 0, nil},
		"JSON of a kind":               {"application/vnd.aura+json; version=2", "", bjork, 0, nil},
		"plain text":                   {"text/plain;charset=UTF-8", "", bjork, 0, nil},
		"curl -d":                      {"application/x-www-form-urlencoded", "", bjork, 0, nil},
		"a type with a broken charset": {"application/json; charset", "", bjork, 0, nil},
		"declared charset": {"application/json; charset=iso-8859-1", "", latin1, 0, []model.Doubt{
			{Field: "body", Sent: "charset=iso-8859-1", Why: "must be UTF-8, and was read as its declared charset"}}},
		"undeclared charset":         {"application/json", "", latin1, 0, []model.Doubt{doubt}},
		"wrongly declared charset":   {"application/json; charset=utf-8", "", latin1, 0, []model.Doubt{doubt}},
		"gzip":                       {"application/json", "gzip", gzipped(t, bjork), 0, nil},
		"gzip, mended":               {"application/json", "GZIP", gzipped(t, latin1), 0, []model.Doubt{doubt}},
		"identity":                   {"application/json", "identity", bjork, 0, nil},
		"cover":                      {"application/json", "", inside(`"cover": "` + cover + `"`), 0, []model.Doubt{leftOut("cover", `"`+cover)}},
		"cover, gzip":                {"application/json", "gzip", gzipped(t, inside(`"cover": "`+cover+`"`)), 0, []model.Doubt{leftOut("cover", `"`+cover)}},
		"cover with brackets":        {"application/json", "", inside(`"tags": {"a": ["\"}],` + cover + `"], "track_title": "x"}`), 0, []model.Doubt{leftOut("tags", `{"a": ["\"}],`+cover)}},
		"many fields":                {"application/json", "", inside(strings.Repeat(`"x": "`+cover[:60<<10]+`", `, 40) + `"y": 1`), 0, []model.Doubt{leftOut("x", `"`+cover)}},
		"cover last, cut off":        {"application/json", "", bjork[:len(bjork)-1] + `, "cover": "` + cover, 400, nil},
		"a known field too long":     {"application/json", "", inside(`"trackAlbum": "` + strings.Repeat("a", 1<<20) + `"`), 413, nil},
		"XML":                        {"application/xml", "", bjork, 415, nil},
		"a picture":                  {"image/png", "", bjork, 415, nil},
		"brotli":                     {"application/json", "br", bjork, 415, nil},
		"no gzip":                    {"application/json", "gzip", bjork, 400, nil},
		"gzip, cut off":              {"application/json", "gzip", gzipped(t, bjork)[:40], 400, nil},
		"gzip of too much":           {"application/json", "gzip", gzipped(t, inside(`"x": "`+strings.Repeat("y", 8<<20)+`"`)), 413, nil},
		"gzip of too many fields":    {"application/json", "gzip", gzipped(t, "{"+strings.Repeat(`"a":1,`, 1<<18)+`"b":1}`), 413, nil},
		"nothing that can be mended": {"application/json", "", `{"track_start": 2020-06-27}`, 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/api/v1/playlog", "/api/v1/playlog/store"} {
				var got *api.Play
				var doubts []model.Doubt
				h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, body api.Play) error {
					got, doubts = &body, lenient.Doubts(ctx)
					return nil
				}}, quiet)
				r := httpservertest.Request("POST", path, c.body)
				r.Header = http.Header{}
				for name, value := range map[string]string{"Content-Type": c.contentType, "Content-Encoding": c.encoding} {
					if value != "" {
						r.Header.Set(name, value)
					}
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if c.status != 0 {
					wantProblem(t, w, c.status)
					continue
				}
				if w.Code != 204 || got == nil {
					t.Fatalf("%d, %+v: %s", w.Code, got, w.Body)
				}
				if title, _ := got.Get("track_title"); string(title) != `"Björk"` || !slices.Equal(doubts, c.doubts) {
					t.Fatalf("%d, %+v, %+v, want %+v: %s", w.Code, got, doubts, c.doubts, w.Body)
				}
			}
		})
	}
}

// TestLenient_skims: of a long body only the long values of unknown members are
// missing, whatever they look like.
func TestLenient_skims(t *testing.T) {
	t.Parallel()
	var got api.Play
	var doubts []model.Doubt
	h := httpservertest.New(t, stub{StoreFunc: func(ctx context.Context, body api.Play) error {
		got, doubts = body, lenient.Doubts(ctx)
		return nil
	}}, quiet)
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SampledFrom([]string{"a", `\"`, `\\`, ",", ":", "{", "}", "[", "]", "ö", `\u0022`})
		text := rapid.Custom(func(t *rapid.T) string {
			piece := strings.Join(rapid.SliceOfN(pieces, 1, 8).Draw(t, "pieces"), "")
			return `"` + strings.Repeat(piece, rapid.IntRange(0, 80<<10).Draw(t, "length")/len(piece)) + `"`
		})
		value := rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf(rapid.SampledFrom([]string{"%s", " [1, %s, {}]", `{"a": {"b,": [%s]}, "track_title": "x"} `}).Draw(t, "form"), text.Draw(t, "text"))
		})
		names := rapid.SampledFrom([]string{"track_title", "trackAlbum", "TRACK_ARTIST", "cover", "track_cover", `q\"`, "a", "b"})
		members := rapid.SliceOfNDistinct(names, 1, 8, rapid.ID[string]).Draw(t, "names")
		values, body := map[string]string{}, ""
		for _, name := range members {
			values[name] = value.Draw(t, name)
			body += fmt.Sprintf(`, "%s":%s`, name, values[name])
		}
		body = "{" + body[1:] + "}"
		if w := httpservertest.Do(h, "POST", "/api/v1/playlog", body); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		left := 0
		for name, sent := range values {
			known := !slices.Contains([]string{"cover", "track_cover", `q\"`, "a", "b"}, name)
			want := strings.TrimSpace(sent)
			if !known && len(sent) > 64<<10 && len(body) > 64<<10 {
				want = "null"
				left++
			}
			if have, _ := got.Get(strings.ReplaceAll(name, `\"`, `"`)); string(have) != want {
				t.Errorf("%s has %d bytes of %d, %.20s", name, len(have), len(sent), have)
			}
		}
		if len(got) != len(values) || len(doubts) != left {
			t.Errorf("%d members of %d, %d doubts of %d", len(got), len(values), len(doubts), left)
		}
	})
}

// TestLenient_parameters: the contract still checks them.
func TestLenient_parameters(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	p := wantProblem(t, httpservertest.Do(h, "POST", "/api/v1/source/health/one", `{"is_healthy": true}`), 400)
	if len(*p.Errors) != 1 || (*p.Errors)[0].Field != "number (path)" {
		t.Errorf("%+v", *p.Errors)
	}
}

// TestLenient_strictElsewhere: a correction is a person's.
func TestLenient_strictElsewhere(t *testing.T) {
	t.Parallel()
	h := httpservertest.New(t, stub{})
	for _, change := range []func(*http.Request){header("Content-Type", "text/plain"), header("Content-Encoding", "gzip")} {
		r := httpservertest.Request("POST", "/api/v1/playlog/1/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test"}`)
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		wantProblem(t, w, 415)
	}
	wantProblem(t, httpservertest.Do(h, "POST", "/api/v1/playlog/1/corrections", `{"kind": "void", "by": "M. Tester", "reason": "test",}`), 400)
}

// TestLenient_tooLong: a client that sends too much is answered while it is
// still sending, whether it says how much or not. On the test's clock, a slow
// machine does not exceed the time that a body may take.
func TestLenient_tooLong(t *testing.T) {
	t.Parallel()
	piece := `{"x": "` + strings.Repeat("y", 8<<20)
	for name, sent := range map[string]string{
		"said":     fmt.Sprintf("Content-Length: %d\r\n\r\n", 9<<20) + piece[:64<<10],
		"not said": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(piece), piece),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, l := pipe()
				server := &http.Server{Handler: httpservertest.New(t, stub{})}
				ended := make(chan error)
				go func() { ended <- server.Serve(l) }()
				go func() {
					// The server ends the connection before all is written.
					_, _ = io.WriteString(c, "POST /api/v1/playlog HTTP/1.1\r\nHost: localhost\r\n"+sent)
				}()
				answer := make([]byte, len("HTTP/1.1 413"))
				if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 413" {
					t.Errorf("%s, %v", answer, err)
				}
				_, _ = io.Copy(io.Discard, c) // until the server ends the connection
				if err := errors.Join(c.Close(), server.Close()); err != nil {
					t.Error(err)
				}
				if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		})
	}
}

// pipe makes a connection without a network, and a listener that accepts its other
// end.
func pipe() (net.Conn, net.Listener) {
	here, there := net.Pipe()
	l := &pipeListener{accept: make(chan net.Conn, 1)}
	l.accept <- local{there}
	return here, l
}

type pipeListener struct{ accept chan net.Conn }

func (l *pipeListener) Accept() (net.Conn, error) {
	if c, ok := <-l.accept; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *pipeListener) Close() error {
	close(l.accept)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// local is a connection from this host.
type local struct{ net.Conn }

func (local) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// foreignPages are what browsers say of a page of another origin.
var foreignPages = map[string][]func(*http.Request){
	"another site":     {header("Origin", "https://evil.example"), header("Sec-Fetch-Site", "cross-site")},
	"same site":        {header("Origin", "http://localhost:3000"), header("Sec-Fetch-Site", "same-site")},
	"a sandbox":        {header("Origin", "null"), header("Sec-Fetch-Site", "cross-site")},
	"an older browser": {header("Origin", "https://evil.example")},
	"nobody":           {header("Origin", "null")},
	"only its fetch":   {header("Sec-Fetch-Site", "cross-site")},
}

// TestLenient_foreignPage: the page of another site writes nothing, whatever
// type it chooses and whatever the browser adds.
func TestLenient_foreignPage(t *testing.T) {
	t.Parallel()
	stored := false
	h := httpservertest.New(t, stub{StoreFunc: func(context.Context, api.Play) error {
		stored = true
		return nil
	}}, quiet, withTokens(t), withEngines(t, "127.0.0.0/8"))
	isLenient := lenientOperations(t)
	for page, says := range foreignPages {
		for _, contentType := range []string{"", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "application/json", "text/json", "multipart/form-data; boundary=x"} {
			for _, e := range endpoints {
				if !isLenient[strings.ToLower(e.ID)] {
					continue
				}
				for user, change := range map[string]func(*http.Request){
					"nobody": func(*http.Request) {}, "Basic": basic("engine1", engineSecret), "certificate": certificate("engine1", "engine"),
				} {
					r := httpservertest.Request(e.Method, e.Path, e.Body)
					r.Header.Set("Content-Type", contentType)
					change(r)
					for _, say := range says {
						say(r)
					}
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if w.Code != 401 {
						t.Errorf("%s, %q, %s, %s: %d %s", page, contentType, user, e.ID, w.Code, w.Body)
					}
				}
			}
		}
	}
	if stored {
		t.Error("a page stored something")
	}
}
