package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// insideHost is set if this test binary runs on a host that a test booted.
const insideHost = "E2E_INSIDE_HOST"

// hostTimeout bounds everything that happens on the host.
func hostTimeout() time.Duration { return patience.Stretch(10 * time.Minute) }

// story is a part of what happens on a host. The parts run in order.
type story struct {
	name string
	run  func(t *testing.T)
}

// onHost boots a host with a real systemd and runs the test again there, where it
// returns true. release is what the host finds in /shared, by its names there.
func onHost(t *testing.T, release func() map[string]string) bool {
	t.Helper()
	if os.Getenv(insideHost) != "" {
		return true
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
	copyTo(t, shared, release())
	copyTo(t, shared, map[string]string{"e2e.test": self})
	script := fmt.Sprintf("#!/bin/sh\ncd /shared\n%s=1 %s=%s ./e2e.test -test.run '^%s$' -test.v -test.timeout %s && touch passed\n",
		insideHost, patience.Variable, os.Getenv(patience.Variable), t.Name(), hostTimeout())
	if err := os.WriteFile(filepath.Join(shared, "script"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), hostTimeout())
	defer cancel()
	console, err := runHost(t, exec.CommandContext(ctx, "./host.sh", dir))
	log, logErr := os.ReadFile(filepath.Join(shared, "log"))
	t.Logf("%s", log)
	if _, passed := os.Stat(filepath.Join(shared, "passed")); passed != nil {
		t.Errorf("the test inside the host failed (%v, log %v); its console:\n%s", err, logErr, console)
	}
	return false
}

// runHost runs a host until it is shut down, and returns what its console shows.
func runHost(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	parent, err := ownCgroup()
	if err != nil {
		t.Fatal(err)
	}
	group := newCgroup(t, parent, "aura-host")
	defer group.remove()
	var console bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, &console
	if err := group.start(cmd); err != nil {
		return "", err
	}
	err = cmd.Wait()
	return console.String(), err
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

// builtPackages are the packages of this tree, for this machine, made once out of the
// programs under test.
var builtPackages = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(bin, "packages")
	return dir, buildPackages(tree, dir, []string{"PROGRAMS=" + bin}, services...)
})

// nextPackages are the packages of an upgrade.
var nextPackages = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(bin, "next")
	return dir, buildPackages(tree, dir, []string{"VERSION=" + nextVersion}, "engine-api", "sync-node")
})

// packages returns the folder with the packages of this tree.
func packages(t *testing.T) string {
	t.Helper()
	return built(t, builtPackages)
}

// built returns the path of what is built once.
func built(t *testing.T, once func() (string, error)) string {
	t.Helper()
	path, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// buildPackages builds packages for this machine out of the sources in from.
func buildPackages(from, dir string, env []string, services ...string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	build := exec.Command("scripts/packages.sh", append([]string{dir, runtime.GOARCH}, services...)...)
	build.Dir, build.Env = from, environment(env...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("packages: %w\n%s", err, out)
	}
	return nil
}

// dpkgInstall installs packages as apt does, in a sixth of the time: apt reads the
// lists of all packages. What is configured stays.
const dpkgInstall = "dpkg --force-confold --install "

// asRoot is a command of a document, for root.
func asRoot(command string) string {
	return strings.Replace(strings.ReplaceAll(command, "sudo ", ""), "apt install ", dpkgInstall, 1)
}
