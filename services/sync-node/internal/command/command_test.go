package command

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/cli/clitest"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/repo"
	"aura.radio/engine/services/sync-node/internal/nodetest"
)

func run(t *testing.T, environ map[string]string, args ...string) (code int, out, errOut string) {
	t.Helper()
	return clitest.Run(t, Program("1.2.3"), environ, args...)
}

// expecting returns clitest.Expect for one environment, with the words of a command
// as a text.
func expecting(t *testing.T, environ map[string]string) func(args string, code int, wants ...string) string {
	return func(args string, code int, wants ...string) string {
		t.Helper()
		return clitest.Expect(t, Program("1.2.3"), environ, strings.Fields(args), code, wants...)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	if code, out, _ := run(t, nil, "version"); code != cli.ExitOK || out != "sync-node 1.2.3\n" {
		t.Errorf("got %d %q", code, out)
	}
}

// prepare does what the service does at its first start.
func prepare(t *testing.T, url string) {
	t.Helper()
	db, err := repo.OpenStation(repo.Config{URL: url}, 1, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestExport: the command knows the sync node's database; package archive tests the
// rest.
func TestExport(t *testing.T) {
	t.Parallel()
	database := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	prepare(t, database)
	environ := map[string]string{"AURA_DATABASE_URL": database, "AURA_STATION_TIMEZONE": "Europe/Vienna"}
	if code, out, errOut := run(t, environ, "export", filepath.Join(t.TempDir(), "plays.jsonl")); code != cli.ExitOK || out != "exported: 0\n" {
		t.Errorf("%d %s %s", code, out, errOut)
	}
}

// TestReconcileAndAudit plays a person who finds a difference, fixes it and
// proves that it is fixed.
func TestReconcileAndAudit(t *testing.T) {
	t.Parallel()
	first, second := nodetest.Start(t, 1), nodetest.Start(t, 2)
	noon := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	first.Play(t, 1, noon, "Halah")
	second.Play(t, 2, noon, "Ghost\x1b[31mHighway")
	database := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{
		"AURA_DATABASE_URL": database, "AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_SYNC_STEP_SLEEP": "0",
		"AURA_MAIN_HOST_1": first.URL, "AURA_MAIN_HOST_2": second.URL, "AURA_SOURCE_NAMES": "1=Engine A",
	}
	expect := expecting(t, environ)
	expect("reconcile", cli.ExitFailed, "there is no database yet")
	expect("audit", cli.ExitFailed, "there is no database yet")
	expect("migrate up", cli.ExitOK)
	expect("migrate down", cli.ExitOK)
	expect("reconcile", cli.ExitConfig, "migrate up")
	expect("migrate up", cli.ExitOK)
	expect("reconcile", cli.ExitConfig, "start the service once")
	prepare(t, database)

	expect("audit", cli.ExitFailed, "node 1 (Engine A) at "+first.URL, "2026-10: 0 here, 1 there", "only there: 2026-10-20T12:00:00+00:00", "Halah", "Ghost [31mHighway", "not everything is proved equal")
	expect("reconcile --node 1", cli.ExitOK, "node 1 (Engine A): both sides have the same records; fetched 1, sent 0")
	expect("audit --node 1", cli.ExitOK, "entries: equal, 1", "on-air log: agrees")
	expect("audit", cli.ExitFailed)
	expect("reconcile", cli.ExitOK)
	var found struct {
		Equal bool `json:"equal"`
		Nodes []struct {
			Kinds []struct {
				Kind  string `json:"kind"`
				Equal int    `json:"equal"`
			} `json:"kinds"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal([]byte(expect("audit --json", cli.ExitOK)), &found); err != nil || !found.Equal || len(found.Nodes) != 2 || found.Nodes[1].Kinds[0].Equal != 1 {
		t.Errorf("JSON is %+v, %v", found, err)
	}

	expect("audit --node 7", cli.ExitFailed, "AURA_MAIN_HOST_7")
	environ["AURA_DEFAULT_SOURCE"] = "2"
	expect("audit", cli.ExitConfig, "AURA_DEFAULT_SOURCE")
	delete(environ, "AURA_DEFAULT_SOURCE")
	environ["AURA_STATION_TIMEZONE"] = "Europe/London"
	expect("audit", cli.ExitFailed, `its time zone is "Europe/Vienna", the sync node's is "Europe/London"`, "entries: equal, 1")
	environ["AURA_STATION_TIMEZONE"] = "Europe/Berlin"
	expect("audit", cli.ExitOK)
	second.Close()
	expect("audit", cli.ExitFailed, "not compared", "entries: equal, 1")
	expect("reconcile", cli.ExitFailed, "node 2", "node 1 (Engine A): both sides have the same")
	delete(environ, "AURA_MAIN_HOST_1")
	delete(environ, "AURA_MAIN_HOST_2")
	expect("audit", cli.ExitConfig, "AURA_MAIN_HOST_1")
}

// refusing serves a node that refuses everything that is sent to it.
func refusing(t *testing.T, node *nodetest.Node) string {
	t.Helper()
	target, err := url.Parse(node.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		var sent struct{ Records, Healths, Clocks []json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		var answer api.SyncResults
		for range sent.Records {
			answer.Records = append(answer.Records, api.SyncResult{Refused: "no room"})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestReconcile_Doubtful: sides that are not proved equal are not called equal.
func TestReconcile_Doubtful(t *testing.T) {
	t.Parallel()
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/api/v1/playlog":
			http.NotFound(w, r)
		case r.URL.Query().Get("page") == "0":
			_, _ = io.WriteString(w, `[{"track_start": "2026-10-20 14:05:00", "track_title": "Halah"}]`)
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}))
	t.Cleanup(old.Close)
	path := filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{
		"AURA_DATABASE_URL": "sqlite://" + path, "AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_MAIN_HOST_1": old.URL, "AURA_SYNC_STEP_SLEEP": "0",
	}
	prepare(t, environ["AURA_DATABASE_URL"])
	code, out, errOut := run(t, environ, "reconcile")
	if code != cli.ExitOK || !strings.Contains(out, "node 1: an original node can't be compared; fetched 1, sent 0\n") {
		t.Errorf("original: %d %s%s", code, out, errOut)
	}
	environ["AURA_MAIN_HOST_1"] = refusing(t, nodetest.Start(t, 1))
	code, out, errOut = run(t, environ, "reconcile")
	want := "node 1: the two sides differ: 1 refused, the first: the node refuses a record: no room; fetched 0, sent 1\n"
	if code != cli.ExitFailed || !strings.Contains(out, want) || !strings.Contains(errOut, errRefused.Error()) {
		t.Errorf("refused: %d %s%s", code, out, errOut)
	}
}

// TestReconcile_Lost: everything lost here is back after reconcile, which
// reports it. Before that, audit reports what is missing.
func TestReconcile_Lost(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, 1)
	noon := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	node.Play(t, 1, noon, "Halah")
	history := []model.Activation{{Epoch: 52, Source: 1, From: noon, RecordedAt: noon, By: "M. Tester", Reason: "2 is silent"}}
	if err := node.DB.RememberActivations(t.Context(), history); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{"AURA_DATABASE_URL": "sqlite://" + path, "AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_MAIN_HOST_1": node.URL}
	prepare(t, environ["AURA_DATABASE_URL"])
	expect := expecting(t, environ)
	expect("audit", cli.ExitFailed, "activations: 0 equal; these spans of time (UTC) differ:", "2026-10: 0 here, 1 there", "only there: 2026-10-20T12:00:00+00:00 source 1, by M. Tester: 2 is silent")
	expect("reconcile", cli.ExitOK, "both sides have the same records; fetched 2, sent 0", "on-air log: agrees")
	expect("audit", cli.ExitOK, "activations: equal, 1")
	tamper(t, path)
	expect("reconcile", cli.ExitOK, "both sides have the same records", "on-air log: 1 segments did not agree with the records and the activations; they were derived again")
	expect("audit", cli.ExitOK, "on-air log: agrees")
}

// TestAudit_OnAir: an altered on-air log is found.
func TestAudit_OnAir(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, 1)
	node.Play(t, 1, time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC), "Halah")
	path := filepath.Join(t.TempDir(), "test.db")
	environ := map[string]string{"AURA_DATABASE_URL": "sqlite://" + path, "AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_MAIN_HOST_1": node.URL}
	prepare(t, environ["AURA_DATABASE_URL"])
	if code, _, errOut := run(t, environ, "reconcile"); code != cli.ExitOK {
		t.Fatal(code, errOut)
	}
	tamper(t, path)
	if code, out, _ := run(t, environ, "audit"); code != cli.ExitFailed || !strings.Contains(out, "1 segments") {
		t.Errorf("%d %s", code, out)
	}
}

// tamper deletes the on-air log without the service's knowledge.
func tamper(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM onair"); err != nil {
		t.Fatal(err)
	}
}

// TestWork: unknown values are not shown.
func TestWork(t *testing.T) {
	t.Parallel()
	w := new(work)
	for _, test := range []struct {
		done, total int64
		part        float64
	}{{5, 10, 0.5}, {5, 0, -1}, {0, 0, -1}, {10, 10, 1}} {
		w.passed(test.done, test.total)
		if s := w.state(); s.Part != test.part || s.Done != test.done {
			t.Errorf("%d of %d: %+v", test.done, test.total, s)
		}
	}
}
