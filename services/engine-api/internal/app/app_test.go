package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/httpserver/httpservertest"
	"aura.radio/engine/pkg/lifecycle/lifecycletest"
	"aura.radio/engine/pkg/logging/loggingtest"
	"aura.radio/engine/pkg/patience"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/pkg/repo/repotest"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
)

func TestMain(m *testing.M) { os.Exit(repotest.Main(m)) }

func configure(t testing.TB, databaseURL string, more map[string]string) config.Config {
	t.Helper()
	environ := map[string]string{
		"AURA_LISTEN": "127.0.0.1:0", "AURA_DATABASE_URL": databaseURL, "AURA_DB_AUTO_MIGRATE": "true",
		"AURA_DB_QUERY_TIMEOUT": repotest.QueryTimeout.String(), "AURA_STATION_TIMEZONE": "Europe/Vienna",
	}
	if strings.HasPrefix(databaseURL, "mysql:") { // otherwise it is next to the database's file
		environ["AURA_JOURNAL"] = filepath.Join(t.TempDir(), "journal")
	}
	for name, value := range more {
		environ[name] = value
	}
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func start(t *testing.T, databaseURL string) *lifecycletest.Service {
	t.Helper()
	return startWith(t, databaseURL, nil)
}

// startHasty starts a service whose calls fail soon while the database is away.
// Calls that must succeed need Await.
func startHasty(t *testing.T, databaseURL string) *lifecycletest.Service {
	t.Helper()
	return startWith(t, databaseURL, map[string]string{"AURA_DB_QUERY_TIMEOUT": "500ms"})
}

func startWith(t *testing.T, databaseURL string, more map[string]string) *lifecycletest.Service {
	t.Helper()
	return startLogged(t, zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel), databaseURL, more)
}

func startLogged(t *testing.T, log zerolog.Logger, databaseURL string, more map[string]string) *lifecycletest.Service {
	t.Helper()
	a, err := app.New(configure(t, databaseURL, more), "test", log)
	if err != nil {
		t.Fatal(err)
	}
	return lifecycletest.Start(t, a)
}

// mazzie is the first call of the README, as written there.
const mazzie = `{ "track_start": "2020-06-27 19:14:00", "track_artist": "Mazzie Star", "track_title": "Fade Into You", "log_source": 1 }`

func title(t *testing.T, answer string) string {
	t.Helper()
	var track struct {
		Title string `json:"track_title"`
	}
	if err := json.Unmarshal([]byte(answer), &track); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return track.Title
}

func TestApp_FreshStart(t *testing.T) {
	for _, kind := range repotest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			url := repotest.URL(t, kind)
			s := start(t, url)
			s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
			if res, answer := s.Call(http.MethodGet, "/api/v1/trackservice/current", ""); res.StatusCode != http.StatusNoContent {
				t.Errorf("current on an empty database: %s %s", res.Status, answer)
			}
			if res, answer := s.Call(http.MethodPost, "/api/v1/playlog/store", mazzie); res.StatusCode != http.StatusNoContent {
				t.Fatalf("store: %s %s", res.Status, answer)
			}
			if _, answer := s.Call(http.MethodGet, "/api/v1/trackservice/current", ""); title(t, answer) != "Fade Into You" {
				t.Errorf("current is %s", answer)
			}
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			again := start(t, url)
			if _, answer := again.Await(http.StatusOK, http.MethodGet, "/api/v1/trackservice/current", ""); title(t, answer) != "Fade Into You" {
				t.Errorf("current after a restart is %s", answer)
			}
		})
	}
}

// TestApp_UnknownSourceAlone: a single engine-api takes a number that nothing here
// knows, warns, and tells it as long as that is active. Its own number, the default
// source, records and earlier activations make a source known.
func TestApp_UnknownSourceAlone(t *testing.T) {
	t.Parallel()
	var log loggingtest.Lines
	s := startLogged(t, zerolog.New(&log), repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{"AURA_HOST_ID": "2", "AURA_DEFAULT_SOURCE": "3"})
	told := func(metric, logged string) {
		t.Helper()
		s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, text string) bool {
			return strings.Contains(text, "\naura_active_source_unknown "+metric+"\n") && log.Count(logged) > 0
		})
	}
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	activate := func(path string, status int, warns bool) {
		t.Helper()
		if res, answer := s.Call(http.MethodPut, "/api/v1/source/active/"+path, ""); res.StatusCode != status || (res.Header.Get("Warning") != "") != warns {
			t.Errorf("activate %s: %s %s, Warning %q", path, res.Status, answer, res.Header.Get("Warning"))
		}
		want := status == http.StatusNoContent && warns
		if _, answer := s.Call(http.MethodGet, "/api/v1/source/active", ""); strings.Contains(answer, `"unknown":true`) != want {
			t.Errorf("after %s, active is %s", path, answer)
		}
	}
	activate("2?known=true", http.StatusNoContent, false)
	activate("22?known=true", http.StatusBadRequest, false)
	activate("22", http.StatusNoContent, true)
	activate("22", http.StatusNoContent, true) // not known by being active
	told("1", "the active source is not known")
	activate("3?known=true", http.StatusNoContent, false)
	told("0", "recovered")
	activate("22?known=true", http.StatusNoContent, false)
	body := `{"track_start": "2026-10-20T12:00:00Z", "track_title": "A0", "log_source": 23}`
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", body); res.StatusCode != http.StatusNoContent {
		t.Fatalf("store: %s %s", res.Status, answer)
	}
	activate("23", http.StatusNoContent, false)
}

// TestApp_DatabaseAway kills the server under a running service. What an engine
// says is taken, and shown as the current track. Corrections are refused with a
// hint when to retry, other reads are answered from memory, and everything is
// stored when the server is back.
func TestApp_DatabaseAway(t *testing.T) {
	server := repotest.MariaDB(t)
	s := startHasty(t, server.URL(t))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", mazzie)
	const list, current = "/api/v1/trackservice?limit=3", "/api/v1/trackservice/current"
	_, before := s.Await(http.StatusOK, http.MethodGet, list, "")
	if _, answer := s.Await(http.StatusOK, http.MethodGet, current, ""); title(t, answer) != "Fade Into You" {
		t.Errorf("current is %s", answer)
	}

	server.Kill()
	t.Cleanup(func() { server.Restart(t) }) // even if this test fails before it restarts the server
	for _, c := range []struct{ path, body string }{
		{"/api/v1/playlog", strings.NewReplacer("19:14", "19:20", "Fade Into You", "Halah").Replace(mazzie)},
		{"/api/v1/source/health/1", `{"is_healthy": true, "log_time": "2020-06-27 19:00:00", "details": "well"}`},
		{"/api/v1/clock", `{"engine_source": 1, "mood": "good"}`},
		{"/api/v1/playlog", strings.NewReplacer("19:14", "19:18", "Fade Into You", "Blue Flower").Replace(mazzie)},
	} {
		if res, answer := s.Call(http.MethodPost, c.path, c.body); res.StatusCode != http.StatusNoContent {
			t.Errorf("POST %s without a database: %s %v %s", c.path, res.Status, res.Header, answer)
		}
	}
	for path, body := range map[string]string{
		"/api/v1/playlog/1/corrections": `{"kind": "void", "by": "M. Tester", "reason": "never played"}`,
		"/api/v1/playlog/corrections":   `{"entry": ` + mazzie + `, "by": "M. Tester", "reason": "missed"}`,
	} {
		res, answer := s.Call(http.MethodPost, path, body)
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" ||
			res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("POST %s without a database: %s %v %s", path, res.Status, res.Header, answer)
		}
	}
	// What was kept made the answers in memory out of date. Still they are the
	// best available.
	if res, answer := s.Call(http.MethodGet, list, ""); res.StatusCode != http.StatusOK || answer != before {
		t.Errorf("list from memory: %s %s", res.Status, answer)
	}
	if res, answer := s.Call(http.MethodGet, current, ""); res.StatusCode != http.StatusOK || title(t, answer) != "Halah" {
		t.Errorf("current without a database: %s %s", res.Status, answer)
	}
	if res, answer := s.Call(http.MethodGet, "/readyz", ""); res.StatusCode != http.StatusOK || !strings.Contains(answer, "4 items wait") {
		t.Errorf("readyz without a database: %s %s", res.Status, answer)
	}
	if res, _ := s.Call(http.MethodGet, "/healthz", ""); res.StatusCode != http.StatusOK {
		t.Errorf("healthz without a database: %s", res.Status)
	}
	if _, answer := s.Call(http.MethodGet, "/metrics", ""); !strings.Contains(answer, `aura_journal_items{state="waiting"} 4`) || !strings.Contains(answer, `aura_journal_taken_total{kind="play"} 2`) {
		t.Errorf("metrics without a database: %s", answer)
	}

	server.Restart(t)
	_, answer := s.AwaitAnswer(http.MethodGet, "/api/v1/playlog", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, "Halah") && strings.Contains(answer, "Blue Flower")
	})
	if got := titlesByID(t, answer); !slices.Equal(got, []string{"Fade Into You", "Halah", "Blue Flower"}) {
		t.Errorf("stored as %q", got)
	}
	if _, answer := s.Await(http.StatusOK, http.MethodGet, "/api/v1/source/health/1", ""); !strings.Contains(answer, `"well"`) {
		t.Errorf("health after the database came back: %s", answer)
	}
	if _, answer := s.Await(http.StatusOK, http.MethodGet, "/api/v1/clock", ""); !strings.Contains(answer, `"good"`) {
		t.Errorf("clock after the database came back: %s", answer)
	}
	s.AwaitAnswer(http.MethodGet, "/readyz", "", func(a lifecycletest.Answer, answer string) bool { return answer == "ready\n" })
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, `aura_journal_items{state="waiting"} 0`) && strings.Contains(answer, "aura_journal_drained_total 4")
	})
}

// titlesByID are the titles of a list of entries, in the order in which they were
// stored.
func titlesByID(t *testing.T, answer string) []string {
	t.Helper()
	var entries []struct {
		ID    int64  `json:"id"`
		Title string `json:"track_title"`
	}
	if err := json.Unmarshal([]byte(answer), &entries); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	slices.SortFunc(entries, func(a, b struct {
		ID    int64  `json:"id"`
		Title string `json:"track_title"`
	},
	) int {
		return int(a.ID - b.ID)
	})
	titles := make([]string, len(entries))
	for i, e := range entries {
		titles[i] = e.Title
	}
	return titles
}

// TestApp_DatabaseAwayAtStart: the service comes up before its database, takes
// what the engine plays, and still has it after a restart.
func TestApp_DatabaseAwayAtStart(t *testing.T) {
	server := repotest.MariaDB(t)
	more := map[string]string{"AURA_DB_QUERY_TIMEOUT": "500ms", "AURA_JOURNAL": filepath.Join(t.TempDir(), "journal")}
	url := server.URL(t)
	server.Stop()
	t.Cleanup(func() { server.Restart(t) })
	s := startWith(t, url, more)
	const current = "/api/v1/trackservice/current"
	if res, answer := s.Call(http.MethodGet, current, ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("current, before anything is known: %s %s", res.Status, answer)
	}
	if res, answer := s.Call(http.MethodPost, "/api/v1/playlog", mazzie); res.StatusCode != http.StatusNoContent {
		t.Errorf("store without a database: %s %s", res.Status, answer)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	s = startWith(t, url, more)
	if res, answer := s.Call(http.MethodGet, current, ""); res.StatusCode != http.StatusOK || title(t, answer) != "Fade Into You" {
		t.Errorf("current after a restart: %s %s", res.Status, answer)
	}
	listen(t, s, "Fade Into You")
	server.Restart(t)
	s.AwaitAnswer(http.MethodGet, "/api/v1/playlog", "", func(_ lifecycletest.Answer, answer string) bool { return strings.Contains(answer, "Fade Into You") })
	s.AwaitAnswer(http.MethodGet, "/readyz", "", func(_ lifecycletest.Answer, answer string) bool { return answer == "ready\n" })
}

// makeNewer migrates the SQLite database to a version that does not exist yet.
func makeNewer(t *testing.T, url string) {
	t.Helper()
	if err := repotest.OpenURL(t, url).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
}

func TestApp_Schema(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, url, migrate string) error {
		t.Helper()
		a, err := app.New(configure(t, url, map[string]string{"AURA_DB_AUTO_MIGRATE": migrate}), "test", zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience.Limit())
		defer cancel()
		return a.Run(ctx)
	}
	t.Run("Older", func(t *testing.T) {
		t.Parallel()
		if err := run(t, repotest.URL(t, repotest.KindSQLite), "false"); !errors.Is(err, repo.ErrSchemaOlder) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("Newer", func(t *testing.T) {
		t.Parallel()
		url := repotest.URL(t, repotest.KindSQLite)
		makeNewer(t, url)
		if err := run(t, url, "true"); !errors.Is(err, repo.ErrSchemaNewer) {
			t.Errorf("error is %v", err)
		}
	})
}

// TestApp_Reload: the database hears of its URL, too.
func TestApp_Reload(t *testing.T) {
	t.Parallel()
	url := repotest.URL(t, repotest.KindSQLite)
	a, err := app.New(configure(t, url, nil), "test", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	lifecycletest.Start(t, a)
	for another, want := range map[string]int{url: 0, url + "2": 1} {
		if changed, err := a.Reload(configure(t, another, nil)); err != nil || len(changed) != want {
			t.Errorf("%s: %v, %v", another, changed, err)
		}
	}
}

// TestApp_Locked: an entry that comes while somebody else has locked the database
// is taken, and stored once when the lock ends.
func TestApp_Locked(t *testing.T) {
	t.Parallel()
	url := repotest.URL(t, repotest.KindSQLite)
	s := start(t, url)
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite://")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tx *sql.Tx
	patience.Await(t, func() (err error) {
		tx, err = db.BeginTx(t.Context(), nil)
		return err
	})
	for path, body := range map[string]string{
		"/api/v1/playlog": mazzie, "/api/v1/source/health/1": `{"is_healthy": true}`, "/api/v1/clock": `{"engine_source": 1}`,
	} {
		if res, answer := s.Call(http.MethodPost, path, body); res.StatusCode != http.StatusNoContent {
			t.Fatalf("POST %s while the database is locked: %s %s", path, res.Status, answer)
		}
	}
	if _, answer := s.Call(http.MethodGet, "/api/v1/trackservice/current", ""); title(t, answer) != "Fade Into You" {
		t.Errorf("current while the database is locked: %s", answer)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.AwaitAnswer(http.MethodGet, "/metrics", "", func(_ lifecycletest.Answer, answer string) bool {
		return strings.Contains(answer, `aura_journal_items{state="waiting"} 0`) && strings.Contains(answer, "aura_journal_drained_total 3")
	})
	if _, answer := s.Await(http.StatusOK, http.MethodGet, "/api/v1/playlog", ""); strings.Count(answer, "Fade Into You") != 1 {
		t.Errorf("playlog after the lock: %s", answer)
	}
}

// TestApp_Stop: a stop ends the event streams and answers the requests under
// way.
func TestApp_Stop(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog", mazzie)
	stream := listen(t, s, "Fade Into You")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	// A stream that is cut would end with an error.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
}

// listen listens to the stream of tracks until it names that title, and returns
// the rest of the stream.
func listen(t *testing.T, s *lifecycletest.Service, title string) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/trackservice/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	var got bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(got.String(), title) {
		n, err := res.Body.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v after %q", err, got.String())
		}
	}
	return res.Body
}

// TestApp_Links: what is configured of covers and recordings is in answers and in the
// stream.
func TestApp_Links(t *testing.T) {
	t.Parallel()
	s := startWith(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{
		"AURA_COVER_URL": "/covers/{artist}.jpg", "AURA_RECORDING_URL": "/r/{date}T{hour}-{minute}", "AURA_RECORDING_PUBLIC": "true",
	})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	s.Await(http.StatusNoContent, http.MethodPost, "/api/v1/playlog/store", mazzie)
	const cover, recording = `"cover":"/covers/Mazzie%20Star.jpg"`, `"recording":"/r/2020-06-27T19-14"`
	for path, wants := range map[string][]string{
		"/api/v1/trackservice/current": {cover, recording}, "/api/v1/trackservice": {cover, recording}, "/api/v1/playlog": {recording},
	} {
		for _, want := range wants {
			if _, answer := s.Await(http.StatusOK, http.MethodGet, path, ""); !strings.Contains(answer, want) {
				t.Errorf("%s lacks %s: %s", path, want, answer)
			}
		}
	}
	listen(t, s, cover)
}

// TestApp_Operations: as wired, the service serves its own operations, and none
// of the other services'.
func TestApp_Operations(t *testing.T) {
	t.Parallel()
	s := start(t, repotest.MigratedURL(t, repotest.KindSQLite))
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckService(t, app.Name, s.URL)
}

// TestApp_Examples: as wired, the service accepts every example that the
// documentation page shows for its operations.
func TestApp_Examples(t *testing.T) {
	t.Parallel()
	s := startWith(t, repotest.MigratedURL(t, repotest.KindSQLite), map[string]string{
		"AURA_PAGE_URL": "https://radio.example/", "AURA_RADIODNS_BEARERS": "fm/ce1/c201/09710,dab/ce1/c185/c181/0",
	})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	httpservertest.CheckExamples(t, app.Name, s.URL)
}
