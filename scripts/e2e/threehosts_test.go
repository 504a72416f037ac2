package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestThreeHosts boots the three hosts of a redundant deployment, installs them
// as the README says, and lets engines play on two of them while one cable is
// cut and hosts lose their power.
func TestThreeHosts(t *testing.T) {
	if os.Getenv(insideLab) == "" {
		t.Parallel()
		build := exec.Command("go", "build", "-o", filepath.Join(bin, "enginesim"), "./scripts/enginesim")
		build.Dir = tree
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if !inLab(t, map[string]string{
		".build/engine-api": filepath.Join(bin, "engine-api"),
		".build/sync-node":  filepath.Join(bin, "sync-node"),
		".build/enginesim":  filepath.Join(bin, "enginesim"),
		"deploy":            filepath.Join(tree, "deploy"),
		"README.md":         filepath.Join(tree, "README.md"),
	}) {
		return
	}
	d := deploy(t)
	for _, s := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Play", d.play},
		{"Switch", d.switchSource},
		{"Cable", d.cutCable},
		{"SyncNodeLosesPower", d.syncNodeLosesPower},
		{"EngineLosesPower", d.engineLosesPower},
		{"NothingIsLost", d.nothingIsLost},
	} {
		began := time.Now()
		if !t.Run(s.name, s.run) {
			return
		}
		t.Logf("%s took %s", s.name, time.Since(began).Round(time.Millisecond))
	}
}

const (
	engineHost = ":8008"
	syncHost   = ":8010"
)

// deployment is two hosts with an engine and one with the sync node.
type deployment struct {
	engines []*host // that of source n is n-1
	sync    *host
}

// deploy boots the hosts and installs the services, all at once.
func deploy(t *testing.T) *deployment {
	t.Helper()
	plugIn(t)
	d := &deployment{engines: []*host{newHost(t, 1), newHost(t, 2)}, sync: newHost(t, 3)}
	t.Cleanup(func() {
		if t.Failed() {
			for _, h := range d.hosts() {
				// What it can still tell is enough.
				out, _ := h.try(context.Background(), "journalctl --no-pager -n 25 -u engine-api -u sync-node -u engine")
				t.Logf("journal of %s:\n%s", h.name, out)
			}
		}
	})
	commands, environments := readmeDeployment(t)
	const admin = "sixteen-or-more-characters"
	http.DefaultClient.Transport = bearer(admin)
	var all sync.WaitGroup
	for i, h := range d.hosts() {
		service := "engine-api"
		if h == d.sync {
			service = "sync-node"
		}
		env := environments[i]
		all.Go(func() {
			h.boot(t)
			for _, command := range commands[service] {
				switch {
				case command == "make build":
				case strings.HasPrefix(command, "sudoedit"):
					env := strings.Replace(env, "AURA_API_TOKENS=", "AURA_API_TOKENS=studio:admin:"+admin+",", 1)
					h.sh(t, "cat >/etc/aura/"+service+".env <<'END'\n"+env+"END")
				default:
					h.sh(t, strings.ReplaceAll(command, "sudo ", ""))
				}
			}
			h.sh(t, "systemd-analyze verify /etc/systemd/system/"+service+".service")
			t.Logf("%s: %s", h.name, lastLine(h.sh(t, "systemd-analyze security --no-pager --threshold=15 "+service)))
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return d
}

func (d *deployment) hosts() []*host { return append(slices.Clone(d.engines), d.sync) }

// readmeDeployment is what the README says to do on the hosts: the commands by
// service, and the environment of each host, with secrets.
func readmeDeployment(t *testing.T) (commands map[string][]string, environments []string) {
	t.Helper()
	readme, err := os.ReadFile(os.Getenv(insideLab) + "/release/README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands = map[string][]string{}
	for service, heading := range map[string]string{"engine-api": "Install on a host", "sync-node": "Redundant deployment"} {
		block := regexp.MustCompile("(?s)\n## " + heading + "\n.*?```sh\n(.*?)```").FindSubmatch(readme)
		if block == nil {
			t.Fatalf("the README has no commands below %s", heading)
		}
		for line := range strings.Lines(string(block[1])) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "sudoedit") || strings.HasPrefix(line, "sudo sudoedit") {
				line = "sudoedit"
			}
			commands[service] = append(commands[service], line)
		}
	}
	secrets := map[string]string{}
	for n := range 3 {
		block := regexp.MustCompile(fmt.Sprintf("(?s)```sh\n# host %d: [^\n]*\n(.*?)```", n+1)).FindSubmatch(readme)
		if block == nil {
			t.Fatalf("the README has no environment of host %d", n+1)
		}
		environments = append(environments, regexp.MustCompile(`<[^>]*>`).ReplaceAllStringFunc(string(block[1]), func(whose string) string {
			if secrets[whose] == "" {
				secrets[whose] = strings.TrimSpace(mustSh(t, "openssl rand -hex 24"))
			}
			return secrets[whose]
		}))
	}
	return commands, environments
}

// play starts an engine on each of its hosts, which plays on until the end: a
// title every third of a second, to its own host's loopback.
func (d *deployment) play(t *testing.T) {
	for i, h := range d.engines {
		h.sh(t, fmt.Sprintf(`cat >/etc/systemd/system/engine.service <<'END'
[Unit]
After=engine-api.service
[Service]
ExecStart=/shared/.build/enginesim -source %d -start 0 -longest 300ms -zone Europe/Vienna -heartbeat 0
StandardOutput=append:%s
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl enable --now engine`, i+1, filepath.Join("/shared", logOf(i+1))))
	}
	for source := range 2 {
		d.arrives(t, source+1)
	}
	d.awaitOnAir(t, 1)
}

// switchSource: as a monitor or an operator does, through an engine's own host.
func (d *deployment) switchSource(t *testing.T) {
	d.activate(t, d.engines[0].address+engineHost, 2)
	d.awaitOnAir(t, 2)
}

func (d *deployment) activate(t *testing.T, service string, source int) {
	t.Helper()
	mustCall(t, http.MethodPut, fmt.Sprintf("http://%s/api/v1/source/active/%d", service, source),
		`{"by": "M. Tester", "reason": "a test"}`, http.StatusNoContent)
}

// cutCable cuts off the host whose source is on air: what it plays meanwhile
// enters the on-air log when the cable is mended.
func (d *deployment) cutCable(t *testing.T) {
	h := d.engines[1]
	h.plug(t, "down")
	before := len(logged(t, 2))
	eventually(t, func() error {
		if n := len(logged(t, 2)) - before; n < 10 {
			return fmt.Errorf("the engine that is cut off logged %d titles", n)
		}
		return nil
	})
	if n := d.onAirOf(t, 2, logged(t, 2)[before+1:before+10]); n != 0 {
		t.Errorf("the sync node knows %d titles from beyond a cable that is cut", n)
	}
	missing := logged(t, 2)[before:]
	h.plug(t, "up")
	eventually(t, func() error {
		if n := d.onAirOf(t, 2, missing); n != len(missing) {
			return fmt.Errorf("%d of %d titles that were played behind the cut cable are in the on-air log", n, len(missing))
		}
		return nil
	})
	d.awaitOnAir(t, 2)
}

// syncNodeLosesPower: both engines' hosts keep what they log until it is back.
func (d *deployment) syncNodeLosesPower(t *testing.T) {
	d.sync.powerOff(t)
	before := []int{len(logged(t, 1)), len(logged(t, 2))}
	eventually(t, func() error {
		for i, n := range before {
			if len(logged(t, i+1)) < n+5 {
				return fmt.Errorf("without a sync node, engine %d logged %d titles", i+1, len(logged(t, i+1))-n)
			}
		}
		return nil
	})
	// The station's state as it was known last.
	eventually(t, func() error {
		active := mustCall(t, http.MethodGet, "http://"+d.engines[0].address+engineHost+"/api/v1/source/active", "", http.StatusOK)
		if !strings.Contains(active, `"active_source":2`) {
			t.Fatalf("without a sync node, the active source is %s", active)
		}
		if !strings.Contains(active, `"stale":true`) {
			return fmt.Errorf("without a sync node, the active source is %s", active)
		}
		return nil
	})
	d.sync.boot(t)
	for source := range 2 {
		d.arrives(t, source+1)
	}
	d.awaitOnAir(t, 2)
}

// engineLosesPower: with the host that is on air. An operator switches, and
// switches back once it has booted.
func (d *deployment) engineLosesPower(t *testing.T) {
	d.engines[1].powerOff(t)
	d.activate(t, d.sync.address+syncHost, 1)
	d.awaitOnAir(t, 1)
	d.engines[1].boot(t)
	d.arrives(t, 2)
	d.activate(t, d.sync.address+syncHost, 2)
	d.awaitOnAir(t, 2)
}

// nothingIsLost compares all that the hosts have, once the engines are silent.
func (d *deployment) nothingIsLost(t *testing.T) {
	for _, h := range d.engines {
		h.sh(t, "systemctl stop engine")
	}
	for i := range d.engines {
		d.arrives(t, i+1)
	}
	all, err := ask(t.Context(), "http://"+d.sync.address+syncHost, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range d.engines {
		source := i + 1
		played, stored := map[string]int{}, map[spin]int{}
		for _, e := range all.raw {
			if e.Source == source {
				played[e.title()]++
				stored[e.spin()]++
			}
		}
		for play, times := range stored {
			if times != 1 {
				t.Errorf("%s is %d times at the sync node", play, times)
			}
		}
		acknowledged := map[string]int{}
		for _, title := range logged(t, source) {
			acknowledged[title]++
		}
		for title, times := range acknowledged {
			if played[title] < times {
				t.Errorf("%s of engine %d was acknowledged %d times and is %d times at the sync node", title, source, times, played[title])
			}
		}
		own, err := list[entry](t.Context(), "http://"+h.address+engineHost, "/playlog?limit=1000")
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]int{}
		for _, e := range own {
			kept[e.title()]++
		}
		if !maps.Equal(kept, played) {
			t.Errorf("source %d: %d titles on its host, %d at the sync node", source, len(kept), len(played))
		}
		t.Logf("engine %d: %d titles acknowledged, %d at the sync node", source, len(logged(t, source)), len(stored))
	}
	var c complaints
	all.judgeOnAir(&c)
	if err := c.err(); err != nil {
		t.Error(err)
	}
	sources := map[int]int{}
	for _, e := range all.onAir {
		sources[e.Source]++
	}
	if sources[1] == 0 || sources[2] == 0 || len(all.activations) < 3 {
		t.Errorf("on air were, by source, %v titles after %d switches", sources, len(all.activations))
	}
	t.Log(lastLine(d.sync.sh(t, readmeAudit(t))))
}

// readmeAudit is the command by which the README audits.
func readmeAudit(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile(os.Getenv(insideLab) + "/release/README.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^sudo (systemd-run [^\n]*\\\n[^\n]* sync-node audit)$`).FindSubmatch(readme)
	if command == nil {
		t.Fatal("the README does not say how to audit")
	}
	return string(command[1])
}

func (e entry) title() string { return e.Start.Format("15:04:05") + "  " + e.Title }

func logOf(source int) string { return fmt.Sprintf("engine-%d.log", source) }

var acknowledgement = regexp.MustCompile(`(?m)^\w{3} (\d\d:\d\d:\d\d)  .* – (.*)  \[\S+, [^]]*\]$`)

// logged are the titles that an engine has logged, as far as they were
// acknowledged, in order.
func logged(t *testing.T, source int) []string {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(os.Getenv(insideLab), "release", logOf(source)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var titles []string
	for _, line := range acknowledgement.FindAllSubmatch(log, -1) {
		titles = append(titles, string(line[1])+"  "+string(line[2]))
	}
	return titles
}

// arrives returns when what an engine logged last by now is at the sync node.
func (d *deployment) arrives(t *testing.T, source int) {
	t.Helper()
	want := ""
	eventually(t, func() error {
		titles := logged(t, source)
		if len(titles) == 0 {
			return fmt.Errorf("engine %d logged nothing", source)
		}
		if want == "" {
			want = titles[len(titles)-1]
		}
		var entries []entry
		if _, err := read(t.Context(), "http://"+d.sync.address+syncHost+"/api/v1/playlog?source=all&limit=200", &entries); err != nil {
			return err
		}
		for _, e := range entries {
			if e.Source == source && e.title() == want {
				return nil
			}
		}
		return fmt.Errorf("%s of engine %d is not at the sync node", want, source)
	})
}

// onAirOf counts which of a source's titles are in the on-air log.
func (d *deployment) onAirOf(t *testing.T, source int, titles []string) int {
	t.Helper()
	entries, err := list[entry](t.Context(), "http://"+d.sync.address+syncHost, "/playlog?limit=1000")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, e := range entries {
		known[e.title()] = known[e.title()] || e.Source == source
	}
	n := 0
	for _, title := range titles {
		if known[title] {
			n++
		}
	}
	return n
}

// awaitOnAir returns when the website reads that a title of that source is on
// air, which began after the call.
func (d *deployment) awaitOnAir(t *testing.T, source int) {
	t.Helper()
	began := time.Now()
	eventually(t, func() error {
		status, answer, err := call(t.Context(), http.MethodGet, "http://"+d.sync.address+syncHost+"/api/v1/trackservice/current", "")
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("nothing is on air: %d %s", status, answer)
		}
		var current entry
		if err := json.Unmarshal([]byte(answer), &current); err != nil {
			return err
		}
		if current.Source != source || current.Start.Before(began) {
			return fmt.Errorf("on air is %s", answer)
		}
		return nil
	})
}
