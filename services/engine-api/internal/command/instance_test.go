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

// setUpAs sets an instance up alone, and returns its port.
func setUpAs(t *testing.T, dir string, name instance.Name, args ...string) string {
	t.Helper()
	code, out, errOut := run(t, nil, append([]string{"setup", "--dir", dir, "--instance", string(name), "--zone", "Europe/Vienna"}, args...)...)
	if code != cli.ExitOK {
		t.Fatalf("%s: %d %s%s", name, code, out, errOut)
	}
	return setup.PortOf(loadedAs(t, dir, name).HTTP.Listen)
}

// TestSetup_Instances: each has its own files and port, and none changes another.
func TestSetup_Instances(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, out, errOut := run(t, nil, "setup", "--dir", dir, "--zone", "Europe/Vienna"); code != cli.ExitOK || loaded(t, dir).HTTP.Listen != "127.0.0.1:8008" {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	first, err := os.ReadFile(filepath.Join(dir, "engine-api.env"))
	if err != nil {
		t.Fatal(err)
	}
	code, out, errOut := run(t, nil, "setup", "--dir", dir, "--instance", "web", "--zone", "UTC", "--database", "mysql://u:hush-hush@localhost/aura_engine_api_web")
	for _, want := range []string{"engine-api-web is set up", "systemctl enable engine-api@web\n", "systemctl restart engine-api@web\n", "engine-api check --instance web\n"} {
		if code != cli.ExitOK || !strings.Contains(out, want) || strings.Contains(out+errOut, "hush") {
			t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
		}
	}
	web := loadedAs(t, dir, "web")
	if !strings.Contains(web.Database.URL, "hush") || web.Station.Zone.Name() != "UTC" || loaded(t, dir).Station.Zone.Name() != "Europe/Vienna" {
		t.Errorf("%+v", web)
	}
	if _, err := os.Stat(filepath.Join(dir, "engine-api-web", "database-url")); err != nil {
		t.Error(err)
	}
	taken := map[string]bool{"8008": true}
	for _, port := range []string{setup.PortOf(web.HTTP.Listen), setUpAs(t, dir, "kids"), setUpAs(t, dir, "kids-2")} {
		if n, err := strconv.Atoi(port); err != nil || n%10 != 8 || taken[port] {
			t.Errorf("port %s, after %v", port, taken)
		}
		taken[port] = true
	}
	if port := setUpAs(t, dir, "web"); port != setup.PortOf(web.HTTP.Listen) || !strings.Contains(loadedAs(t, dir, "web").Database.URL, "hush") {
		t.Errorf("set up again it has port %s, and was at %s", port, web.HTTP.Listen)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "engine-api.env")); err != nil || string(again) != string(first) {
		t.Errorf("%v, the first instance's file is now\n%s", err, again)
	}
}

// TestSetup_InstanceWrong: what would touch another instance, or whoever is on this
// host, writes nothing.
func TestSetup_InstanceWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	web := setUpAs(t, dir, "web")
	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { occupied.Close() })
	_, line := invite(t, inviter()) // by the station of instances without a name
	byWeb := inviter()
	byWeb.Instance = "web"
	_, webLine := invite(t, byWeb)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{cli.ExitUsage, "lower case letters", []string{"--instance", "Web", "--zone", "UTC"}},
		{cli.ExitUsage, "lower case letters", []string{"--instance", "", "--zone", "UTC"}},
		{cli.ExitUsage, "lower case letters", []string{"--instance", "../web", "--zone", "UTC"}},
		{cli.ExitConfig, "port " + web + " is that of " + filepath.Join(dir, "engine-api-web.env"), []string{"--instance", "kids", "--zone", "UTC", "--listen", "0.0.0.0:" + web}},
		{cli.ExitConfig, "somebody on this host has port", []string{"--instance", "kids", "--zone", "UTC", "--listen", occupied.Addr().String()}},
		{cli.ExitUsage, "engine-api setup --join -\n", []string{"--instance", "kids", "--join", line}},
		{cli.ExitUsage, "engine-api setup --join - --instance web\n", []string{"--join", webLine}},
		{cli.ExitUsage, "engine-api setup --join - --instance web\n", []string{"--instance", "kids", "--join", webLine}},
	} {
		code, out, errOut := run(t, nil, append([]string{"setup", "--dir", dir}, c.args...)...)
		if code != c.code || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: %d %s%s, want %d %q", c.args, code, out, errOut, c.code, c.want)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("%v: there are %v, %v", c.args, files, err)
		}
	}
}

// TestSetup_InstanceJoins: the port is the one that the sync node knows.
func TestSetup_InstanceJoins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := setup.PortOf(free.Addr().String())
	free.Close()
	by := inviter()
	by.Instance, by.Engines = "web", map[int]string{2: "http://192.0.2.2:" + port}
	i, line := invite(t, by)
	if code, out, errOut := run(t, nil, "setup", "--dir", dir, "--instance", "web", "--join", line); code != cli.ExitOK {
		t.Fatalf("%d %s%s", code, out, errOut)
	}
	if cfg := loadedAs(t, dir, "web"); cfg.HostID != 2 || cfg.HTTP.Listen != "0.0.0.0:"+port || cfg.Peers.Token != i.Secret {
		t.Errorf("%+v", cfg)
	}
}

// TestCheck_Instance: check finds the instance's file and names its unit, by the flag
// as well as in the instance's own directory.
func TestCheck_Instance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	setUpAs(t, dir, "web", "--database", "sqlite://"+dir+"/test.db")
	for _, c := range []struct {
		environ map[string]string
		args    []string
	}{
		{nil, []string{"--instance", "web"}},
		{map[string]string{"STATE_DIRECTORY": "/var/lib/aura-engine-api-web"}, nil},
	} {
		code, out, errOut := run(t, c.environ, append([]string{"check", "--dir", dir, "--service", "http://127.0.0.1:1"}, c.args...)...)
		for _, want := range []string{"it is valid: " + filepath.Join(dir, "engine-api-web.env"), "journalctl -u engine-api@web -n 20"} {
			if code != cli.ExitFailed || !strings.Contains(out, want) {
				t.Errorf("%d, want %q: %s%s", code, want, out, errOut)
			}
		}
	}
	if code, out, _ := run(t, nil, "check", "--dir", dir, "--instance", "kids"); !strings.Contains(out, "engine-api setup --instance kids") {
		t.Errorf("an instance that is not there: %d %s", code, out)
	}
}
