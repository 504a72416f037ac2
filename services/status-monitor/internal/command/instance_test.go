package command

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
)

// TestSetup_Instance: heartbeats arrive where the invitation says that the engine-apis
// of the station send them.
func TestSetup_Instance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := setup.PortOf(free.LocalAddr().String())
	free.Close()
	by := inviter()
	by.Instance, by.Station.HeartbeatKey, by.Station.Monitors = "web", setup.NewSecret(), []string{"192.0.2.3:" + port}
	line := invite(t, by, "monitor")
	if code, out, errOut := run(t, "setup", "--dir", dir, "--join", line); code != cli.ExitUsage || !strings.Contains(errOut, "status-monitor setup --join - --instance web") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	code, out, errOut := run(t, "setup", "--dir", dir, "--instance", "web", "--join", line)
	for _, want := range []string{"systemctl enable status-monitor@web\n", "status-monitor check --instance web\n", "udp dport " + port} {
		if code != cli.ExitOK || !strings.Contains(out, want) {
			t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
		}
	}
	cfg := loadedAs(t, dir, "web")
	if own, err := strconv.Atoi(setup.PortOf(cfg.HTTP.Listen)); err != nil || own <= 8011 || own%10 != 1 || cfg.Heartbeats.Listen != "0.0.0.0:"+port {
		t.Errorf("listens at %s, and for heartbeats at %s", cfg.HTTP.Listen, cfg.Heartbeats.Listen)
	}
	if _, err := os.Stat(filepath.Join(dir, "status-monitor.env")); !os.IsNotExist(err) {
		t.Errorf("the other instance was set up: %v", err)
	}

	// Without heartbeats it listens too, but not where the other instance does.
	by.Station.HeartbeatKey, by.Station.Monitors = "", nil
	if code, out, errOut := run(t, "setup", "--dir", dir, "--instance", "kids", "--join", invite(t, named(by, "kids"), "monitor")); code != cli.ExitOK {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	if kids := loadedAs(t, dir, "kids"); !strings.HasPrefix(kids.Heartbeats.Listen, "127.0.0.1:") || setup.PortOf(kids.Heartbeats.Listen) == "43334" || kids.HTTP.Listen == cfg.HTTP.Listen {
		t.Errorf("listens at %s, and for heartbeats at %s", kids.HTTP.Listen, kids.Heartbeats.Listen)
	}
	by.Station.HeartbeatKey, by.Station.Monitors = setup.NewSecret(), []string{"192.0.2.3:" + setup.PortOf(loadedAs(t, dir, "kids").Heartbeats.Listen)}
	if code, out, errOut := run(t, "setup", "--dir", dir, "--instance", "kids", "--join", invite(t, named(by, "kids"), "monitor")); code != cli.ExitOK || !strings.HasPrefix(loadedAs(t, dir, "kids").Heartbeats.Listen, "0.0.0.0:") {
		t.Errorf("heartbeats that come from other hosts: %d %s%s", code, out, errOut)
	}
}

// named is a sync node of another programme.
func named(v setup.Inviter, name instance.Name) setup.Inviter {
	v.Instance = name
	return v
}
