package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestImages_Station runs a redundant station in containers.
func TestImages_Station(t *testing.T) {
	onlyInSoak(t)
	inContainers(t, "docker", func(t *testing.T, c *containers) {
		c.make(t, "docker-build", "1.0.0")
		c.simulator(t)
		stationInContainers(t, c)
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
