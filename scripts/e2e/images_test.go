package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestImages_Docker and TestImages_Podman build the images of this tree and go
// through what can happen to a container, with a real engine and registry.
func TestImages_Docker(t *testing.T) { inContainers(t, "docker", liveInContainers) }

func TestImages_Podman(t *testing.T) {
	onlyInSoak(t)
	inContainers(t, "podman", liveInContainers)
}

// TestImages_Rootless: Podman of an ordinary user serves as well, and keeps strangers out.
func TestImages_Rootless(t *testing.T) {
	onlyInSoak(t)
	inContainers(t, rootless, func(t *testing.T, c *containers) {
		http.DefaultClient.Transport = bearer(secret)
		c.configure(t, "engine-api", "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_API_TOKENS=studio:admin:"+secret)
		if err := os.Mkdir(filepath.Join(c.dir, "engine-api"), 0o755); err != nil { // secrets
			t.Fatal(err)
		}
		c.make(t, "docker-build", "1.0.0", "SERVICES=engine-api")
		c.simulator(t)
		c.up(t, "1.0.0")
		awaitReady(t, published, nil)
		c.healthy(t, engineAPI)
		if status := processStatus(t, c.process(t, engineAPI)); status["Uid"] == "872 872 872 872" || status["CapBnd"] != "0000000000000000" || status["NoNewPrivs"] != "1" {
			t.Errorf("it runs as %s with %s", status["Uid"], status["CapBnd"])
		}
		engineInContainer(t, c)
		killedContainer(t, c)
		upgradedContainer(t, c)
		publishedImage(t, c)
		triedImage(t, c)
	})
}

// onlyInSoak skips what takes too long for every change.
func onlyInSoak(t *testing.T) {
	t.Helper()
	if os.Getenv("AURA_SOAK") == "" && os.Getenv(insideLab) == "" {
		t.Skip("make soak runs it")
	}
}

// TestImages_Reproducible: what goes into an image is the same, byte for byte,
// wherever the tree is, for both architectures.
func TestImages_Reproducible(t *testing.T) {
	onlyInSoak(t)
	t.Parallel()
	copied := t.TempDir()
	mustSh(t, "cd "+tree+" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "+copied)
	sums := map[string]string{}
	for _, dir := range []string{tree, copied} {
		images := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "scripts/images.sh", "files")
		cmd.Dir = dir
		cmd.Env = environment("VERSION=1.0.0", "SERVICES=engine-api", "SOURCE_DATE_EPOCH=1700000000", "IMAGES="+images)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		sums[dir] = mustSh(t, "cd "+images+" && sha256sum */*.tar")
	}
	if sums[tree] != sums[copied] || strings.Count(sums[tree], ".tar") != 2 {
		t.Errorf("two builds differ:\n%s\n%s", sums[tree], sums[copied])
	}
}

// inContainers runs live in the lab, with an engine of that kind.
func inContainers(t *testing.T, kind string, live func(*testing.T, *containers)) {
	if os.Getenv(insideLab) == "" {
		t.Parallel()
		if err := canContain(strings.Replace(kind, rootless, "podman", 1)); err != nil {
			if os.Getenv("AURA_TEST_REQUIRE_SYSTEMD") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	release := func() map[string]string {
		release := map[string]string{"enginesim/enginesim": built(t, builtSimulator)}
		for _, program := range services {
			release["programs/"+program] = filepath.Join(bin, program)
		}
		return release
	}
	if inLab(t, release) {
		live(t, startContainers(t, kind))
	}
}

const (
	// registry is the prefix of the images' names.
	registry = "127.0.0.1:5000/aura"
	// published is where engine.yaml publishes engine-api.
	published = "http://127.0.0.1:8008"
	secret    = "0123456789abcdef0123456789abcdef"
)

// released is a file of the release in the lab.
func released(name string) string { return filepath.Join(os.Getenv(insideLab), "release", name) }

// make runs a target of the Makefile as its user would, with a version of the
// images. The programs are those that were built for all tests.
func (c *containers) make(t *testing.T, target, version string, variables ...string) string {
	t.Helper()
	args := append([]string{
		"--no-print-directory", target, "SOURCE_DATE_EPOCH=1700000000", "REGISTRY=" + registry, "VERSION=" + version, "ARCHS=" + runtime.GOARCH, "PROGRAMS=" + released("programs"),
		"IMAGES=" + filepath.Join(c.dir, "images"),
	}, variables...)
	return c.run(t, nil, "make", args...)
}

// compose runs Compose on one of the files of deploy/docker.
func (c *containers) compose(t *testing.T, file string, env []string, args ...string) string {
	t.Helper()
	args = append([]string{"--file", filepath.Join("deploy/docker", file)}, args...)
	return c.run(t, append([]string{"REGISTRY=" + registry, "CONFIGURATION=" + c.dir, "COMPOSE_PROJECT_NAME=aura"}, env...), "docker-compose", args...)
}

// up starts the container of engine.yaml, or replaces it. Debian's Compose takes
// Podman's network for another one than it made, and wants it made again.
func (c *containers) up(t *testing.T, version string) {
	t.Helper()
	if c.kind == "podman" {
		c.compose(t, "engine.yaml", nil, "down")
	}
	c.compose(t, "engine.yaml", []string{"VERSION=" + version}, "up", "-d")
}

// configure writes the file that a package would read.
func (c *containers) configure(t *testing.T, service string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, service+".env"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// engineAPI is the name that Compose gives the container.
const engineAPI = "aura_engine-api_1"

// liveInContainers is one story; its parts run in order.
func liveInContainers(t *testing.T, c *containers) {
	http.DefaultClient.Transport = bearer(secret)
	c.configure(t, "engine-api", "AURA_STATION_TIMEZONE=Europe/Vienna", "AURA_API_TOKENS=studio:admin:"+secret)
	c.make(t, "docker-build", "1.0.0")
	c.simulator(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *containers)
	}{
		{"SameBytes", sameBytes},
		{"Arm64", imageOfArm64},
		{"NoZone", noZone},
		{"Start", startContainer},
		{"Confined", confined},
		{"Engine", engineInContainer},
		{"Killed", killedContainer},
		{"Upgraded", upgradedContainer},
		{"Published", publishedImage},
		{"Tried", triedImage},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, c) }) {
			return
		}
	}
}

// simulator makes an image of the simulated engine.
func (c *containers) simulator(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(released("enginesim/Dockerfile"), []byte("FROM scratch\nCOPY enginesim /enginesim\nENTRYPOINT [\"/enginesim\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, []string{"DOCKER_BUILDKIT=1"}, c.kind, "build", "--quiet", "--tag", "enginesim", released("enginesim"))
}

// sameBytes: a second build, in another folder, gives the same layers. What is said
// of the image is true.
func sameBytes(t *testing.T, c *containers) {
	image := registry + "/engine-api:1.0.0"
	layers := []string{"image", "inspect", "--format", "{{json .RootFS.Layers}}", image}
	first := c.sh(t, layers...)
	c.make(t, "docker-build", "1.0.0", "SERVICES=engine-api", "IMAGES="+filepath.Join(c.dir, "again"), "OPTIONS=--no-cache")
	if again := c.sh(t, layers...); again != first {
		t.Errorf("the second build differs:\n%s\n%s", first, again)
	}
	if user := c.sh(t, "image", "inspect", "--format", "{{.Config.User}} {{.Config.Entrypoint}} {{.Config.Volumes}}", image); user != "872:872 [engine-api] map[/var/lib/aura:{}]" {
		t.Errorf("its user, program and volume are %s", user)
	}
	for _, name := range []string{"title", "description", "version", "revision", "licenses"} {
		if c.sh(t, "image", "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.`+name+`"}}`, image) == "" {
			t.Errorf("it has no label %s", name)
		}
	}
	for _, service := range services {
		size := c.sh(t, "image", "inspect", "--format", "{{.Size}}", registry+"/"+service+":1.0.0")
		t.Logf("%s: %s bytes", service, size)
	}
}

// noZone: a container whose zone nobody knows does not take UTC for it. One that
// was told by TZ needs no other word.
func noZone(t *testing.T, c *containers) {
	image := registry + "/engine-api:1.0.0"
	code, out := c.status(t, "run", "--rm", "--read-only", image)
	if code != 78 || !strings.Contains(out, "AURA_STATION_TIMEZONE") || !strings.Contains(out, "TZ is not set") {
		t.Errorf("without a zone: %d %s", code, out)
	}
	for _, zone := range []string{"TZ=Pacific/Auckland", "AURA_STATION_TIMEZONE=Europe/Vienna"} {
		if code, out := c.status(t, "run", "--rm", "--read-only", "--env", zone, image, "check-config"); code != 0 {
			t.Errorf("%s: %d %s", zone, code, out)
		}
	}
}

func startContainer(t *testing.T, c *containers) {
	begin := time.Now()
	c.up(t, "1.0.0")
	awaitReady(t, published, nil)
	t.Logf("ready %s after compose up began", since(begin))
	c.healthy(t, engineAPI)
	c.sh(t, "stop", engineAPI)
	begin = time.Now()
	c.sh(t, "start", engineAPI)
	awaitReady(t, published, nil)
	t.Logf("ready %s after start began", since(begin))
	if code, out := c.status(t, "exec", engineAPI, "engine-api", "healthcheck"); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d %s", code, out)
	}
	if code, out := c.status(t, "exec", "--env", "AURA_LISTEN=127.0.0.1:1", engineAPI, "engine-api", "healthcheck"); code != 1 {
		t.Errorf("healthcheck of nothing: %d %s", code, out)
	}
}

// confined: the kernel says how little the program may do.
func confined(t *testing.T, c *containers) {
	pid := c.process(t, engineAPI)
	status := processStatus(t, pid)
	for name, want := range map[string]string{
		"Uid": "872 872 872 872", "Gid": "872 872 872 872", "NoNewPrivs": "1",
		"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "CapPrm": "0000000000000000",
	} {
		if status[name] != want {
			t.Errorf("%s is %s, want %s", name, status[name], want)
		}
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", pid))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^\S+ / \S+ ro,`).Match(mounts) {
		t.Errorf("its root can be written:\n%s", mounts)
	}
	state, err := os.Stat(fmt.Sprintf("/proc/%d/root/var/lib/aura", pid))
	if err != nil || state.Mode().Perm() != 0o700 {
		t.Errorf("its state: %v %v", state.Mode(), err)
	}
	t.Logf("memory: %s", memoryOf(status))
	root := fmt.Sprintf("/proc/%d/root", pid)
	var document struct{ Packages []struct{ Name string } }
	text, err := os.ReadFile(root + "/usr/share/doc/engine-api/engine-api.spdx.json")
	if err != nil || json.Unmarshal(text, &document) != nil || len(document.Packages) < 20 {
		t.Errorf("what it is made of: %v, %d packages", err, len(document.Packages))
	}
	if _, err := os.Stat(root + "/etc/ssl/certs/ca-certificates.crt"); err != nil {
		t.Error(err)
	}
}

// plays counts the entries of the log.
func plays(t *testing.T) (n int) {
	t.Helper()
	for _, count := range titles(t, published) {
		n += count
	}
	return n
}

// engineInContainer: an engine of 2025 in another container of the network needs
// no token. A program on the host is not taken for it.
func engineInContainer(t *testing.T, c *containers) {
	c.sh(t, "run", "--rm", "--network", "aura_playout", "enginesim", "-wire", "2025", "-api", "http://engine-api:8008",
		"-zone", "Europe/Vienna", "-start", "-24h", "-speed", "100000", "-once", "20")
	if n := plays(t); n < 20 {
		t.Errorf("of 20 titles, %d are stored", n)
	}
	resp, err := (&http.Client{Transport: http.DefaultTransport}).Post(published+"/api/v1/playlog", "application/json", strings.NewReader(play(t, "not said by an engine", time.Now())))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token, from the host: %s", resp.Status)
	}
}

// killedContainer: a container is killed while somebody logs, and another one
// takes its volume. What was acknowledged is there.
func killedContainer(t *testing.T, c *containers) {
	before := plays(t)
	var logged []string
	enough, stop := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for n := 0; ; n++ {
			title := fmt.Sprintf("title %d", n)
			for { // again, until it is taken
				select {
				case <-stop:
					return
				default:
				}
				if status, _, err := call(t.Context(), http.MethodPost, published+"/api/v1/playlog", play(t, title, time.Now())); err == nil && status == http.StatusNoContent {
					break
				}
				time.Sleep(10 * time.Millisecond) // the port is closed meanwhile
			}
			if logged = append(logged, title); len(logged) == 50 {
				close(enough)
			}
		}
	})
	patience.Receive(t, "50 titles are logged", enough)
	c.sh(t, "kill", "--signal", "KILL", engineAPI)
	c.sh(t, "rm", "--force", engineAPI)
	c.up(t, "1.0.0")
	awaitReady(t, published, nil)
	close(stop)
	wait.Wait()
	have := titles(t, published)
	for _, title := range logged {
		if have[title] == 0 {
			t.Errorf("%s was acknowledged, and is gone", title)
		}
	}
	if n := plays(t); n < before+len(logged) {
		t.Errorf("%d entries, want %d", n, before+len(logged))
	}
	t.Logf("%d titles were acknowledged around the kill", len(logged))
}

// upgradedContainer: a newer image in place of the old one has its volume.
func upgradedContainer(t *testing.T, c *containers) {
	before := plays(t)
	c.make(t, "docker-build", "1.1.0", "SERVICES=engine-api")
	c.up(t, "1.1.0")
	awaitReady(t, published, nil)
	if version := c.sh(t, "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.version"}}`, engineAPI); version != "1.1.0" {
		t.Errorf("it is version %s", version)
	}
	if n := plays(t); n != before {
		t.Errorf("%d entries, want %d", n, before)
	}
}

// publishedImage: an image goes to the registry, and a machine that has none of it
// runs it from there.
func publishedImage(t *testing.T, c *containers) {
	before, image := plays(t), registry+"/engine-api:1.1.0"
	c.make(t, "docker-push", "1.1.0", "SERVICES=engine-api")
	c.sh(t, "rm", "--force", engineAPI)
	id := c.sh(t, "image", "inspect", "--format", "{{.Id}}", image+"-"+runtime.GOARCH)
	c.sh(t, "rmi", "--force", id) // with all its names
	if code, out := c.status(t, "image", "inspect", id); code == 0 {
		t.Fatalf("it is still here: %s", out)
	}
	c.sh(t, "pull", image)
	c.up(t, "1.1.0")
	awaitReady(t, published, nil)
	if n := plays(t); n != before {
		t.Errorf("%d entries, want %d", n, before)
	}
	c.compose(t, "engine.yaml", nil, "down")
}

// triedImage: make docker-api runs an engine-api that the programs of this machine
// reach as if it were no container.
func triedImage(t *testing.T, c *containers) {
	ended := make(chan error, 1)
	go func() {
		out, err := c.try(t.Context(), nil, "make", "--no-print-directory", "docker-api", "REGISTRY="+registry, "VERSION=1.1.0")
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		ended <- err
	}()
	awaitReady(t, published, nil)
	resp, err := (&http.Client{}).Post(published+"/api/v1/playlog", "application/json", strings.NewReader(play(t, "said on this machine", time.Now())))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("a play without a token: %s", resp.Status)
	}
	c.sh(t, "stop", "engine-api")
	if err := patience.Receive(t, "make docker-api ends", ended); err != nil {
		t.Error(err)
	}
}
