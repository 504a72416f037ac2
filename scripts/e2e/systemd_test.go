package e2e

import (
	"context"
	"errors"
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

// insideHost is set if this test binary runs on the host that TestSystemd booted.
const insideHost = "E2E_INSIDE_HOST"

// hostTimeout bounds everything that happens on the host.
func hostTimeout() time.Duration { return patience.Stretch(10 * time.Minute) }

// TestSystemd boots a host with a real systemd and runs itself there. It installs
// engine-api as the handbook says, and then goes through what can happen to a
// host.
func TestSystemd(t *testing.T) {
	if os.Getenv(insideHost) != "" {
		liveOnHost(t)
		return
	}
	t.Parallel()
	if err := canBoot(); err != nil {
		if os.Getenv("AURA_TEST_REQUIRE_SYSTEMD") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	shared := filepath.Join(dir, "shared")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The contents of a release, and the test.
	copyTo(t, shared, map[string]string{
		".build/engine-api": filepath.Join(bin, "engine-api"),
		"deploy":            filepath.Join(tree, "deploy"),
		"e2e.test":          self,
	})
	script := fmt.Sprintf("#!/bin/sh\ncd /shared\n%s=1 %s=%s ./e2e.test -test.run '^TestSystemd$' -test.v -test.timeout %s && touch passed\n",
		insideHost, patience.Variable, os.Getenv(patience.Variable), hostTimeout())
	if err := os.WriteFile(filepath.Join(shared, "script"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), hostTimeout())
	defer cancel()
	console, err := exec.CommandContext(ctx, "./host.sh", dir).CombinedOutput()
	log, logErr := os.ReadFile(filepath.Join(shared, "log"))
	t.Logf("%s", log)
	if _, passed := os.Stat(filepath.Join(shared, "passed")); passed != nil {
		t.Errorf("the test inside the host failed (%v, log %v); its console:\n%s", err, logErr, console)
	}
}

func canBoot() error {
	if os.Geteuid() != 0 {
		return errors.New("booting a systemd in namespaces needs root")
	}
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		return errors.New("no systemd on this machine")
	}
	if out, err := exec.Command("unshare", "--pid", "--mount", "--cgroup", "--net", "--fork",
		"mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		return fmt.Errorf("namespaces are not allowed here: %s", out)
	}
	return nil
}

const (
	hostURL  = "http://127.0.0.1:8008"
	unit     = "engine-api"
	unitFile = "/etc/systemd/system/engine-api.service"
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
	stories := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Install", install},
		{"Sandbox", sandbox},
		{"Kill", kill},
		{"Watchdog", watchdog},
		{"Stop", stop},
		{"Restore", restore},
		{"WrongConfiguration", wrongConfiguration},
	}
	for _, s := range stories {
		if !t.Run(s.name, s.run) {
			return
		}
	}
}

const survivor = "Fade Into You"

// install runs the handbook's commands and logs a title.
func install(t *testing.T) {
	for _, line := range openDocument(t, handbook).commands(t, "Install on a host") {
		if line == "make build" || strings.HasPrefix(line, "sudoedit") {
			continue // it is built already, and the example is a configuration that works
		}
		mustSh(t, strings.ReplaceAll(line, "sudo ", ""))
	}
	awaitReady(t, hostURL, nil) // the unit is started before the database is prepared
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, survivor, time.Now()), http.StatusNoContent)
	mustSurvive(t)
}

// sandbox checks what systemd says about the unit, and the state of the process.
func sandbox(t *testing.T) {
	mustSh(t, "systemd-analyze verify "+unitFile)
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

// kill ends the process at once. systemd brings it back, and the title is still
// there.
func kill(t *testing.T) {
	before := mainPID(t)
	pid, err := strconv.Atoi(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitRestart(t, before)
	mustSurvive(t)
}

// watchdog stops the process without ending it, as a deadlock would.
func watchdog(t *testing.T) {
	mustSh(t, "mkdir -p /run/systemd/system/engine-api.service.d && "+
		"printf '[Service]\\nWatchdogSec=5s\\n' >/run/systemd/system/engine-api.service.d/quick.conf && "+
		"systemctl daemon-reload && systemctl restart "+unit)
	before := mainPID(t)
	pid, err := strconv.Atoi(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
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
	mustSh(t, script(book.commands(t, "Backup and restore"))) // the service goes on meanwhile
	t.Log(lastLine(mustSh(t, "systemd-analyze security --no-pager --threshold=15 engine-api-backup")))
	mustSh(t, "systemd-analyze verify /etc/systemd/system/engine-api-backup.timer")
	if said := mustSh(t, "journalctl --no-pager -u engine-api-backup"); !strings.Contains(said, "plays: 1, the newest of") {
		t.Errorf("the backup says\n%s", said)
	}
	const later = "Of What Is Lost"
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, later, time.Now().Add(-time.Hour)), http.StatusNoContent)
	mustSh(t, "systemctl kill --signal=KILL "+unit)
	mustSh(t, "systemctl start dbus.socket") // for systemd-run
	made := strings.TrimSpace(mustSh(t, "ls -d /var/lib/aura/backups/engine-api-1-*"))
	mustSh(t, regexp.MustCompile(`/var/lib/aura/backups/\S+`).ReplaceAllString(script(book.commands(t, "Restore a backup")), made))
	mustSurvive(t)
	if titles(t, hostURL)[later] != 0 {
		t.Error("what came after the backup was mixed into it")
	}
	mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", play(t, later, time.Now().Add(-time.Hour)), http.StatusNoContent)
}

// script runs commands of the handbook as root, until one fails.
func script(lines []string) string {
	return "set -e\n" + strings.ReplaceAll(strings.Join(lines, "\n"), "sudo ", "")
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
