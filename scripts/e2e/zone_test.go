package e2e

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestZone: an engine's host whose zone is another one is named by the sync
// node's status, log and metric, and by its audit.
func TestZone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	node := startService(t, "sqlite://"+filepath.Join(dir, "node.db"), "AURA_STATION_TIMEZONE=", "TZ=Africa/Algiers")
	database := "sqlite://" + filepath.Join(dir, "station.db")
	station := launch(t, dir, "sync-node", database, "AURA_MAIN_HOST_1="+node.url)
	t.Cleanup(func() { station.end(t) })
	awaitReady(t, station.url, station.exited)
	const want = `its time zone is \"Africa/Algiers\", the sync node's is \"Europe/Vienna\"`
	patience.Await(t, func() error {
		if state := mustCall(t, http.MethodGet, station.url+"/api/v1/sync/state", "", http.StatusOK); !strings.Contains(state, want) {
			return errors.New("the status does not tell: " + state)
		}
		return nil
	})
	if metrics := mustCall(t, http.MethodGet, station.url+"/metrics", "", http.StatusOK); !strings.Contains(metrics, `aura_sync_node_zone_differs{node="1"} 1`) {
		t.Error("the metric does not tell")
	}
	if !strings.Contains(station.logged(), want) {
		t.Errorf("the log does not tell:\n%s", station.logged())
	}
	code, out := command(t, "sync-node", []string{"audit"}, "AURA_DATABASE_URL="+database, "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_MAIN_HOST_1="+node.url)
	if code == 0 || !strings.Contains(out, strings.ReplaceAll(want, `\`, "")) {
		t.Errorf("the audit: exit code %d\n%s", code, out)
	}
}
