package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestImages_Station sets a redundant station up from nothing but the images and the
// handbook, and restores a backup there.
func TestImages_Station(t *testing.T) {
	onlyInSoak(t)
	plugin := composePlugin(t) // also outside the lab, which has no internet
	inContainers(t, "docker", func(t *testing.T, c *containers) {
		c.plugIn(t, plugin)
		c.make(t, "docker-build", "1.0.0")
		c.simulator(t)
		stationInContainers(t, c)
	})
}

// containerHost is a host with Docker, the images, and what the handbook asks for. One
// machine stands for all hosts, with an address and a folder for each.
type containerHost struct {
	*containers
	number int
	dir    string
}

func newContainerHost(t *testing.T, c *containers, number int) containerHost {
	t.Helper()
	h := containerHost{c, number, filepath.Join(c.dir, fmt.Sprint("host-", number))}
	mustSh(t, fmt.Sprintf("ip addr add %s%d/32 dev lo", subnet, number))
	mustSh(t, fmt.Sprintf("mkdir -p %s/deploy && cp -r %s/deploy/docker %[1]s/deploy", h.dir, tree))
	// Hosts of their own would need the first two lines only.
	settings := fmt.Sprintf("REGISTRY=%s\nVERSION=1.0.0\nCONFIGURATION=%s/etc\nPLAYOUT=172.31.%d\n", registry, h.dir, 7+number)
	if err := os.WriteFile(filepath.Join(h.dir, "deploy/docker/.env"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	return h
}

// try runs a command of the handbook, which is written for host 1 or 3.
func (h containerHost) try(ctx context.Context, input, command string) (string, error) {
	command = strings.ReplaceAll(command, "-p aura ", fmt.Sprintf("-p host-%d ", h.number))
	if h.number == 2 {
		command = strings.ReplaceAll(command, subnet+"1", subnet+"2")
	}
	cmd := h.command(ctx, nil, "sh", "-c", command)
	cmd.Dir, cmd.Stdin = h.dir, strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// follow is try for what must succeed.
func (h containerHost) follow(t *testing.T, input, command string) string {
	t.Helper()
	out, err := h.try(t.Context(), input, command)
	t.Logf("host %d: %s\n%s", h.number, command, invitation.ReplaceAllString(out, "<the line>"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lines are the handbook's lines for a host.
func (h containerHost) lines(t *testing.T, book document, where string) []string {
	t.Helper()
	return strings.Split(book.find(t, "(?s)```sh\n# on "+where+", in containers[^\n]*\n(.*?)\n```")[0], "\n")
}

// end has Compose remove what it made.
func (h containerHost) end(t *testing.T, file string) {
	if t.Failed() {
		h.follow(t, "", compose(file)+"logs --no-color")
	}
	h.follow(t, "", compose(file)+"down")
}

// stationInContainers follows the handbook, and has engines of 2025 play.
func stationInContainers(t *testing.T, c *containers) {
	book := openDocument(t, filepath.Join(tree, handbook))
	third := newContainerHost(t, c, 3)
	invitations := map[int]string{}
	defer third.end(t, "station.yaml") // the next part needs the ports
	for _, line := range third.lines(t, book, "host 3") {
		out := third.follow(t, "", line)
		if strings.Contains(out, "systemctl") {
			t.Error("it speaks of systemd")
		}
		if node := 0; strings.Contains(line, "invite node-") {
			if _, err := fmt.Sscanf(line[strings.Index(line, "node-"):], "node-%d", &node); err != nil {
				t.Fatal(err)
			}
			invitations[node] = invitation.FindString(out)
		}
	}
	engines := []containerHost{newContainerHost(t, c, 1), newContainerHost(t, c, 2)}
	for _, h := range engines {
		defer h.end(t, "engine.yaml")
		for _, line := range h.lines(t, book, "host 1") {
			h.follow(t, invitations[h.number]+"\n", line)
		}
	}
	const syncNode = "http://127.0.0.1:8010"
	for _, url := range []string{"http://" + subnet + "1:8008", "http://" + subnet + "2:8008", syncNode, "http://127.0.0.1:8011"} {
		awaitReady(t, url, nil)
	}
	for _, h := range engines {
		c.sh(t, "run", "--rm", "--network", fmt.Sprintf("host-%d_playout", h.number), "enginesim", "-wire", "2025", "-api", "http://engine-api:8008",
			"-zone", "Europe/Vienna", "-start", "-24h", "-speed", "100000", "-once", "20")
	}
	third.agrees(t, book)
	if out := third.follow(t, "", compose("station.yaml")+"exec status-monitor status-monitor switch 2 --reason 'a test'"); !strings.Contains(out, "2") {
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
	for _, name := range []string{"host-1-engine-api-1", "host-3-sync-node-1", "host-3-status-monitor-1"} {
		c.healthy(t, name)
		t.Logf("memory of %s: %s", name, memoryOf(processStatus(t, c.process(t, name))))
	}
	engines[0].restore(t, book)
	third.agrees(t, book)
}

// agrees returns when the sync node has what both engines played, and the handbook's
// last commands find nothing wrong.
func (h containerHost) agrees(t *testing.T, book document) {
	t.Helper()
	patience.Await(t, func() error {
		var all []struct {
			Source int `json:"log_source"`
		}
		if _, err := read(t.Context(), "http://127.0.0.1:8010/api/v1/playlog?source=all&limit=1000", &all); err != nil {
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
	blocks := book.blocks(t, "A station in containers")
	for _, line := range blocks[len(blocks)-1] {
		patience.Await(t, func() error {
			out, err := h.try(t.Context(), "", line)
			if strings.HasSuffix(line, " status") && strings.Contains(out, "active source: ") {
				return nil // engines that ended are a warning
			}
			if err != nil {
				return fmt.Errorf("%s: %w %s", line, err, out)
			}
			return nil
		})
	}
}

// restore makes a backup and takes it back, as the handbook says.
func (h containerHost) restore(t *testing.T, book document) {
	t.Helper()
	made := ""
	for _, pattern := range []string{"exec engine-api engine-api backup --keep 14", "stop engine-api", "run --rm engine-api restore backups/…", "up -d"} {
		command := book.find(t, "`docker compose … ("+pattern+")`")[0]
		out := h.follow(t, "", compose("engine.yaml")+strings.Replace(command, "backups/…", "backups/"+made, 1))
		if found := regexp.MustCompile(`(?m)^backup: \S+/backups/(\S+)$`).FindStringSubmatch(out); found != nil {
			made = found[1]
		}
	}
	awaitReady(t, fmt.Sprintf("http://%s%d:8008", subnet, h.number), nil)
}

// compose begins the handbook's commands for a Compose file.
func compose(file string) string { return "docker compose -p aura -f deploy/docker/" + file + " " }
