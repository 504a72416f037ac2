package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestImages_Compose runs the handbook's commands of Compose 2, which Debian 12 does
// not have, and an engine-api in the place of that of an AURA 1.x bundle.
func TestImages_Compose(t *testing.T) {
	onlyInSoak(t)
	plugin := composePlugin(t) // also outside the lab, which has no internet
	inContainers(t, "docker", func(t *testing.T, c *containers) {
		c.plugIn(t, plugin)
		c.make(t, "docker-build", "1.0.0", "SERVICES=engine-api")
		book := openDocument(t, filepath.Join(tree, handbook))
		env := []string{"REGISTRY=" + registry, "VERSION=1.0.0", "CONFIGURATION=" + c.dir}
		for _, command := range book.commands(t, "In containers") {
			out := c.run(t, env, "sh", "-c", command)
			t.Logf("%s\n%s", command, out)
			if strings.HasSuffix(command, " up -d") {
				awaitReady(t, published, nil)
			}
		}
		c.run(t, env, "sh", "-c", "docker compose -p aura -f deploy/docker/engine.yaml down")
		c.simulator(t)
		bundleWithCompose(t, c)
	})
}

// plugIn gives Docker's client the command compose.
func (c *containers) plugIn(t *testing.T, plugin string) {
	t.Helper()
	plugins := filepath.Join(c.dir, "client/cli-plugins")
	if err := os.Mkdir(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plugin, filepath.Join(plugins, "docker-compose")); err != nil {
		t.Fatal(err)
	}
}

// composePlugin builds Compose 2 and returns its path.
func composePlugin(t *testing.T) string {
	t.Helper()
	tool := exec.CommandContext(t.Context(), "go", "-C", filepath.Join(tree, "scripts/compose"), "tool", "-n", "github.com/docker/compose/v2/cmd")
	tool.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	path, err := tool.Output()
	if err != nil {
		t.Fatalf("Compose 2 can't be built: %v", err)
	}
	return strings.TrimSpace(string(path))
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

// bundleURL is where the bundle's engine-api answers.
const bundleURL = "http://127.0.0.1:8010"

// bundleFiles writes the bundle, and the one line in its .env that puts this
// engine-api in the place of the other.
func bundleFiles(t *testing.T, c *containers) (dir string) {
	t.Helper()
	override, err := filepath.Abs(filepath.Join(tree, "deploy/docker/aura-1.x.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(c.dir, "bundle")
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
	return dir
}

// bundleHas checks what the engine of the bundle played, and that the website of
// AURA 1.x gets it.
func bundleHas(t *testing.T) {
	t.Helper()
	http.DefaultClient.Transport = bearer(secret)
	n := 0
	for _, count := range titles(t, bundleURL) {
		n += count
	}
	if n < 20 {
		t.Errorf("of 20 titles, %d are stored", n)
	}
	if answer := mustCall(t, http.MethodGet, bundleURL+"/engine/api/v1/playlog?limit=5", "", http.StatusOK); !strings.Contains(answer, "trackStart") {
		t.Errorf("the website gets %s", answer)
	}
}

// bundleWithCompose: the bundle's own commands. The engine goes on as it was, without a
// token.
func bundleWithCompose(t *testing.T, c *containers) {
	t.Helper()
	dir := bundleFiles(t, c)
	compose := func(command string) {
		c.run(t, nil, "sh", "-c", fmt.Sprintf("cd %s && docker compose %s", dir, command))
	}
	compose("up -d engine-api")
	awaitReady(t, bundleURL, nil)
	compose("up --exit-code-from engine engine")
	bundleHas(t)
	compose("up -d --force-recreate engine-api")
	awaitReady(t, bundleURL, nil)
	bundleHas(t)
}
