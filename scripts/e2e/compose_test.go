package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
		secondInContainers(t, c, book, env)
		c.run(t, env, "sh", "-c", "docker compose -p aura -f deploy/docker/engine.yaml down")
		c.simulator(t)
		bundleWithCompose(t, c)
	})
}

// secondInContainers sets a second programme up, next to the first one, with the lines of
// the handbook. Neither takes a backup of the other, whichever way it was made, and each
// takes its own.
func secondInContainers(t *testing.T, c *containers, book document, env []string) {
	t.Helper()
	const url = "http://127.0.0.1:8018"
	folder := filepath.Join(c.dir, "web")
	setUp := book.find(t, "(?s)```sh\n# in containers, for web\n(.*?)```")[0]
	setUp = strings.ReplaceAll(setUp, "/etc/aura-web", folder)
	token := fmt.Sprintf("echo AURA_API_TOKENS=studio:admin:%s >>%s/engine-api.env", secret, folder)
	setUp = strings.Replace(setUp, "docker compose", token+"\ndocker compose", 1) // a copy needs an administrator's
	t.Logf("%s\n%s", setUp, c.run(t, env, "sh", "-e", "-c", setUp))
	awaitReady(t, url, nil)
	http.DefaultClient.Transport = bearer(secret)
	defer func() { http.DefaultClient.Transport = nil }()
	mustCall(t, http.MethodPost, url+"/api/v1/playlog", play(t, "on the web", time.Now()), http.StatusNoContent)

	web := append([]string{"CONFIGURATION=" + folder, "PUBLISH=127.0.0.1:8018", "PLAYOUT=172.31.9"}, env[:2]...)
	compose := func(project string, env []string, command string) (string, error) {
		return c.try(t.Context(), env, "sh", "-c", fmt.Sprintf("docker compose -p %s -f deploy/docker/engine.yaml %s", project, command))
	}
	defer func() {
		if out, err := compose("aura-web", web, "down"); err != nil {
			t.Error(err, out)
		}
	}()
	out, err := compose("aura-web", web, "exec -T engine-api engine-api backup")
	made := regexp.MustCompile(`(?m)^backup: (\S+)$`).FindStringSubmatch(out)
	if err != nil || made == nil {
		t.Fatalf("backup: %v %s", err, out)
	}
	files := filepath.Join(c.dir, "files")
	c.run(t, nil, "sh", "-e", "-c", fmt.Sprintf("mkdir %s && docker cp aura-web-engine-api-1:%s %[1]s/folder", files, made[1]))
	sent := mustCall(t, http.MethodGet, url+"/backup", "", http.StatusOK)
	if err := os.WriteFile(filepath.Join(files, "sent"), []byte(sent), 0o600); err != nil {
		t.Fatal(err)
	}
	mustSh(t, "chmod -R a+rX "+files) // docker cp makes root their owner
	for _, project := range []struct {
		name  string
		env   []string
		says  string
		takes bool
	}{
		{"aura", env, "is a backup of engine-api@web, and this is engine-api; --force", false},
		{"aura-web", web, "restored: ", true},
	} {
		c.run(t, nil, "sh", "-e", "-c", fmt.Sprintf("docker cp %s %s-engine-api-1:/var/lib/aura/files", files, project.name))
		if out, err := compose(project.name, project.env, "run --rm engine-api restore files/sent"); err == nil {
			t.Errorf("%s, which runs, restored: %s", project.name, out)
		}
		if out, err := compose(project.name, project.env, "stop engine-api"); err != nil {
			t.Fatal(err, out)
		}
		for _, file := range []string{"folder", "sent"} {
			out, err := compose(project.name, project.env, "run --rm engine-api restore files/"+file)
			if (err == nil) != project.takes || !strings.Contains(out, project.says) {
				t.Errorf("%s, %s: %v %s", project.name, file, err, out)
			}
		}
	}
	if out, err := compose("aura-web", web, "up -d"); err != nil {
		t.Fatal(err, out)
	}
	awaitReady(t, url, nil)
	if titles(t, url)["on the web"] != 1 {
		t.Error("the play is not there")
	}
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
    depends_on: {engine-api: {condition: service_healthy}}
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
