package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"aura.radio/engine/pkg/patience"
)

// containers is a container engine of the test's own, with its registry, in the
// lab.
type containers struct {
	kind string // docker or podman: the program
	dir  string
	env  []string
}

// canContain says why containers can't run here.
func canContain(kind string) error {
	if err := canBoot(); err != nil {
		return err
	}
	if out, err := exec.Command(filepath.Join(tree, "scripts/install-deps.sh"), kind).CombinedOutput(); err != nil {
		return fmt.Errorf("%s can't be installed: %w: %s", kind, err, lastLine(string(out)))
	}
	return nil
}

// rootless is the kind of an engine that is Podman of an ordinary user.
const rootless = "rootless"

// startContainers returns when the engine answers.
func startContainers(t *testing.T, kind string) *containers {
	t.Helper()
	mustSh(t, "ip link set lo up")
	program := kind
	if kind == rootless {
		program = "podman"
		if err := os.Chmod(filepath.Dir(os.Getenv(insideLab)), 0o711); err != nil { // its user passes through
			t.Fatal(err)
		}
	}
	c := &containers{kind: program, dir: filepath.Join(os.Getenv(insideLab), kind)}
	client := filepath.Join(c.dir, "client") // nobody's passwords, and Podman wants the file
	if err := os.MkdirAll(client, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(client, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(c.dir, "socket")
	// Debian's client of Docker comes first: it is of the same version as its engine.
	t.Setenv("PATH", "/usr/bin:"+os.Getenv("PATH"))
	c.env = environment("ENGINE="+program, "DOCKER_HOST=unix://"+socket, "DOCKER_CONFIG="+client)
	if program == "podman" {
		c.env = append(c.env, "CONTAINER_HOST=unix://"+socket)
	}
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("./containers.sh", kind, c.dir)
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the log tells how it ended
		close(gone)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		patience.Receive(t, kind+" ends", gone)
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the end of the log of %s:\n%s", kind, text[max(0, len(text)-4000):])
		}
	})
	for _, address := range []struct{ network, address string }{{"unix", socket}, {"tcp", "127.0.0.1:5000"}} {
		await(t, gone, func() bool {
			conn, err := net.DialTimeout(address.network, address.address, patience.Limit())
			if err != nil {
				return false
			}
			return conn.Close() == nil
		})
	}
	return c
}

// command is a program that talks to the engine, in the tree.
func (c *containers) command(ctx context.Context, env []string, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = tree, append(append([]string{}, c.env...), env...)
	return cmd
}

// try runs a program that talks to the engine, in the tree.
func (c *containers) try(ctx context.Context, env []string, program string, args ...string) (string, error) {
	out, err := c.command(ctx, env, program, args...).CombinedOutput()
	return string(out), err
}

// run is try for what must succeed.
func (c *containers) run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	out, err := c.try(t.Context(), env, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

// sh runs the engine's own program.
func (c *containers) sh(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(c.run(t, nil, c.kind, args...))
}

// status runs the engine's own program, and returns its exit code.
func (c *containers) status(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	out, err := c.try(t.Context(), nil, c.kind, args...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out
	} else if err != nil {
		t.Fatal(err)
	}
	return 0, out
}

// healthy returns when the image's own health check says so. Podman asks it only
// if somebody tells it to, because there are no timers of systemd here.
func (c *containers) healthy(t *testing.T, container string) {
	t.Helper()
	patience.Within(t, startTimeout(), func() error {
		if c.kind == "podman" {
			out, err := c.try(t.Context(), nil, "podman", "healthcheck", "run", container)
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}
		state, err := c.try(t.Context(), nil, c.kind, "inspect", "--format", "{{.State.Health.Status}}", container)
		if state = strings.TrimSpace(state); err != nil || state != "healthy" {
			return fmt.Errorf("%s is %s", container, state)
		}
		return nil
	})
}

// process is the number of the container's first process, outside.
func (c *containers) process(t *testing.T, container string) int {
	t.Helper()
	pid, err := strconv.Atoi(c.sh(t, "inspect", "--format", "{{.State.Pid}}", container))
	if err != nil || pid == 0 {
		t.Fatalf("%s does not run: %d %v", container, pid, err)
	}
	return pid
}

// processStatus is what the kernel says of a process, by name.
func processStatus(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.Join(strings.Fields(value), " ")
	}
	return status
}

// memoryOf is what a process takes, for figures in a test's log. The part that is of
// files, such as the program itself, the kernel may take back.
func memoryOf(status map[string]string) string {
	return fmt.Sprintf("%s, of files %s", status["VmRSS"], status["RssFile"])
}

// since is for figures in a test's log.
func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }
