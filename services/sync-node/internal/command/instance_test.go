package command

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/setup"
)

// TestSetup_Instance: the ports of the whole station follow from the sync node's own,
// and only the station of the same name is invited to.
func TestSetup_Instance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	setUp(t, dir, "--zone", "Europe/Vienna", "--address", "192.0.2.3", "--engines", "192.0.2.1")
	out := setUp(t, dir, "--instance", "web", "--zone", "Europe/Vienna", "--address", "192.0.2.3", "--engines", "192.0.2.1,192.0.2.2:9000", "--heartbeats", "yes")
	for _, want := range []string{
		"sync-node-web is set up", "systemctl enable sync-node@web\n", "systemctl restart sync-node@web\n",
		"sync-node invite monitor --instance web | status-monitor setup --join - --instance web\n", "sync-node invite node-2 --instance web\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q: %s", want, out)
		}
	}
	web := loadedAs(t, dir, "web")
	own, err := strconv.Atoi(setup.PortOf(web.HTTP.Listen))
	if err != nil || own <= 8010 || own%10 != 0 || web.HTTP.Listen != "0.0.0.0:"+strconv.Itoa(own) {
		t.Errorf("listens at %s", web.HTTP.Listen)
	}
	engine := "http://192.0.2.1:" + strconv.Itoa(own-2)
	if web.MainHosts[1] != engine || web.MainHosts[2] != "http://192.0.2.2:9000" {
		t.Errorf("%v, while it listens at %d", web.MainHosts, own)
	}
	i := invited(t, dir, "node-1", "--instance", "web")
	if i.Instance != "web" || i.URL != engine || i.SyncHost != "http://192.0.2.3:"+strconv.Itoa(own) || len(i.Monitors) != 1 || i.Monitors[0] != "192.0.2.3:"+strconv.Itoa(own-8010+43334) {
		t.Errorf("%+v", i)
	}
	if tokens := len(loadedAs(t, dir, "web").HTTP.Tokens); tokens != 2 || len(loaded(t, dir).HTTP.Tokens) != 1 {
		t.Errorf("%d tokens, and of the other station %d", tokens, len(loaded(t, dir).HTTP.Tokens))
	}
	if i := invited(t, dir, "node-1"); i.Instance != "" || i.SyncHost != "http://192.0.2.3:8010" || i.HeartbeatKey != "" {
		t.Errorf("%+v", i)
	}

	// Again: what is there stays.
	setUp(t, dir, "--instance", "web")
	if again := loadedAs(t, dir, "web"); again.HTTP.Listen != web.HTTP.Listen || again.MainHosts[1] != engine || again.Peers.Token != web.Peers.Token {
		t.Errorf("%+v", again)
	}
	if code, _, errOut := run(t, nil, "invite", "--dir", dir, "node-1", "--instance", "kids"); code == cli.ExitOK || !strings.Contains(errOut, "sync-node setup --instance kids") {
		t.Errorf("%d %s", code, errOut)
	}
	for _, path := range []string{"sync-node/station", "sync-node-web/station", "sync-node-web/api-tokens"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
}
