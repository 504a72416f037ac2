package command

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/instance"
	"aura.radio/engine/pkg/setup"
	"aura.radio/engine/pkg/setup/setuptest"
	"aura.radio/engine/services/engine-api/internal/app"
	"aura.radio/engine/services/engine-api/internal/config"
)

// inviter is a sync node that invites.
func inviter() setup.Inviter {
	return setup.Inviter{
		Station: setup.Station{URL: "http://192.0.2.3:8010"}, Zone: "Europe/Vienna", Engines: map[int]string{2: "http://192.0.2.2:8009"},
		Secret: "secret-of-the-sync-node", Tokens: setup.Tokens{{Name: "monitor", Role: "monitor", Secret: "secret-of-the-monitor"}},
	}
}

func invite(t *testing.T, by setup.Inviter) (setup.Invitation, string) {
	t.Helper()
	i, _, err := by.Invite("node-2", false)
	if err != nil {
		t.Fatal(err)
	}
	return i, i.Line()
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

func TestSetup_Alone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errOut := run(t, nil, "setup", "--dir", dir, "--zone", "Europe/Vienna", "--database", "mysql://u:hush-hush@localhost/aura")
	if code != cli.ExitOK || !strings.Contains(out, "systemctl restart engine-api") || strings.Contains(out+errOut, "hush") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	cfg := loaded(t, dir)
	if cfg.HostID != 1 || cfg.SyncHost != "" || cfg.HTTP.Listen != "127.0.0.1:8008" || cfg.Station.Zone.Name() != "Europe/Vienna" || !strings.Contains(cfg.Database.URL, "hush") {
		t.Errorf("%+v", cfg)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "engine-api.env")); err != nil || strings.Contains(string(text), "hush") {
		t.Errorf("the file holds the password: %s %v", text, err)
	}
	if code, out, errOut := run(t, nil, "setup", "--dir", dir, "--listen", "0.0.0.0:8008"); code != cli.ExitOK || loaded(t, dir).HTTP.Listen != "0.0.0.0:8008" || loaded(t, dir).Station.Zone.Name() != "Europe/Vienna" {
		t.Errorf("again: %d %s%s", code, out, errOut)
	}
}

// TestSetup_Example: set-up fits into the example that comes with the service.
func TestSetup_Example(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	example, err := os.ReadFile("../../../../deploy/systemd/engine-api.env.example")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "engine-api.env"), example, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, line := invite(t, inviter())
	if code, out, errOut := run(t, nil, "setup", "--dir", dir, "--join", line); code != cli.ExitOK {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	if cfg := loaded(t, dir); cfg.HostID != 2 || cfg.SyncHost == "" {
		t.Errorf("%+v", cfg)
	}
	text, err := os.ReadFile(filepath.Join(dir, "engine-api.env"))
	if err != nil || strings.Count(string(text), "\n") > strings.Count(string(example), "\n")+2 || !strings.Contains(string(text), "#AURA_CORS_ORIGINS") {
		t.Errorf("%v:\n%s", err, text)
	}
}

func TestSetup_Join(t *testing.T) {
	t.Parallel()
	by := inviter()
	by.Station.HeartbeatKey, by.Station.Monitors = setup.NewSecret(), []string{"192.0.2.3:43334", "monitor-2:43334"}
	i, line := invite(t, by)
	dir := t.TempDir()
	code, out, errOut := run(t, nil, "setup", "--dir", dir, "--join", line)
	for _, want := range []string{"this host is node-2", "ip saddr 192.0.2.3 tcp dport 8009", `heartbeat_server="127.0.0.1"`, "engine-api check"} {
		if code != cli.ExitOK || !strings.Contains(out, want) || strings.Contains(out+errOut, i.Secret) {
			t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
		}
	}
	cfg := loaded(t, dir)
	if cfg.HostID != 2 || cfg.HTTP.Listen != "0.0.0.0:8009" || cfg.SyncHost != "http://192.0.2.3:8010" || cfg.Peers.Token != i.Secret || len(cfg.HTTP.Tokens) != 2 ||
		cfg.Heartbeats.Key != by.Station.HeartbeatKey || cfg.Heartbeats.Listen != "127.0.0.1:43334" || len(cfg.Heartbeats.Monitors) != 2 {
		t.Errorf("%+v", cfg)
	}

	// A person's own token stays, and the new invitation counts.
	tokens := filepath.Join(dir, "engine-api", "api-tokens")
	text, err := os.ReadFile(tokens)
	if err == nil {
		err = os.WriteFile(tokens, append(text, "studio:admin:sixteen-or-more-characters\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	i, line = invite(t, inviter())
	if code, out, errOut := run(t, nil, "setup", "--dir", dir, "--join", line); code != cli.ExitOK {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	cfg = loaded(t, dir)
	if cfg.Peers.Token != i.Secret || len(cfg.HTTP.Tokens) != 3 || cfg.Heartbeats.Key != "" || cfg.Heartbeats.Listen != "" || len(cfg.Heartbeats.Monitors) != 0 {
		t.Errorf("joined again: %+v", cfg)
	}
}

func TestSetup_Wrong(t *testing.T) {
	t.Parallel()
	_, line := invite(t, inviter())
	by := inviter()
	monitor, _, err := by.Invite("monitor", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{cli.ExitUsage, "copy the whole line", []string{"--join", line[:len(line)-9]}},
		{cli.ExitUsage, "this is no invitation", []string{"--join", "hello"}},
		{cli.ExitUsage, "this invitation is for monitor", []string{"--join", monitor.Line()}},
		{cli.ExitUsage, "--zone: must not be given", []string{"--join", line, "--zone", "UTC"}},
		{cli.ExitUsage, "is no zone", []string{"--zone", "Europe/Nowhere"}},
		{cli.ExitUsage, "is no address and port", []string{"--zone", "UTC", "--listen", "8008"}},
		{cli.ExitUsage, "did you mean --zone?", []string{"--zoen", "UTC"}},
		{cli.ExitConfig, "AURA_DATABASE_URL", []string{"--zone", "UTC", "--database", "mysql://user:hush@"}},
	} {
		dir := filepath.Join(t.TempDir(), "none")
		code, out, errOut := run(t, nil, append([]string{"setup", "--dir", dir}, c.args...)...)
		if code != c.code || !strings.Contains(errOut, c.want) || strings.Contains(out+errOut, "hush") {
			t.Errorf("%v: %d %s%s, want %d %q", c.args, code, out, errOut, c.code, c.want)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%v: something was written: %v", c.args, err)
		}
	}
}

// TestSetup_Fingerprint: a sync node that shows another certificate is refused.
func TestSetup_Fingerprint(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	by := inviter()
	by.Station.URL, by.Fingerprint = server.URL, setup.Fingerprint(server.Certificate())
	_, line := invite(t, by)
	if code, out, errOut := run(t, nil, "setup", "--dir", t.TempDir(), "--join", line); code != cli.ExitOK || !strings.Contains(out, "shows the certificate that the invitation names, but this host does not trust it") || !strings.Contains(out, "update-ca-certificates") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	by.Fingerprint = strings.Repeat("0", 64)
	_, line = invite(t, by)
	if code, _, errOut := run(t, nil, "setup", "--dir", t.TempDir(), "--join", line); code != cli.ExitFailed || !strings.Contains(errOut, "another certificate") {
		t.Errorf("another certificate: %d %s", code, errOut)
	}
	server.Close()
	if code, out, _ := run(t, nil, "setup", "--dir", t.TempDir(), "--join", line); code != cli.ExitOK || !strings.Contains(out, "can't be reached now") {
		t.Errorf("away: %d %s", code, out)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, errOut := run(t, nil, "setup", "--dir", dir, "--zone", "Europe/Vienna", "--database", "sqlite://"+dir+"/test.db"); code != cli.ExitOK {
		t.Fatal(errOut)
	}
	code, out, errOut := run(t, nil, "check", "--dir", dir, "--service", "http://127.0.0.1:1")
	if code != cli.ExitFailed || !strings.Contains(out, "FAILS  service") || !strings.Contains(out, "journalctl -u engine-api") || errOut != "" {
		t.Errorf("nothing runs: %d %s%s", code, out, errOut)
	}
	s := serve(t, map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna", "AURA_DATABASE_URL": "sqlite://" + dir + "/test.db", "AURA_LISTEN": "127.0.0.1:0"})
	s.Await(http.StatusOK, http.MethodGet, "/readyz", "")
	code, out, errOut = run(t, nil, "check", "--dir", dir, "--service", s.URL)
	for _, want := range []string{
		"version test runs, and 1.2.3 is installed", "it answers, has the right schema and takes writes", "of host 1, served 1 times", "journal", "nothing was heard of it", "need a look", dir + "/engine-api.env",
	} {
		if code != cli.ExitOK || !strings.Contains(out, want) {
			t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
		}
	}
	s.Call(http.MethodPost, "/api/v1/playlog", `{"track_title": "Halah"}`)
	if code, out, errOut := run(t, nil, "check", "--dir", dir, "--service", s.URL); code != cli.ExitOK || !strings.Contains(out, "its last play came") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if code, out, errOut := run(t, map[string]string{"AURA_HOST_ID": "2"}, "check", "--dir", dir, "--service", s.URL); code != cli.ExitFailed || !strings.Contains(out, "host 1 answers where engine-api of host 2 should") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if _, out, _ := run(t, map[string]string{"AURA_STATION_TIMEZONE": "Europe/Vienna"}, "check", "--dir", t.TempDir(), "--service", s.URL); !strings.Contains(out, "engine-api setup` makes it") {
		t.Errorf("nothing configured: %s", out)
	}
	if code, _, errOut := run(t, map[string]string{"AURA_HOST_ID": "x"}, "check", "--dir", dir); code != cli.ExitConfig || !strings.Contains(errOut, "AURA_HOST_ID") {
		t.Errorf("%d %s", code, errOut)
	}
}

// TestSetup_InstanceInContainer: a container has a folder of its own, in which each
// programme has the same files. They say which programme it is, also when set-up runs
// again.
func TestSetup_InstanceInContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	container := map[string]string{"container": "oci"}
	by := inviter()
	by.Instance = "web"
	_, line := invite(t, by)
	if code, _, errOut := run(t, container, "setup", "--dir", dir, "--join", line); code != cli.ExitUsage || !strings.Contains(errOut, "another instance") {
		t.Errorf("another programme's invitation: %d %s", code, errOut)
	}
	for _, args := range [][]string{{"--instance", "web", "--zone", "Europe/Vienna"}, {"--zone", "Europe/London"}, {"--join", line}} {
		if code, _, errOut := run(t, container, append([]string{"setup", "--dir", dir}, args...)...); code != cli.ExitOK {
			t.Fatalf("%v: %d %s", args, code, errOut)
		}
		if cfg := loaded(t, dir); cfg.Instance != "web" {
			t.Errorf("after %v it is %q", args, cfg.Instance)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"engine-api", "engine-api.env"}) {
		t.Errorf("it wrote %q", got)
	}
}

// TestSetup_InContainer: no systemd is there, so nothing speaks of it. A container that
// is a whole host has it.
func TestSetup_InContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errOut := run(t, map[string]string{"container": "oci"}, "setup", "--dir", dir, "--zone", "Europe/Vienna")
	text, err := os.ReadFile(filepath.Join(dir, "engine-api.env"))
	if err != nil || code != cli.ExitOK {
		t.Fatalf("%d %s %v", code, errOut, err)
	}
	for _, said := range []string{out, string(text)} {
		if !strings.Contains(said, "docker compose … up -d") || strings.Contains(said, "systemctl") {
			t.Errorf("it says %s", said)
		}
	}
	if !strings.Contains(out, "docker compose … exec engine-api engine-api check") || !strings.Contains(string(text), "`configure engine-api setup`") {
		t.Errorf("it says %s%s", out, text)
	}
	if _, out, _ := run(t, map[string]string{"container": "lxc"}, "setup", "--dir", dir, "--zone", "Europe/Vienna"); !strings.Contains(out, "systemctl restart engine-api") {
		t.Errorf("in a host of LXC it says %s", out)
	}
}
