package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// TestSystemd boots a host with a real systemd. It installs engine-api as the
// handbook says, and then goes through what can happen to a host.
func TestSystemd(t *testing.T) {
	if onHost(t, func() map[string]string {
		return map[string]string{"deploy": filepath.Join(tree, "deploy"), ".build/packages": packages(t)}
	}) {
		liveOnHost(t)
	}
}

const (
	hostURL = "http://127.0.0.1:8008"
	unit    = "engine-api"
)

// liveOnHost is one story; its parts run in order.
func liveOnHost(t *testing.T) {
	t.Cleanup(func() {
		if t.Failed() {
			// The exit code of systemctl only tells the unit's state.
			out, _ := exec.Command("sh", "-c", "systemctl status --no-pager --full "+unit+"; journalctl --no-pager -n 50 -u "+unit).CombinedOutput()
			t.Logf("%s", out)
		}
	})
	for _, s := range []story{
		{"Install", install},
		{"Sandbox", sandbox},
		{"Reload", reload},
		{"Kill", kill},
		{"Watchdog", watchdog},
		{"Stop", stop},
		{"Restore", restore},
		{"WrongConfiguration", wrongConfiguration},
	} {
		if !t.Run(s.name, s.run) {
			return
		}
	}
}

const survivor = "Fade Into You"

// install runs the handbook's commands and logs a title.
func install(t *testing.T) {
	for _, line := range openDocument(t, handbook).commands(t, "Install on a host") {
		if line == "make packages" || strings.HasPrefix(line, "sudoedit") {
			continue // they are built already, and the example is a configuration that works
		}
		mustSh(t, asRoot(line))
	}
	awaitReady(t, hostURL, nil) // the unit is started before the database is prepared
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, survivor, time.Now()), http.StatusNoContent)
	mustSurvive(t)
}

// sandbox checks what systemd says about the unit, and the state of the process.
func sandbox(t *testing.T) {
	mustSh(t, "systemd-analyze verify "+unit+".service")
	t.Log(lastLine(mustSh(t, "systemd-analyze security --no-pager --threshold=15 "+unit)))
	status, err := os.ReadFile("/proc/" + mainPID(t) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Uid:\t[1-9]`, `NoNewPrivs:\t1`, `Seccomp:\t2`, `CapEff:\t0+\n`} {
		if !regexp.MustCompile(want).Match(status) {
			t.Errorf("status of the process lacks %s:\n%s", want, status)
		}
	}
}

// reload has the process read its secrets again. It is the same process after
// that, and if it crashed, no secret would be written to the disk.
func reload(t *testing.T) {
	before := mainPID(t)
	mustSh(t, "systemctl reload "+unit)
	mustSurvive(t)
	if after := mainPID(t); after != before {
		t.Errorf("process %s became process %s", before, after)
	}
	if got := show(t, "LimitCORE"); got != "0" {
		t.Errorf("core files may have %s bytes", got)
	}
}

// kill ends the process at once. systemd brings it back, and the title is still
// there.
func kill(t *testing.T) {
	before := signalMain(t, syscall.SIGKILL)
	awaitRestart(t, before)
	mustSurvive(t)
}

// signalMain sends a signal to the unit's main process, and returns its number.
func signalMain(t *testing.T, signal syscall.Signal) (process string) {
	t.Helper()
	process = mainPID(t)
	pid, err := strconv.Atoi(process)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
	return process
}

// watchdog stops the process without ending it, as a deadlock would.
func watchdog(t *testing.T) {
	mustSh(t, "mkdir -p /run/systemd/system/engine-api.service.d && "+
		"printf '[Service]\\nWatchdogSec=5s\\n' >/run/systemd/system/engine-api.service.d/quick.conf && "+
		"systemctl daemon-reload && systemctl restart "+unit)
	before := signalMain(t, syscall.SIGSTOP)
	awaitRestart(t, before)
	mustSurvive(t)
}

// stop checks that a stop is graceful, ends within the time that the unit allows,
// and loses nothing.
func stop(t *testing.T) {
	mustSh(t, "systemctl stop "+unit)
	if got := show(t, "ActiveState", "Result", "ExecMainStatus"); got != "inactive success 0" {
		t.Errorf("after the stop: %s", got)
	}
	mustSh(t, "systemctl start "+unit)
	mustSurvive(t)
}

// restore makes a backup and restores it as the handbook says, after a crash that
// left more than the database file behind.
func restore(t *testing.T) {
	book := openDocument(t, handbook)
	for _, line := range book.commands(t, "Backup and restore") { // the service goes on meanwhile
		mustSh(t, asRoot(line))
	}
	t.Log(lastLine(mustSh(t, "systemd-analyze security --no-pager --threshold=15 engine-api-backup")))
	mustSh(t, "systemd-analyze verify engine-api-backup.timer")
	if said := mustSh(t, "journalctl --no-pager -u engine-api-backup"); !strings.Contains(said, "plays: 1, the newest of") {
		t.Errorf("the backup says\n%s", said)
	}
	const later = "Of What Is Lost"
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, later, time.Now().Add(-time.Hour)), http.StatusNoContent)
	signalMain(t, syscall.SIGKILL)
	made := strings.TrimSpace(mustSh(t, "ls /var/lib/aura-engine-api/backups"))
	for _, line := range book.commands(t, "Restore a backup") {
		mustSh(t, regexp.MustCompile(`backups/\S+`).ReplaceAllString(asRoot(line), "backups/"+made))
	}
	mustSurvive(t)
	if titles(t, hostURL)[later] != 0 {
		t.Error("what came after the backup was mixed into it")
	}
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, later, time.Now().Add(-time.Hour)), http.StatusNoContent)
	restoreFromElsewhere(t, book.blocks(t, "Restore a backup")[1], made)
}

// restoreFromElsewhere takes a backup that root copied from another place: the service's
// user can't read it until root lets it.
func restoreFromElsewhere(t *testing.T, lines []string, made string) {
	t.Helper()
	mustSh(t, "cp -r /var/lib/aura-engine-api/backups/"+made+" /root/")
	for _, line := range lines {
		line = regexp.MustCompile(`engine-api-1-\S+Z`).ReplaceAllString(asRoot(line), "/root/"+made)
		if strings.HasPrefix(line, "cp ") {
			if err := tried("aura-engine-api restore /root/" + made); err == nil || !strings.Contains(err.Error(), "copy it into /var/lib/aura-engine-api, and give it to the user") {
				t.Errorf("restore from where the service's user can't read: %v", err)
			}
		}
		mustSh(t, line)
	}
	mustSurvive(t)
}

// wrongConfiguration: a restart cannot mend a wrong configuration, so systemd does
// not restart.
func wrongConfiguration(t *testing.T) {
	mustSh(t, "echo AURA_HOST_ID=none >>/etc/aura/engine-api.env")
	if out, err := exec.Command("systemctl", "restart", unit).CombinedOutput(); err == nil {
		t.Errorf("started with a wrong configuration: %s", out)
	}
	if got := show(t, "ActiveState", "ExecMainStatus"); got != "failed 78" {
		t.Errorf("with a wrong configuration: %s, want failed 78", got)
	}
	if log := mustSh(t, "journalctl --no-pager -u "+unit+" -n 20"); !strings.Contains(log, "AURA_HOST_ID") {
		t.Errorf("the journal does not name the mistake:\n%s", log)
	}
}

func mustSurvive(t *testing.T) {
	t.Helper()
	awaitReady(t, hostURL, nil) // it takes plays at once, and answers when the database is prepared
	current := mustCall(t, http.MethodGet, hostURL+"/api/v1/trackservice/current", "", http.StatusOK)
	if !strings.Contains(current, survivor) || titles(t, hostURL)[survivor] != 1 {
		t.Errorf("%s, current is %s", survivor, current)
	}
}

// awaitRestart returns when a process other than before is ready.
func awaitRestart(t *testing.T, before string) {
	t.Helper()
	patience.Within(t, startTimeout(), func() error {
		if pid, state := mainPID(t), show(t, "ActiveState"); pid == before || pid == "0" || state != "active" {
			return fmt.Errorf("no restart: process %s, before it was %s, the unit is %s", pid, before, state)
		}
		return nil
	})
	awaitReady(t, hostURL, nil)
}

func mainPID(t *testing.T) string { return show(t, "MainPID") }

// show returns the values of the unit's properties, in the given order.
func show(t *testing.T, properties ...string) string {
	t.Helper()
	var values []string
	for _, p := range properties {
		values = append(values, strings.TrimSpace(mustSh(t, "systemctl show -P "+p+" "+unit)))
	}
	return strings.Join(values, " ")
}

func mustSh(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Env = environment() // the services would report the test's own variables as mistakes
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
