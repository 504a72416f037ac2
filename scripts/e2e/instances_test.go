package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestInstances has two programmes on one host, which is host 1 and host 3 of both
// stations. Both are set up with the lines of the handbook. Nothing that happens to
// one of them is noticed by the other.
func TestInstances(t *testing.T) {
	if !onHost(t, func() map[string]string {
		return map[string]string{".build/packages": packages(t), "next": built(t, nextPackages), "deploy": filepath.Join(tree, "deploy")}
	}) {
		return
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := exec.Command("sh", "-c", "systemctl --no-pager --failed; journalctl --no-pager -u 'engine-api*' -u 'sync-node*' -u 'status-monitor*' | grep -v level.:.info").CombinedOutput()
			t.Logf("%s", out)
		}
	})
	p := newProgrammes(t)
	for _, s := range []story{
		{"SetUp", p.setUp},
		{"Plays", p.play},
		{"Sandbox", p.sandbox},
		{"Apart", p.apart},
		{"Heartbeats", p.heartbeats},
		{"Proxies", p.behindProxies},
		{"Restart", p.restart},
		{"Upgrade", p.upgrade},
		{"Blocked", p.blocked},
		{"GivenUp", p.givenUp},
		{"Remove", p.remove},
		{"Purge", p.purge},
	} {
		if !t.Run(s.name, s.run) {
			return
		}
	}
}

// programme is one of the programmes of the station.
type programme struct {
	path, name         string // below the proxy, and of its instances; "" of the first
	title              string // what it plays
	engineAPI, station string // URLs
}

// unit is that of a service.
func (p programme) unit(service string) string {
	if p.name == "" {
		return service
	}
	return service + "@" + p.name
}

// user is that of a service, and what its folders are called.
func (p programme) user(service string) string {
	return strings.TrimSuffix("aura-"+service+"-"+p.name, "-")
}

// programmes are what the story is about.
type programmes struct {
	book    document
	fm, web programme
}

func newProgrammes(t *testing.T) *programmes {
	return &programmes{
		book: openDocument(t, handbook),
		fm:   programme{"fm", "", "On FM", hostURL, "http://127.0.0.1:8010"},
		web:  programme{"web", "web", "On the Web", "http://127.0.0.1:8018", "http://127.0.0.1:8020"},
	}
}

func (p *programmes) both() []programme { return []programme{p.fm, p.web} }

// lines are those of the handbook for some host, for root.
func (p *programmes) lines(t *testing.T, where string) []string {
	t.Helper()
	block := p.book.find(t, "(?s)```sh\n# on "+where+"\n(.*?)```")[0]
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(block, "sudo ", "")), "\n")
}

// setUp installs the packages, and sets both stations up.
func (p *programmes) setUp(t *testing.T) {
	mustSh(t, "ip addr add 192.0.2.1/32 dev lo && ip addr add 192.0.2.3/32 dev lo")
	dpkg(t, ".build/packages/*.deb")
	for _, suffix := range []string{"", ", for web"} {
		var invited string
		for _, line := range p.lines(t, "host 3"+suffix) {
			out := mustSh(t, line)
			t.Logf("%s\n%s", line, invitation.ReplaceAllString(out, "<the line>"))
			if strings.Contains(line, "invite node-1") {
				invited = invitation.FindString(out)
			}
		}
		for _, line := range p.lines(t, "hosts 1 and 2"+suffix) {
			if strings.Contains(line, " check") {
				patience.Await(t, func() error { return tried(line) })
				continue
			}
			t.Logf("%s\n%s", line, mustSh(t, "echo "+invited+" | "+line))
		}
	}
	for _, of := range p.both() {
		awaitReady(t, of.engineAPI, nil)
		awaitReady(t, of.station, nil)
	}
	if said := mustSh(t, "engine-api check --instance web"); !strings.Contains(said, "the sync node reaches http://192.0.2.1:8018") || !strings.Contains(said, "engine-api-web.env") {
		t.Errorf("check says\n%s", said)
	}
}

// tried runs a command that may fail.
func tried(command string) error {
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return nil
}

// play: what an engine plays is at its own station, and nowhere else.
func (p *programmes) play(t *testing.T) {
	for _, of := range p.both() {
		for i := range 3 { // the newest plays now
			mustCall(t, http.MethodPost, of.engineAPI+"/api/v1/playlog", play(t, of.title, time.Now().Add(-time.Duration(i)*time.Minute)), http.StatusNoContent)
		}
	}
	p.isThere(t, p.fm, p.fm.title, 3)
	p.isThere(t, p.web, p.web.title, 3)
}

// isThere returns when a programme has a title so many times at its engine's host and
// at its sync node. It has no title of the other programme.
func (p *programmes) isThere(t *testing.T, of programme, title string, want int) {
	t.Helper()
	for _, at := range []string{of.engineAPI, of.station} {
		awaitReady(t, at, nil)
		patience.Await(t, func() error {
			found := titles(t, at)
			if found[title] != want {
				return fmt.Errorf("%s has %v", at, found)
			}
			for _, other := range p.both() {
				if other.path != of.path && found[other.title] > 0 {
					t.Errorf("%s of %s has %v", at, of.path, found)
				}
			}
			return nil
		})
	}
}

// sandbox: instances are as exposed as the only one, and are users of their own.
func (p *programmes) sandbox(t *testing.T) {
	for _, service := range []string{"engine-api", "sync-node", "status-monitor"} {
		for _, unit := range []string{service + "@web.service", service + "-backup@web.service"} {
			mustSh(t, "systemd-analyze verify "+unit)
			t.Log(lastLine(mustSh(t, "systemd-analyze security --no-pager --threshold=15 "+unit)))
		}
		if got := strings.TrimSpace(mustSh(t, "ps -o user:40= -p $(systemctl show -P MainPID "+service+"@web)")); got != "aura-"+service+"-web" {
			t.Errorf("%s@web runs as %s", service, got)
		}
	}
	mustSh(t, "systemctl start engine-api-backup@web")
	if made := mustSh(t, "ls /var/lib/aura-engine-api-web/backups"); !strings.HasPrefix(made, "engine-api-1-") {
		t.Errorf("backups: %s", made)
	}
	if got := strings.TrimSpace(mustSh(t, "systemctl is-enabled engine-api-backup@web.timer")); got != "enabled" {
		t.Errorf("the timer is %s", got)
	}
	for command, want := range map[string]string{
		"systemctl start engine-api@nobody":                                                         "engine-api@nobody.service",
		"aura-engine-api --instance nobody version":                                                 "there is no instance nobody",
		"aura-engine-api --instance '../engine-api' version":                                        "there is no instance",
		"aura-engine-api --instance web restore backups/$(ls /var/lib/aura-engine-api-web/backups)": "systemctl stop engine-api@web",
	} {
		if err := tried(command); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
	}
	mustSh(t, "test ! -e /var/lib/aura-engine-api-nobody")
	// Commands that call the running service find that of the instance.
	if said := mustSh(t, "aura-engine-api --instance web correct void --title '"+p.web.title+"' --from 2000-01-01 --to 2100-01-01 --reason test --dry-run"); !strings.Contains(said, "would be corrected: 3") {
		t.Errorf("the instance's engine-api has other titles: %s", said)
	}
}

// apart: neither programme reads what the other stores, or its secrets.
func (p *programmes) apart(t *testing.T) {
	for _, service := range []string{"engine-api", "sync-node"} {
		for own, other := range map[programme]programme{p.fm: p.web, p.web: p.fm} {
			state, configuration := "/var/lib/"+other.user(service), "/etc/aura/"+strings.TrimPrefix(other.user(service), "aura-")
			for _, file := range []string{state + "/" + service + ".db", configuration + ".env", configuration + "/api-tokens", configuration + "/sync-token"} {
				mustSh(t, "test -s "+file)
				if err := tried("runuser -u " + own.user(service) + " -- cat " + file); err == nil || !strings.Contains(err.Error(), "Permission denied") {
					t.Errorf("%s reads %s: %v", own.unit(service), file, err)
				}
				mustSh(t, "runuser -u "+other.user(service)+" -- cat "+file+" >/dev/null")
			}
			if err := tried("runuser -u " + own.user(service) + " -- ls " + state); err == nil {
				t.Errorf("%s lists %s", own.unit(service), state)
			}
		}
	}
}

// processes are those of a programme.
func (p *programmes) processes(t *testing.T, of programme) string {
	t.Helper()
	return strings.TrimSpace(mustSh(t, "systemctl show -P MainPID "+of.unit("engine-api")+" "+of.unit("sync-node")+" "+of.unit("status-monitor")))
}

// heartbeats: with them, web is set up again. They arrive at its own monitor.
func (p *programmes) heartbeats(t *testing.T) {
	mustSh(t, "sync-node setup --instance web --heartbeats yes && sync-node invite monitor --instance web | status-monitor setup --instance web --join -")
	said := mustSh(t, "sync-node invite node-1 --instance web | engine-api setup --instance web --join -")
	port := regexp.MustCompile(`heartbeat_port="(\d+)"`).FindStringSubmatch(said)
	if port == nil || port[1] == "43334" {
		t.Fatalf("setup says\n%s", said)
	}
	mustSh(t, "systemctl restart sync-node@web status-monitor@web engine-api@web")
	conn, err := net.Dial("udp", "127.0.0.1:"+port[1])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	beats := func(wrapper string) int {
		var sees sight // its exit code only says whether all is well
		if err := json.Unmarshal([]byte(mustSh(t, wrapper+" status --json || test $? -lt 3")), &sees); err != nil {
			t.Fatal(err)
		}
		return sees.source(1).Heartbeats
	}
	awaitReady(t, "http://127.0.0.1:8021", nil)
	patience.Await(t, func() error {
		_, err := conn.Write([]byte{0}) // nobody listens until the engine-api does
		if got := beats("aura-status-monitor --instance web"); got == 0 {
			return errors.Join(errors.New("the monitor of web heard nothing"), err)
		}
		return nil
	})
	if got := beats("aura-status-monitor"); got > 0 {
		t.Errorf("the monitor of FM heard %d", got)
	}
}
