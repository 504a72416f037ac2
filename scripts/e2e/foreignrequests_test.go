package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// answers are what a service says to requests as other people's programs send them.
type answers struct {
	*testing.T
	base string
}

// ask sends a request as it is written, follows no redirection, and fails the
// test if the answer has another status than want.
func (a answers) ask(want int, method, path, body string, header ...string) (http.Header, string) {
	a.Helper()
	r := httptest.NewRequest(method, a.base+path, strings.NewReader(body))
	r.RequestURI = ""
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		a.Fatal(err)
	}
	defer answer.Body.Close()
	text := new(strings.Builder)
	if _, err := bufio.NewReader(answer.Body).WriteTo(text); err != nil {
		a.Fatal(err)
	}
	if answer.StatusCode != want {
		a.Errorf("%s %s: %d, want %d\n%.300s", method, path, answer.StatusCode, want, text)
	}
	return answer.Header, text.String()
}

// field reads one field of each entry of a list.
func (a answers) field(name, path string) string {
	a.Helper()
	_, text := a.ask(http.StatusOK, http.MethodGet, path, "")
	var entries []map[string]any
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		a.Errorf("%s: %v\n%.300s", path, err, text)
	}
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprint(e[name]))
	}
	return strings.Join(all, " ")
}

func (a answers) equal(what, got, want string) {
	a.Helper()
	if got != want {
		a.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestForeignRequests: what other people's websites and programs are used to is
// served as they ask for it, and answered as they read it.
func TestForeignRequests(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"))
	a := answers{t, s.url}
	for title, start := range map[string]string{"a": "10:00:00", "b": "11:00:00.5", "c": "12:00:00.12345", "d": "12:00:59.7"} {
		a.ask(http.StatusNoContent, http.MethodPost, "/api//v1/playlog/", `{"track_title": "`+title+`", "track_start": "2026-06-27 `+start+`", "log_source": 1}`)
	}

	// Lists.
	a.equal("times", a.field("track_start", "//api/v1//trackservice"),
		"2026-06-27T12:00:59.700000+02:00 2026-06-27T12:00:00.123450+02:00 2026-06-27T11:00:00.500000+02:00 2026-06-27T10:00:00+02:00")
	const playlog = "/api/v1/playlog?"
	a.equal("the last second", a.field("track_title", playlog+"to_date=2026-06-27T12:00:59"), "d c b a")
	a.equal("offset", a.field("track_title", playlog+"offset=1&limit=2"), "c b")
	a.equal("fromDate, toDate", a.field("track_title", playlog+"fromDate=2026-06-27T11:00&toDate=2026-06-27T11:30"), "b")
	a.equal("start, end", a.field("track_title", playlog+"start=2026-06-27T11:00&end=2026-06-27T11:30"), "b")
	header, _ := a.ask(http.StatusOK, http.MethodGet, playlog+"limit=1", "")
	if link := header.Get("Link"); !strings.HasPrefix(link, "<?") {
		t.Errorf("Link: %s is not relative", link)
	}

	// The clock.
	a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/clock", `{"current_timeslot": {"show_name": "`+strings.Repeat("Nachtlicht ", 20_000)+`"}}`)
	a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/clock", `{}`)
	if _, clock := a.ask(http.StatusOK, http.MethodGet, "/api/v1/clock", ""); !strings.Contains(clock, "Nachtlicht") {
		t.Errorf("{} emptied the clock: %s", clock)
	}
	a.ask(http.StatusNoContent, http.MethodDelete, "/api/v1/clock", "")
	if _, clock := a.ask(http.StatusOK, http.MethodGet, "/api/v1/clock", ""); strings.Contains(clock, "Nachtlicht") {
		t.Error("DELETE did not empty the clock")
	}
	a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/source/health/1", `{"is_healthy": true, "details": "`+strings.Repeat("x", 500_000)+`"}`)

	// The rest of HTTP.
	header, _ = a.ask(http.StatusMethodNotAllowed, http.MethodPatch, "/api/v1/trackservice", "")
	if allow := header.Get("Allow"); !strings.Contains(allow, "HEAD") {
		t.Errorf("Allow: %q lacks HEAD", allow)
	}
	header, _ = a.ask(http.StatusFound, http.MethodGet, "/api/v1", "")
	a.equal("GET /api/v1 leads", header.Get("Location"), "v1/ui/")
	a.ask(http.StatusOK, http.MethodGet, "/", "")
	a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/source/active/1", "{}")
	a.ask(http.StatusPreconditionFailed, http.MethodPut, "/api/v1/source/active/1", "{}", "If-Match", `W/"1"`)
	a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/source/active/1", "{}", "If-Match", `"99", "1"`)
	header, _ = a.ask(http.StatusNoContent, http.MethodPut, "/api/v1/source/active/22", "{}")
	if warning := header.Get("Warning"); !strings.Contains(warning, "source 22 is not known") {
		t.Errorf("an unknown source: Warning %q", warning)
	}
	if answer := olderRequest(t, s); !strings.Contains(answer, "401") || !strings.Contains(answer, "This request is HTTP/1.0") {
		t.Errorf("HTTP/1.0: %s", answer)
	}
}

// olderRequest sends a POST in HTTP/1.0 and returns all of the answer.
func olderRequest(t *testing.T, s *service) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience.Limit())); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "POST /api/v1/playlog HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	answer := new(strings.Builder)
	if _, err := bufio.NewReader(conn).WriteTo(answer); err != nil {
		t.Fatal(err)
	}
	return answer.String()
}

// TestStream_refusal: a browser that the stream can't serve now is told when to
// ask again. An answer other than 200 would end its EventSource for good.
func TestStream_refusal(t *testing.T) {
	t.Parallel()
	s := startService(t, "sqlite://"+filepath.Join(t.TempDir(), "engine-api.db"), "AURA_MAX_LISTENERS=1")
	const path = "/api/v1/trackservice/stream"
	first, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	header, text := answers{t, s.url}.ask(http.StatusOK, http.MethodGet, path, "", "Accept", "text/event-stream")
	if header.Get("Content-Type") != "text/event-stream" || !strings.HasPrefix(text, "retry: ") || strings.Contains(text, "data") {
		t.Errorf("%v\n%s", header, text)
	}
}
