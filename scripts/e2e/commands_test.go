package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aura.radio/engine/pkg/patience"
)

// TestCommands executes the commands of all documents as they stand there, on a host
// with all three services. What it can't execute is in a list, with the reason.
func TestCommands(t *testing.T) {
	if !onHost(t, func() map[string]string {
		release := map[string]string{".build/packages": packages(t)}
		for _, file := range documents(t) {
			release[file] = filepath.Join(tree, file)
		}
		return release
	}) {
		return
	}
	stationOnOneHost(t)
	dir := t.TempDir()
	executed := map[string]bool{}
	for _, i := range instructions(t) {
		switch {
		case i.isNamed():
			i.isExplained(t)
		case i.isHere() && !executed[i.text]:
			executed[i.text] = true
			i.execute(t, dir)
		}
	}
	t.Logf("%d commands were executed", len(executed))
}

// stationOnOneHost installs all services and plays what the documents speak of.
func stationOnOneHost(t *testing.T) {
	t.Helper()
	mustSh(t, "mkdir /backup && "+dpkgInstall+".build/packages/*.deb")
	mustSh(t, `cd /etc/aura && echo AURA_SYNC_HOST=http://127.0.0.1:8010 >>engine-api.env && echo AURA_MAIN_HOST_1=http://127.0.0.1:8008 >>sync-node.env &&
		echo AURA_SOURCE_NAMES=1=A,2=B >>sync-node.env && printf 'AURA_SYNC_HOST=http://127.0.0.1:8010\nAURA_MAIN_HOST_1=http://127.0.0.1:8008\nAURA_SOURCE_1=127.0.0.1\n' >status-monitor.env &&
		systemctl restart engine-api sync-node status-monitor`)
	for _, port := range []string{"8008", "8010", "8011"} {
		awaitReady(t, "http://127.0.0.1:"+port, nil)
	}
	for _, show := range []string{"Test", "Nachtlich"} {
		mustCall(t, http.MethodPost, hostURL+"/api/v1/playlog", fmt.Sprintf(`{"trackStart": "2026-11-30T12:00:00", "trackTitle": "%[1]s", "showName": "%[1]s"}`, show), http.StatusNoContent)
	}
	mustCall(t, http.MethodPost, hostURL+"/api/v1/source/health/1", `{"is_healthy": true, "details": "{}"}`, http.StatusNoContent)
	mustCall(t, http.MethodPut, hostURL+"/api/v1/clock", `{"log_source": 1}`, http.StatusNoContent)
}

// execute runs a command as root, in a folder of the commands' own.
func (i instruction) execute(t *testing.T, dir string) {
	t.Helper()
	command := strings.ReplaceAll(i.text, "sudo ", "")
	switch {
	case strings.Contains(command, "curl -N "): // it never ends
		command = "timeout 5 " + command + ` | grep -m 1 ^event:`
	case strings.HasPrefix(command, "curl ") && !strings.Contains(command, " -f"):
		command = strings.Replace(command, "curl ", "curl -sS --fail-with-body ", 1)
	}
	patience.Await(t, func() error { // a service may have been started by the command before
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s\n%s: %w\n%s", i, command, err, out)
		}
		return err
	})
}

// isExplained asks the program for the help of a command, which must know every
// word and flag.
func (i instruction) isExplained(t *testing.T) {
	t.Helper()
	words := strings.Fields(i.text)
	path := []string{words[0]}
	for _, word := range words[1:] {
		if !regexp.MustCompile(`^[a-z][a-z-]*$`).MatchString(word) {
			break
		}
		path = append(path, word)
	}
	out, err := exec.CommandContext(t.Context(), path[0], append(path[1:], "--help")...).CombinedOutput()
	_, usage, _ := strings.Cut(string(out), "Usage:")
	usage, _, _ = strings.Cut(usage, "\n\n")
	for _, word := range path {
		if err != nil || !strings.Contains(usage, word) {
			t.Errorf("%s: %s is no command: %v\n%s", i, word, err, out)
		}
	}
	for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(i.text, -1) {
		if !regexp.MustCompile(flag + `\b`).Match(out) {
			t.Errorf("%s: there is no %s", i, flag)
		}
	}
}
