package command

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/pkg/setup/setuptest"
	"aura.radio/engine/services/sync-node/internal/app"
	"aura.radio/engine/services/sync-node/internal/config"
	"aura.radio/engine/services/sync-node/internal/nodetest"
)

// loaded is the configuration in a folder, as the service reads it.
func loaded(t *testing.T, dir string) config.Config {
	t.Helper()
	return loadedAs(t, dir, "")
}

// loadedAs is that of an instance.
func loadedAs(t *testing.T, dir string, name instance.Name) config.Config {
	t.Helper()
	return setuptest.Loaded(t, dir, instance.Instance{Service: app.Name, Name: name}, config.Load)
}

// setUp sets a host up, and fails the test if that fails.
func setUp(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, out, errOut := run(t, nil, append([]string{"setup", "--dir", dir}, args...)...)
	if code != cli.ExitOK {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	return out
}

// invited invites a guest.
func invited(t *testing.T, dir string, args ...string) setup.Invitation {
	t.Helper()
	code, out, errOut := run(t, nil, append([]string{"invite", "--dir", dir}, args...)...)
	if code != cli.ExitOK || strings.Count(out, "\n") != 1 || !strings.Contains(errOut, "is a secret") {
		t.Fatalf("%d %q %s", code, out, errOut)
	}
	i, err := setup.ParseInvitation(out)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := setUp(t, dir, "--zone", "Europe/Vienna", "--address", "192.0.2.3", "--engines", "192.0.2.1,192.0.2.2:8009")
	for _, want := range []string{"saddr '{ 192.0.2.1, 192.0.2.2 }' tcp dport 8010", "invite monitor | status-monitor setup --join -", "invite node-2"} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q: %s", want, out)
		}
	}
	first := loaded(t, dir)
	if first.HTTP.Listen != "0.0.0.0:8010" || first.MainHosts[1] != "http://192.0.2.1:8008" || first.MainHosts[2] != "http://192.0.2.2:8009" || len(first.Peers.Token) != 64 ||
		len(first.HTTP.Tokens) != 1 || first.Station.Zone.Name() != "Europe/Vienna" {
		t.Errorf("%+v", first)
	}

	node := invited(t, dir, "node-2")
	if node.Number != 2 || node.URL != "http://192.0.2.2:8009" || node.Zone != "Europe/Vienna" || node.SyncHost != "http://192.0.2.3:8010" || node.HeartbeatKey != "" || !strings.Contains(node.Callers, first.Peers.Token) {
		t.Errorf("%+v", node)
	}
	if cfg := loaded(t, dir); len(cfg.HTTP.Tokens) != 2 {
		t.Errorf("the sync node does not know the node: %+v", cfg.HTTP.Tokens)
	}
	monitor := invited(t, dir, "monitor")
	if monitor.Number != 0 || len(monitor.Engines) != 2 || !strings.Contains(node.Callers, "monitor:monitor:"+monitor.Secret) {
		t.Errorf("%+v", monitor)
	}

	// Again, with another engine and heartbeats: secrets stay.
	setUp(t, dir, "--engines", "192.0.2.1,192.0.2.2:8009,host-4", "--heartbeats", "yes")
	again := loaded(t, dir)
	if again.Peers.Token != first.Peers.Token || len(again.HTTP.Tokens) != 2 || again.MainHosts[3] != "http://host-4:8008" || again.Station.Zone.Name() != "Europe/Vienna" {
		t.Errorf("%+v", again)
	}
	if i := invited(t, dir, "node-3"); len(i.HeartbeatKey) != 64 || len(i.Monitors) != 1 || i.Monitors[0] != "192.0.2.3:43334" {
		t.Errorf("%+v", i)
	}
	setUp(t, dir, "--engines", "192.0.2.1")
	if cfg := loaded(t, dir); len(cfg.MainHosts) != 1 {
		t.Errorf("%v", cfg.MainHosts)
	}
	if i := invited(t, dir, "node-1"); i.HeartbeatKey == "" {
		t.Error("heartbeats were forgotten")
	}
	setUp(t, dir, "--heartbeats", "no")
	if i := invited(t, dir, "node-1", "--forget"); i.HeartbeatKey != "" {
		t.Error("heartbeats were not given up")
	}
}

// TestInvite_InContainer: the configuration in a container's folder says which programme
// it is.
func TestInvite_InContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	container := map[string]string{"container": "oci"}
	if code, _, errOut := run(t, container, "setup", "--dir", dir, "--instance", "web", "--zone", "UTC", "--address", "192.0.2.3", "--engines", "192.0.2.1"); code != cli.ExitOK {
		t.Fatalf("%d %s", code, errOut)
	}
	code, out, errOut := run(t, container, "invite", "--dir", dir, "node-1")
	if i, err := setup.ParseInvitation(out); code != cli.ExitOK || err != nil || i.Instance != "web" || !strings.Contains(errOut, "`engine-api setup --join - --instance web`") {
		t.Errorf("%d %+v %v %s", code, i, err, errOut)
	}
}

func TestSetup_Wrong(t *testing.T) {
	t.Parallel()
	right := []string{"--zone", "UTC", "--address", "192.0.2.3", "--engines", "192.0.2.1"}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{cli.ExitUsage, "--address: nobody can be asked", []string{"--zone", "UTC"}},
		{cli.ExitUsage, "--engines: nobody can be asked", []string{"--zone", "UTC"}},
		{cli.ExitUsage, "is no address", append(right, "--address", "a b")},
		{cli.ExitUsage, "is there twice", append(right, "--engines", "a,a")},
		{cli.ExitUsage, "say yes or no", append(right, "--heartbeats", "perhaps")},
		{cli.ExitUsage, "say hosts with ports", append(right, "--heartbeats", "yes", "--monitors", "host")},
		{cli.ExitConfig, "AURA_TLS_CERT", append(right, "--tls-cert", "/does/not/exist", "--tls-key", "/does/not/exist")},
		{cli.ExitConfig, "AURA_MAIN_HOST_1", append(right, "--engines", "127.0.0.1:8010")},
	} {
		dir := filepath.Join(t.TempDir(), "none")
		if code, out, errOut := run(t, nil, append([]string{"setup", "--dir", dir}, c.args...)...); code != c.code || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: %d %s%s, want %d %q", c.args, code, out, errOut, c.code, c.want)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%v: something was written: %v", c.args, err)
		}
	}
	empty, dir := t.TempDir(), t.TempDir()
	setUp(t, dir, right...)
	for args, want := range map[string]string{"invite node-2 --dir " + dir: "has no address yet", "invite studio --dir " + dir: "say node-1", "invite node-1 --dir " + empty: "sync-node setup"} {
		if code, out, errOut := run(t, nil, strings.Fields(args)...); code != cli.ExitFailed || out != "" || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d %s%s", args, code, out, errOut)
		}
	}
}

// TestCheck: the words for a node that answers, one that does not, and one that is
// another.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir, node := t.TempDir(), nodetest.Start(t, 1)
	node.Play(t, 1, time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC), "Halah")
	setUp(t, dir, "--zone", "Europe/Vienna", "--address", "192.0.2.3", "--engines", node.URL, "--database", "sqlite://"+dir+"/test.db")
	check := func(want ...string) {
		t.Helper()
		code, out, errOut := run(t, nil, "check", "--dir", dir, "--service", "http://127.0.0.1:1")
		for _, want := range want {
			if code != cli.ExitFailed || !strings.Contains(out, want) {
				t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
			}
		}
	}
	check("FAILS  service", "systemctl status sync-node", "node 1           it answers this host and takes its token", "it reaches this host", "its clock is this host's", "nothing was heard of it")
	setUp(t, dir, "--engines", node.URL+","+nodetest.Start(t, 3).URL)
	check("node 2           host 3 answers there, and host 2 should")
	setUp(t, dir, "--engines", node.URL+",127.0.0.1:"+strconv.Itoa(1))
	check("node 2           GET /sync/state", "connection refused", "does a firewall let this host through?")
}
