package e2e

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestUnknownSource: an operator mistypes a source's number. The command refuses
// it. With --force it is a fault for everybody who looks, until another source is
// active.
func TestUnknownSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	station := launch(t, dir, "sync-node", "sqlite://"+filepath.Join(dir, "station.db"), "AURA_SOURCE_NAMES=1=Engine A,3=Studio line")
	t.Cleanup(func() { station.end(t) })
	awaitReady(t, station.url, station.exited)
	monitor := launch(t, dir, "status-monitor", "sqlite://"+filepath.Join(dir, "monitor.db"), "AURA_SYNC_HOST="+station.url,
		"AURA_SOURCE_1="+freeUDPAddress(t), "AURA_HEARTBEAT_LISTEN=127.0.0.1:0")
	t.Cleanup(func() { monitor.end(t) })
	expect := func(code int, want string, args ...string) {
		t.Helper()
		if got, out := command(t, "status-monitor", args); got != code || !strings.Contains(out, want) {
			t.Errorf("exit code %d, not %d and %s:\n%s", got, code, want, out)
		}
	}
	change := func(code int, want string, args ...string) {
		t.Helper()
		expect(code, want, append(args, "--reason", "test", "--sync-node", station.url)...)
	}
	fault := func(source, value string) {
		t.Helper()
		patience.Await(t, func() error {
			for url, metric := range map[string]string{station.url: "aura_active_source_unknown ", monitor.url: "aura_monitor_active_source_unknown "} {
				if status, metrics, err := call(t.Context(), http.MethodGet, url+"/metrics", ""); err != nil || status != http.StatusOK || !strings.Contains(metrics, "\n"+metric+value+"\n") {
					return errors.New("lacks " + metric + value)
				}
			}
			_, status, err := call(t.Context(), http.MethodGet, monitor.url+"/status", "")
			if !strings.Contains(status, `"source":`+source) || strings.Contains(status, `"unknown":true`) != (value == "1") {
				return errors.New("status is " + status)
			}
			return err
		})
	}
	change(1, "Use --force", "switch", "22")
	change(0, "source 3 is active", "switch", "3")
	fault("3", "0")
	change(0, "nothing knows it", "switch", "22", "--force")
	fault("22", "1")
	expect(2, "CRITICAL: source 22 is active, and nothing knows it", "status", "--monitor", monitor.url)
	for _, s := range []*service{station, monitor} {
		if !strings.Contains(s.logged(), "the active source is not known") {
			t.Errorf("the log of %s does not tell:\n%s", s.program, s.logged())
		}
	}
	change(0, "source 3 is active", "switch", "3")
	fault("3", "0")
}
