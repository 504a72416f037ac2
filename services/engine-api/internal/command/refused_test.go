package command

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
	"aura.radio/engine/services/engine-api/internal/refused"
)

// serve runs the service of a configuration.
func serve(t *testing.T, environ map[string]string) *lifecycletest.Service {
	t.Helper()
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(cfg, "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return lifecycletest.Start(t, a)
}

// keepBody keeps a body as an earlier program would have.
func keepBody(t *testing.T, environ map[string]string, r model.Refusal) {
	t.Helper()
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	refused.New(refused.NewFolder(cfg.Journal.File(cfg.Database.File())), time.Now, zerolog.Nop()).Keep(t.Context(), r)
}

func storedPlays(t *testing.T, s *lifecycletest.Service) (entries []api.PlaylogEntry) {
	t.Helper()
	_, answer := s.Call(http.MethodGet, "/api/v1/playlog", "")
	if err := json.Unmarshal([]byte(answer), &entries); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return entries
}

// TestRefused: what the service refused is listed, shown, read again and dropped
// by commands.
func TestRefused(t *testing.T) {
	t.Parallel()
	environ := database(t)
	if code, out, errOut := run(t, environ, "refused", "list"); code != cli.ExitFailed || !strings.Contains(errOut, "there is no database yet") {
		t.Errorf("list where no service was: %d %s %s", code, out, errOut)
	}
	arrival := time.Date(2026, 11, 27, 18, 14, 0, 123456000, time.UTC)
	old := model.Refusal{
		Arrival: arrival, Kind: "playlog", Address: "192.0.2.7", Caller: "engine\u009b\x1b[2J", Method: http.MethodPost, Path: "/engine/api/v1/playlog",
		ContentType: "text/plain", Status: 400, Reason: "too new", Body: []byte(`{"trackTitle": "Halah \u001b[2J` + "\x1b\xf6" + `"}`),
	}
	keepBody(t, environ, old)
	s := serve(t, environ)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	for _, body := range []string{`{"nothing": "known"}`, `{"track_title": "cut off`} {
		if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", body); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", body, res.Status, answer)
		}
	}
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", `[{"track_title": "a", "track_start": "2026-11-27 19:00:00"}, {}, 7]`); res.StatusCode != http.StatusOK || strings.Count(answer, "400") != 2 {
		t.Errorf("list: %s %s", res.Status, answer)
	}
	if _, answer := s.Call(http.MethodGet, "/api/v1/sync/state", ""); !strings.Contains(answer, `"refused":{"bytes":16384,"items":4}`) {
		t.Errorf("state is %s", answer)
	}

	code, out, errOut := run(t, environ, "refused", "list")
	if code != cli.ExitOK || strings.ContainsAny(out, "\x1b\u009b") || !strings.Contains(out, "2026-11-27T19:14:00+01:00") || !strings.Contains(out, "192.0.2.7 engine  [2J") ||
		!strings.Contains(out, "unexpected end of JSON input") || !strings.HasSuffix(out, "\nrefused: 4\n") {
		t.Errorf("list: %d %s %s", code, out, errOut)
	}
	var listed refusedList
	code, out, _ = run(t, environ, "refused", "list", "--json")
	if err := json.Unmarshal([]byte(out), &listed); err != nil || code != cli.ExitOK || len(listed.Items) != 4 || listed.Items[3].Kind != "playlog" {
		t.Errorf("list --json: %d %v %s", code, err, out)
	}
	var shown shownRefusal
	code, out, _ = run(t, environ, "refused", "show", "1")
	if err := json.Unmarshal([]byte(out), &shown); err != nil || code != cli.ExitOK || strings.ContainsAny(out, "\x1b\u009b") ||
		shown.Body != `{"trackTitle": "Halah \u001b[2J`+"\x1b"+`\xF6"}` || shown.Path != old.Path || shown.ContentType != "text/plain" {
		t.Errorf("show: %d %v %q", code, err, out)
	}
	if _, out, _ = run(t, environ, "refused", "show", "4"); !strings.Contains(out, `"[{},7]"`) {
		t.Errorf("of a list, only what was refused is kept: %s", out)
	}

	// What can be read today is stored as of its arrival. The rest stays, once.
	code, out, errOut = run(t, environ, "refused", "retry", "--all", "--service", s.URL)
	if code != cli.ExitFailed || !strings.HasPrefix(out, "1: taken\n2: refused again: invalid: ") || !strings.Contains(out, "\n4: refused again: entry 1: invalid: ") ||
		!strings.Contains(errOut, "refused again: 3") {
		t.Errorf("retry: %d %s %s", code, out, errOut)
	}
	entries := storedPlays(t, s)
	if len(entries) != 2 {
		t.Fatalf("stored %+v", entries)
	}
	if e := entries[0]; !e.TrackStart.Equal(arrival) || e.ReceivedAt == nil || !e.ReceivedAt.Equal(arrival) || e.TrackTitle != "Halah [2J ö" {
		t.Errorf("stored %+v", e)
	}
	if code, out, errOut := run(t, environ, "refused", "drop", "2", "4"); code != cli.ExitOK || !strings.Contains(out, ": 2") {
		t.Errorf("drop: %d %s %s", code, out, errOut)
	}
	if _, out, _ := run(t, environ, "refused", "list"); !strings.HasSuffix(out, "\nrefused: 1\n") || !strings.HasPrefix(strings.Split(out, "\n")[1], "3 ") {
		t.Errorf("left is %s", out)
	}
	for _, args := range [][]string{{"show"}, {"show", "x"}, {"list", "1"}, {"retry"}, {"retry", "x"}, {"retry", "--all", "1"}, {"drop"}, {"drop", "3", "x"}, {}} {
		if code, _, errOut := run(t, environ, append([]string{"refused"}, args...)...); code != cli.ExitUsage || errOut == "" {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
	for _, args := range [][]string{{"show", "9"}, {"drop", "9"}, {"retry", "9", "--service", s.URL}, {"retry", "3", "--service", "http://127.0.0.1:1"}} {
		if code, _, errOut := run(t, environ, append([]string{"refused"}, args...)...); code != cli.ExitFailed || errOut == "" {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
	if code, out, errOut := run(t, environ, "refused", "drop", "--all"); code != cli.ExitOK || !strings.Contains(out, ": 1") {
		t.Errorf("drop --all: %d %s %s", code, out, errOut)
	}
}

// TestRefused_cut: the beginning of a body is not read again.
func TestRefused_cut(t *testing.T) {
	t.Parallel()
	environ := database(t)
	keepBody(t, environ, model.Refusal{Arrival: time.Now(), Kind: "clock", Method: http.MethodPut, Path: "/api/v1/clock", Cut: true, Body: []byte(`{}`)})
	if code, out, _ := run(t, environ, "refused", "retry", "1", "--service", "http://127.0.0.1:1"); code != cli.ExitFailed || !strings.Contains(out, "only its beginning") {
		t.Errorf("%d %s", code, out)
	}
}

// TestRefused_databaseAway: what makes no sense is kept without a database, too.
func TestRefused_databaseAway(t *testing.T) {
	t.Parallel()
	environ := database(t)
	environ["AURA_DATABASE_URL"] = "mysql://aura:x@127.0.0.1:1/aura"
	environ["AURA_JOURNAL"] = filepath.Join(t.TempDir(), "engine-api.journal")
	s := serve(t, environ)
	if res, answer := s.Call(http.MethodPut, "/api/v1/source/health/1", "healthy"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("%s %s", res.Status, answer)
	}
	if code, out, errOut := run(t, environ, "refused", "list"); code != cli.ExitOK || !strings.Contains(out, "health") || !strings.HasSuffix(out, "refused: 1\n") {
		t.Errorf("%d %s %s", code, out, errOut)
	}
}
