package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// shownEntry is what the test looks at of an entry of /playlog.
type shownEntry struct {
	Title      string     `json:"track_title"`
	Start      time.Time  `json:"track_start"`
	Source     int        `json:"log_source"`
	ReceivedAt *time.Time `json:"received_at"`
	Doubts     []struct{ Field, Sent string }
}

func shownEntries(t *testing.T, base string) []shownEntry {
	t.Helper()
	var list []shownEntry
	if err := json.Unmarshal([]byte(mustCall(t, http.MethodGet, base+"/api/v1/playlog?source=all", "", http.StatusOK)), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestClock: an engine of 2025 in a container without TZ, on host 2. Its plays are
// those of host 2. That its times are UTC is noticed by the third play, here and
// at the sync node, and the command in the log mends what was logged.
func TestClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := "sqlite://" + filepath.Join(dir, "station.db")
	node := launch(t, dir, "engine-api", "sqlite://"+filepath.Join(dir, "node.db"), "AURA_HOST_ID=2")
	t.Cleanup(func() { node.end(t) })
	awaitReady(t, node.url, node.exited)
	station := launch(t, dir, "sync-node", database, "AURA_MAIN_HOST_2="+node.url, "AURA_SYNC_INTERVAL=1s")
	t.Cleanup(func() { station.end(t) })
	awaitReady(t, station.url, station.exited)

	for i := range 3 {
		if i > 0 {
			time.Sleep(1100 * time.Millisecond) // plays that arrive within a second are a queue
		}
		body := fmt.Sprintf(`{"trackStart": %q, "trackTitle": "title %d", "logSource": 1}`, time.Now().UTC().Format("2006-01-02T15:04:05"), i)
		mustCall(t, http.MethodPost, node.url+"/engine/api/v1/playlog", body, http.StatusNoContent)
	}
	const want = "source 2: starts are "
	const cause = " behind their arrival, as UTC is to Europe/Vienna now"
	if state := mustCall(t, http.MethodGet, node.url+"/api/v1/sync/state", "", http.StatusOK); !strings.Contains(state, want) || !strings.Contains(state, cause) {
		t.Error("its status does not tell: " + state)
	}
	if metrics := mustCall(t, http.MethodGet, node.url+"/metrics", "", http.StatusOK); !strings.Contains(metrics, `aura_engine_clock_wrong{source="2"} 1`) {
		t.Error("its metrics do not tell")
	}
	patience.Await(t, func() error {
		if state := mustCall(t, http.MethodGet, station.url+"/api/v1/sync/state", "", http.StatusOK); !strings.Contains(state, cause) {
			return errors.New("the sync node's status does not tell: " + state)
		}
		return nil
	})
	if _, out := command(t, "sync-node", []string{"audit"}, "AURA_DATABASE_URL="+database, "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_MAIN_HOST_2="+node.url); !strings.Contains(out, cause) {
		t.Errorf("the audit does not tell: %s", out)
	}
	for _, e := range shownEntries(t, node.url) {
		if e.Source != 2 || len(e.Doubts) != 1 || e.Doubts[0].Field != "log_source" || e.Doubts[0].Sent != "1" {
			t.Errorf("stored as %+v", e)
		}
	}

	shift := correction(t, node) + " --node " + node.url
	for range 2 { // again it changes nothing
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", bin+"/"+shift).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", shift, err, out)
		}
	}
	entries := shownEntries(t, node.url)
	for _, e := range entries {
		if late := e.ReceivedAt.Sub(e.Start); late < 0 || late > time.Minute {
			t.Errorf("%s starts at %s, and arrived at %s", e.Title, e.Start, e.ReceivedAt)
		}
	}
	if len(entries) != 3 {
		t.Errorf("%d entries", len(entries))
	}
}

// correction is the command that the log holds.
func correction(t *testing.T, s *service) string {
	t.Helper()
	for line := range strings.SplitSeq(s.logged(), "\n") {
		var fields struct{ Correct string }
		if json.Unmarshal([]byte(line), &fields) == nil && fields.Correct != "" {
			return fields.Correct
		}
	}
	t.Fatalf("the log has no command: %s", s.logged())
	return ""
}

// TestCorrectSource: what was stored under the engine's constant is mended on its
// host, and the sync node learns it.
func TestCorrectSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	station := launch(t, dir, "sync-node", "sqlite://"+filepath.Join(dir, "station.db"))
	t.Cleanup(func() { station.end(t) })
	awaitReady(t, station.url, station.exited)
	node := launch(t, dir, "engine-api", "sqlite://"+filepath.Join(dir, "node.db"), "AURA_HOST_ID=2", "AURA_SYNC_HOST="+station.url, "AURA_ENGINE_SOURCE=as-sent")
	t.Cleanup(func() { node.end(t) })
	awaitReady(t, node.url, node.exited)
	start := time.Now().Truncate(time.Second)
	mustCall(t, http.MethodPost, node.url+"/api/v1/playlog", fmt.Sprintf(`{"trackStart": %q, "trackTitle": "a", "logSource": 1}`, start.Format(time.RFC3339)), http.StatusNoContent)
	await := func(source int) {
		t.Helper()
		patience.Await(t, func() error {
			if list := shownEntries(t, station.url); len(list) != 1 || list[0].Source != source || list[0].ReceivedAt == nil {
				return fmt.Errorf("the sync node has %+v", list)
			}
			return nil
		})
	}
	await(1)
	args := []string{
		"correct", "source", "--from", "1", "--to", "2", "--old", "void", "--reason", "engine 2 says 1", "--node", node.url,
		"--from-date", start.AddDate(0, 0, -1).Format(time.DateOnly), "--to-date", start.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	if code, out := command(t, "engine-api", args); code != 0 || !strings.Contains(out, "corrected: 1\n") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	await(2)
	if code, out := command(t, "engine-api", append(args, "--undo")); code != 0 || !strings.Contains(out, "corrected: 1\n") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	await(1)
	// Corrections at the sync node go the same way.
	if code, out := command(t, "sync-node", []string{
		"correct", "void", "--source", "1", "--reason", "a test", "--node", station.url, "--from", start.Format(time.RFC3339), "--to", start.Format(time.RFC3339),
	}); code != 0 || !strings.Contains(out, "corrected: 1\n") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if list := shownEntries(t, station.url); len(list) != 0 {
		t.Errorf("after the void: %+v", list)
	}
}
