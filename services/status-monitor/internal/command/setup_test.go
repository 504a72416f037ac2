package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/pkg/setup/setuptest"
	"aura.radio/engine/services/status-monitor/internal/app"
	"aura.radio/engine/services/status-monitor/internal/config"
)

// inviter is a sync node that invites.
func inviter() setup.Inviter {
	return setup.Inviter{
		Station: setup.Station{URL: "http://192.0.2.3:8010"}, Zone: "Europe/Vienna",
		Engines: map[int]string{1: "http://192.0.2.1:8008", 2: "http://192.0.2.2:8008"},
		Secret:  "secret-of-the-sync-node", Tokens: setup.Tokens{{Name: "monitor", Role: "monitor", Secret: "secret-of-the-monitor"}},
	}
}

func invite(t *testing.T, by setup.Inviter, guest string) string {
	t.Helper()
	i, _, err := by.Invite(guest, false)
	if err != nil {
		t.Fatal(err)
	}
	return i.Line()
}

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

// TestSetup: the example that comes with the service has addresses of its own,
// which are not the station's.
func TestSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	example, err := os.ReadFile("../../../../deploy/systemd/status-monitor.env.example")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "status-monitor.env"), example, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	code, out, errOut := run(t, "setup", "--dir", dir, "--join", invite(t, inviter(), "monitor"))
	for _, want := range []string{
		"the engines send no heartbeats, so this is what is promised", "source 1 is watched by health reports and plays", "source 2 is watched by health reports and plays", "status-monitor check",
	} {
		if code != cli.ExitOK || !strings.Contains(out, want) || strings.Contains(out, "secret-of") {
			t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
		}
	}
	cfg := loaded(t, dir)
	if cfg.SyncHost != "http://192.0.2.3:8010" || cfg.Peers.Token != "secret-of-the-monitor" || len(cfg.MainHosts) != 2 || len(cfg.Heartbeats.Sources) != 0 || cfg.Heartbeats.Listen != "127.0.0.1:43334" {
		t.Errorf("%+v", cfg)
	}
	by := inviter()
	by.Station.HeartbeatKey = setup.NewSecret()
	code, out, errOut = run(t, "setup", "--dir", dir, "--join", invite(t, by, "monitor"), "--switch-command", "/usr/local/bin/switch {source}", "--name", "standby")
	if code != cli.ExitOK || !strings.Contains(out, "saddr '{ 192.0.2.1, 192.0.2.2 }' udp dport 43334") || !strings.Contains(out, "some seconds of silence mean that it is down; until then:\n  source 1") || strings.Contains(out, "send no heartbeats") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if cfg := loaded(t, dir); cfg.Heartbeats.Key != by.Station.HeartbeatKey || cfg.Heartbeats.Listen != "0.0.0.0:43334" || cfg.Name != "standby" {
		t.Errorf("%+v", cfg)
	}
	// Without an invitation only the answers change.
	if code, out, errOut := run(t, "setup", "--dir", dir, "--name", "first"); code != cli.ExitOK || loaded(t, dir).Name != "first" || loaded(t, dir).Heartbeats.Key != by.Station.HeartbeatKey {
		t.Errorf("%d %s%s", code, out, errOut)
	}
}

func TestSetup_Wrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{cli.ExitUsage, "--join: nobody can be asked here", nil},
		{cli.ExitUsage, "this invitation is for node-1", []string{"--join", invite(t, inviter(), "node-1")}},
		{cli.ExitUsage, "is no address and port", []string{"--join", invite(t, inviter(), "monitor"), "--heartbeat-listen", "43334"}},
		{cli.ExitConfig, "AURA_NAME", []string{"--join", invite(t, inviter(), "monitor"), "--name", strings.Repeat("x", 65)}},
	} {
		dir := filepath.Join(t.TempDir(), "none")
		if code, out, errOut := run(t, append([]string{"setup", "--dir", dir}, c.args...)...); code != c.code || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: %d %s%s, want %d %q", c.args, code, out, errOut, c.code, c.want)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%v: something was written: %v", c.args, err)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	by := inviter()
	by.Station.URL, by.Engines = "http://127.0.0.1:1", map[int]string{1: "http://127.0.0.1:1"}
	if code, _, errOut := run(t, "setup", "--dir", dir, "--join", invite(t, by, "monitor")); code != cli.ExitOK {
		t.Fatal(errOut)
	}
	status := well()
	url := monitor(t, func() api.MonitorStatus { return status })
	check := func(service string, want ...string) {
		t.Helper()
		code, out, errOut := run(t, "check", "--dir", dir, "--service", service)
		for _, want := range want {
			if code != cli.ExitFailed || !strings.Contains(out, want) {
				t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
			}
		}
	}
	check(url, "FAILS  sync node", "FAILS  node 1", "connection refused", "it is up", "source 1")
	status.Alarm = "nobody can take over"
	check(url, "FAILS  alarm", "nobody can take over")
	check("http://127.0.0.1:1", "FAILS  service", "journalctl -u status-monitor")
}
