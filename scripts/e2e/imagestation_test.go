package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"

	"aura.radio/engine/pkg/patience"
)

// TestImages_Station runs a redundant station in containers, and an engine-api in
// the place of that of an AURA 1.x bundle.
func TestImages_Station(t *testing.T) {
	onlyInSoak(t)
	inContainers(t, "docker", func(t *testing.T, c *containers) {
		c.make(t, "docker-build", "1.0.0")
		c.simulator(t)
		t.Run("Station", func(t *testing.T) { stationInContainers(t, c) })
		t.Run("Bundle", func(t *testing.T) { bundleOf1x(t, c) })
	})
}

// stationInContainers: the configuration of the handbook's three hosts, each with
// its Compose file. One machine stands for all three, with an address for each.
func stationInContainers(t *testing.T, c *containers) {
	files := openDocument(t, filepath.Join(tree, handbook)).environments(t)
	for host := 1; host <= 3; host++ {
		mustSh(t, fmt.Sprintf("ip addr add %s%d/32 dev lo", subnet, host))
		if err := os.Mkdir(filepath.Join(c.dir, fmt.Sprint("host-", host)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for whose, text := range files {
		host, file, _ := strings.Cut(whose, ": ")
		if strings.HasSuffix(file, "status-monitor.env") { // engines of 2025 send no heartbeats
			text = regexp.MustCompile(`(?m)^AURA_SOURCE_.*\n`).ReplaceAllString(text, "")
		}
		path := filepath.Join(c.dir, strings.ReplaceAll(host, " ", "-"), filepath.Base(file))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var started []func()
	up := func(host int, file string, env ...string) {
		project := fmt.Sprint("host-", host)
		env = append(env, "VERSION=1.0.0", "COMPOSE_PROJECT_NAME="+project, "CONFIGURATION="+filepath.Join(c.dir, project))
		c.compose(t, file, env, "up", "-d")
		started = append(started, func() {
			if t.Failed() {
				t.Logf("%s:\n%s", project, c.compose(t, file, env, "logs", "--no-color"))
			}
			c.compose(t, file, env, "down")
		})
	}
	defer func() { // the next part needs the ports
		for _, end := range started {
			end()
		}
	}()
	up(1, "engine.yaml", "PUBLISH="+subnet+"1:8008", "PLAYOUT=172.31.8")
	up(2, "engine.yaml", "PUBLISH="+subnet+"2:8008", "PLAYOUT=172.31.9")
	up(3, "station.yaml")
	const syncNode = "http://127.0.0.1:8010"
	for _, url := range []string{"http://" + subnet + "1:8008", "http://" + subnet + "2:8008", syncNode, "http://127.0.0.1:8011"} {
		awaitReady(t, url, nil)
	}
	for host := 1; host <= 2; host++ {
		c.sh(t, "run", "--rm", "--network", fmt.Sprintf("host-%d_playout", host), "enginesim", "-wire", "2025", "-api", "http://engine-api:8008",
			"-zone", "Europe/Vienna", "-start", "-24h", "-speed", "100000", "-once", "20")
	}
	patience.Await(t, func() error {
		code, out := c.status(t, "exec", "host-3_sync-node_1", "sync-node", "audit")
		if code != 0 {
			return fmt.Errorf("audit: %d %s", code, out)
		}
		var all []struct {
			Source int `json:"log_source"`
		}
		if _, err := read(t.Context(), syncNode+"/api/v1/playlog?source=all&limit=1000", &all); err != nil {
			return err
		}
		of := map[int]int{}
		for _, entry := range all {
			of[entry.Source]++
		}
		if of[1] < 20 || of[2] < 20 {
			return fmt.Errorf("the sync node has %v", of)
		}
		return nil
	})
	if out := c.sh(t, "exec", "host-3_status-monitor_1", "status-monitor", "switch", "2", "--reason", "a test"); !strings.Contains(out, "2") {
		t.Errorf("switch: %s", out)
	}
	patience.Await(t, func() error {
		var active struct {
			Source int `json:"active_source"`
		}
		if _, err := read(t.Context(), "http://"+subnet+"1:8008/api/v1/source/active", &active); err != nil {
			return err
		}
		if active.Source != 2 {
			return fmt.Errorf("source %d is active at host 1", active.Source)
		}
		return nil
	})
	for _, name := range []string{"host-1_engine-api_1", "host-3_sync-node_1", "host-3_status-monitor_1"} {
		c.healthy(t, name)
		t.Logf("memory of %s: %s", name, processStatus(t, c.process(t, name))["VmRSS"])
	}
}

// bundle is like the playout bundle of AURA 1.x in what matters here: its own
// engine-api has another image, variables, a volume, a command and a database.
const bundle = `
services:
  engine-api-database: {image: "example/postgres:15"}
  engine-api:
    image: example/engine-api:1.2
    command: [run, production]
    user: "1000:1000"
    depends_on: [engine-api-database]
    env_file: [.env]
    environment: {AURA_ENGINE_API_DATABASE_HOST: engine-api-database, DJANGO_SECRET_KEY: x}
    volumes: ["./logs:/srv/logs", "./engine-api.yaml:/etc/aura/engine-api.yaml:ro"]
    ports: ["127.0.0.1:8010:8010"]
    healthcheck: {test: [CMD, curl, "http://localhost:8010"]}
  engine:
    image: enginesim
    command: [-wire, "2025", -api, "http://engine-api:8010", -zone, Europe/Vienna, -start, "-24h", -speed, "100000", -once, "20"]
`

// bundleOf1x: one line in the bundle's .env puts this engine-api in the place of
// the other. The engine goes on as it was, without a token.
func bundleOf1x(t *testing.T, c *containers) {
	override, err := filepath.Abs(filepath.Join(tree, "deploy/docker/aura-1.x.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(c.dir, "bundle")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	line := "COMPOSE_FILE=docker-compose.yml:" + override + "\n"
	for name, text := range map[string]string{
		"docker-compose.yml": bundle,
		".env":               "AURA_ENGINE_API_VERSION=1.2\nTIME_ZONE=Europe/Vienna\nENGINE_API_IMAGE=" + registry + "/engine-api:1.0.0\nAPI_TOKENS=studio:admin:" + secret + "\n" + line,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "merged.yaml")
	if err := os.WriteFile(file, merged(t, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	compose := func(args ...string) string {
		return c.run(t, nil, "docker-compose", append([]string{"--file", file, "--project-name", "bundle"}, args...)...)
	}
	compose("up", "-d", "engine-api")
	const url = "http://127.0.0.1:8010"
	awaitReady(t, url, nil)
	compose("up", "--exit-code-from", "engine", "engine")
	http.DefaultClient.Transport = bearer(secret)
	n := 0
	for _, count := range titles(t, url) {
		n += count
	}
	if n < 20 {
		t.Errorf("of 20 titles, %d are stored", n)
	}
	// The website of AURA 1.x reads these.
	if answer := mustCall(t, http.MethodGet, url+"/engine/api/v1/playlog?limit=5", "", http.StatusOK); !strings.Contains(answer, "trackStart") {
		t.Errorf("the website gets %s", answer)
	}
	compose("up", "-d", "--force-recreate", "engine-api")
	awaitReady(t, url, nil)
	if again := titles(t, url); len(again) == 0 {
		t.Error("a new container has no log")
	}
}

// merged is what Compose makes of the folder's files, in the words of Debian's
// version, which is too old to read them. The rules are Compose's own.
func merged(t *testing.T, dir string) []byte {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(dir); err != nil { // where people call it
		t.Fatal(err)
	}
	defer func() {
		if err := os.Chdir(here); err != nil {
			t.Error(err)
		}
	}()
	options, err := cli.NewProjectOptions(nil, cli.WithWorkingDirectory(dir), cli.WithName("bundle"),
		cli.WithEnvFiles(), cli.WithDotEnv, cli.WithConfigFileEnv, cli.WithDefaultConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := project.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^name: .*\n`).ReplaceAll(text, nil)
	port := regexp.MustCompile(`- mode: ingress\n\s+host_ip: (\S+)\n\s+target: (\d+)\n\s+published: "(\d+)"\n\s+protocol: tcp`)
	return port.ReplaceAll(text, []byte(`- "$1:$3:$2"`))
}
