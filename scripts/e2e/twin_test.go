package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestTwin: somebody copies a host and starts the copy. What is posted to the copy
// waits there and gets neither on air nor into the true host's log, as soon as both
// were heard. The sync node and the copy tell it.
func TestTwin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url := func(name string) string { return "sqlite://" + filepath.Join(dir, name) }
	station := launch(t, dir, "sync-node", url("station.db"))
	t.Cleanup(func() { station.end(t) })
	awaitReady(t, station.url, station.exited)
	node := func(database string) *service {
		t.Helper()
		return startService(t, url(database), "AURA_HOST_ID=2", "AURA_SYNC_HOST="+station.url)
	}
	second := 0
	post := func(to *service, title string) {
		t.Helper()
		second++
		body := fmt.Sprintf(`{"track_start": %q, "track_title": %q, "track_artist": "Mazzie Star", "log_source": 2}`,
			time.Now().Add(time.Duration(second-100)*time.Second).UTC().Format(time.RFC3339), title)
		mustCall(t, http.MethodPost, to.url+"/api/v1/playlog", body, http.StatusNoContent)
	}
	has := func(at *service, title string) bool {
		t.Helper()
		return strings.Contains(mustCall(t, http.MethodGet, at.url+"/api/v1/playlog?source=all&limit=100", "", http.StatusOK), `"`+title+`"`)
	}
	arrives := func(title string) {
		t.Helper()
		patience.Await(t, func() error {
			if !has(station, title) {
				return errors.New("the sync node does not have " + title)
			}
			return nil
		})
	}
	first := node("node.db")
	post(first, "first")
	arrives("first")
	first.signal(t, syscall.SIGTERM)
	text, err := os.ReadFile(filepath.Join(dir, "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "copy.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	first = node("node.db")
	post(first, "second")
	arrives("second")
	twin := node("copy.db")
	post(twin, "like a restart")
	arrives("like a restart")
	post(first, "third")
	arrives("third")

	post(twin, "test")
	patience.Await(t, func() error {
		if metrics := mustCall(t, http.MethodGet, twin.url+"/metrics", "", http.StatusOK); strings.Contains(metrics, `aura_outbox_failures_total{kind="twin"} 0`) {
			return errors.New("the copy is not refused")
		}
		return nil
	})
	post(first, "fourth")
	arrives("fourth")
	if has(station, "test") || has(first, "test") {
		t.Error("the copy's title is in the log")
	}
	if !strings.Contains(twin.logged(), "another database is known as this host's") {
		t.Errorf("the copy's log does not tell:\n%s", twin.logged())
	}
	if !strings.Contains(station.logged(), "another database says that it is this host's") {
		t.Errorf("the sync node's log does not tell:\n%s", station.logged())
	}
	code, out := command(t, "sync-node", []string{"audit"}, "AURA_DATABASE_URL="+url("station.db"), "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_MAIN_HOST_2="+first.url)
	if code != 1 || !strings.Contains(out, "says so too") {
		t.Errorf("the audit: exit code %d\n%s", code, out)
	}
}
